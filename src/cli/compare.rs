//! `wirecopy compare A B`: what two articles share.

use super::args::{Compare, OneFormat};
use super::{Exit, command_line, next, output_error, width, write_whole};
use crate::article::ArticleId;
use crate::error::Result;
use crate::input::read_one;
use crate::report::html::few::{Few, Named};
use crate::report::html::{self, Listed, Material, Pairs, Shown};
use crate::report::terminal::write_next;
use crate::report::{pairs, passages};
use crate::score::{Prepared, Side, compare};
use std::io::Write;

pub(super) fn run(arguments: &Compare) -> Result<Exit> {
    let config = arguments.config()?;
    let options = arguments.input();
    let texts = (read_one(&arguments.a, &options)?, read_one(&arguments.b, &options)?);
    let boilerplate = arguments.boilerplate()?;
    let cards = (texts.0.card, texts.1.card);
    let texts = (texts.0.text, texts.1.text);
    let prepared = |text: &str| Prepared::new(text, &config).marked(&boilerplate);
    let prepared = (prepared(&texts.0), prepared(&texts.1));
    let a = Side { text: &texts.0, prepared: &prepared.0 };
    let b = Side { text: &texts.1, prepared: &prepared.1 };
    let comparison = compare(a.prepared, b.prepared, &config);
    let names = (arguments.a.as_str(), arguments.b.as_str());
    if let Some(path) = &arguments.html {
        let named = |id: &str, card, side: Side<'_>| Named {
            id: id.to_owned(),
            card,
            words: side.prepared.spans().len() as u32,
        };
        // Two articles of one name would be one.
        let b_name = if names.0 == names.1 { format!("{} (B)", names.1) } else { names.1.to_owned() };
        let articles = Few(vec![named(names.0, cards.0, a), named(&b_name, cards.1, b)]);
        let material = Material {
            heading: "Two articles compared".to_owned(),
            command: Some(command_line()),
            articles: &articles,
            pairs: Pairs::Listed(vec![Listed::new(
                ArticleId(0),
                ArticleId(1),
                &comparison.overlap,
                comparison.relation,
            )]),
            groups: Vec::new(),
            // Both, however long they are.
            shown: Shown {
                pairs: vec![0],
                texts: [(ArticleId(0), texts.0.clone()), (ArticleId(1), texts.1.clone())].into(),
            },
            config: &config,
            known: &boilerplate,
            whole: None,
        };
        write_whole(path, arguments.force, |out| html::write(out, &material))?;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        OneFormat::Text => passages::write(&mut out, names, &comparison, a, b, width()).and_then(|()| {
            let instead = "--html FILE writes both texts side by side, to look at and to hand on";
            write_next(&mut out, &next(arguments.html.as_deref(), instead), width())
        }),
        OneFormat::Json => {
            let mut line = pairs::line(names, &comparison, a, b, arguments.passages.into());
            line.push(b'\n');
            out.write_all(&line)
        }
    }
    .and_then(|()| out.flush())
    .map_err(output_error)?;
    Ok(Exit::Done)
}

//! `wirecopy compare A B`: what two articles share.

use super::args::{Compare, OneFormat};
use super::{Exit, output_error, width};
use crate::error::Result;
use crate::input::read_one;
use crate::report::{pairs, passages};
use crate::score::{Prepared, Side, compare};
use std::io::Write;

pub(super) fn run(arguments: &Compare) -> Result<Exit> {
    let config = arguments.config()?;
    let options = arguments.input();
    let texts = (read_one(&arguments.a, &options)?, read_one(&arguments.b, &options)?);
    let boilerplate = arguments.boilerplate()?;
    let texts = (texts.0.text, texts.1.text);
    let prepared = |text: &str| Prepared::new(text, &config).marked(&boilerplate);
    let prepared = (prepared(&texts.0), prepared(&texts.1));
    let a = Side { text: &texts.0, prepared: &prepared.0 };
    let b = Side { text: &texts.1, prepared: &prepared.1 };
    let comparison = compare(a.prepared, b.prepared, &config);
    let names = (arguments.a.as_str(), arguments.b.as_str());
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        OneFormat::Text => passages::write(&mut out, names, &comparison, a, b, width()),
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

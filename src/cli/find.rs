//! `wirecopy find ARTICLE PATH...`: who shares passages with an article.

use super::args::{Find, OneFormat};
use super::progress::Bars;
use super::{Exit, command_line, log, output_error, width, write_whole};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{One, Plan, read_one};
use crate::pipeline::find::Search;
use crate::report::find::{Answers, Question, write_json, write_text};
use crate::report::html::few::{Few, Named};
use crate::report::html::{self, Listed, Material};
use crate::report::terminal::plural;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

pub(super) fn run(arguments: &Find) -> Result<Exit> {
    let config = arguments.config()?;
    let boilerplate = arguments.boilerplate()?;
    let options = arguments.input.options();
    let one = read_one(&arguments.article, &options)?;
    let search = Search::new(&one, arguments.passage, &config, &boilerplate).keeping_texts(arguments.html.is_some());
    if search.run() == 0 {
        return Err(Error::input("has no words").at(&arguments.article));
    }
    let plan = Plan::new(&arguments.paths, &[], &options)?;
    let bars = Bars::new(arguments.common.quiet);
    let found = search.run_over(plan, &options, &bars)?;
    bars.finish();
    log::skipped(&found.skipped, arguments.common.verbose);
    if found.articles == 0 {
        return Err(Error::input("nothing could be read"));
    }
    if let Some(path) = &arguments.html {
        write_page(path, &arguments.article, &one, &search, &found, (&config, &boilerplate))?;
    }
    let question = Question { name: &arguments.article, article: search.article(), run: search.run() };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        OneFormat::Text => write_text(&mut out, question, &found, arguments.top, width()),
        OneFormat::Json => write_json(&mut out, question, &found),
    }
    .and_then(|()| out.flush())
    .map_err(output_error)?;
    let tolerated = arguments.input.max_skipped.allows(found.skipped.len() as u64, found.articles);
    Ok(if tolerated { Exit::Done } else { Exit::Skipped })
}

/// Writes the page of the article and its answers.
fn write_page(
    path: &Path,
    name: &str,
    one: &One,
    search: &Search<'_>,
    found: &Answers,
    (config, known): (&Config, &Boilerplate),
) -> Result<()> {
    let words = search.article().prepared.spans().len() as u32;
    let mut articles = vec![Named { id: name.to_owned(), card: one.card.clone(), words }];
    let mut texts = BTreeMap::from([(ArticleId(0), one.text.clone())]);
    let mut pairs = Vec::new();
    for (answer, number) in found.answers.iter().zip(1..) {
        let article = ArticleId(number);
        articles.push(Named {
            id: answer.id.clone(),
            card: answer.card.clone(),
            words: answer.comparison.overlap.words_b,
        });
        let comparison = &answer.comparison;
        pairs.push(Listed::new(ArticleId(0), article, &comparison.overlap, comparison.relation));
        if let Some(text) = answer.text.as_ref().filter(|_| texts.len() <= html::PAIRS) {
            texts.insert(article, text.clone());
        }
    }
    let articles = Few(articles);
    let material = Material {
        heading: format!("Who shares {} with {name}", plural(search.run() as u64, "word")),
        command: Some(command_line()),
        articles: &articles,
        pairs,
        groups: Vec::new(),
        texts,
        config,
        known,
        whole: None,
    };
    write_whole(path, |out| html::write(out, &material))
}

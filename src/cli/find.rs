//! `wirecopy find ARTICLE PATH...`: who shares passages with an article.

use super::args::{Find, OneFormat};
use super::progress::Bars;
use super::{Exit, log, output_error, width};
use crate::error::{Error, Result};
use crate::input::{Plan, read_one};
use crate::pipeline::find::Search;
use crate::report::find::{Question, write_json, write_text};
use std::io::Write;

pub(super) fn run(arguments: &Find) -> Result<Exit> {
    let config = arguments.config()?;
    let boilerplate = arguments.boilerplate()?;
    let options = arguments.input.options();
    let one = read_one(&arguments.article, &options)?;
    let search = Search::new(&one, arguments.passage, &config, &boilerplate);
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

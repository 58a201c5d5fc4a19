//! `wirecopy explain ID ID PATH...`: why two articles are reported, or why they are not.

use super::args::Explain;
use super::progress::Bars;
use super::{Exit, check_input, log, needs, output_error, width};
use crate::article::ArticleId;
use crate::error::{Error, Result};
use crate::input::Plan;
use crate::pipeline::scan::Scan;
use crate::report::{Nowhere, explain};
use std::io::Write;

pub(super) fn run(arguments: &Explain) -> Result<Exit> {
    let memory = arguments.room.prepare()?;
    let config = arguments.search.config()?;
    let boilerplate = arguments.search.boilerplate()?;
    let options = arguments.input.options();
    let plan = Plan::new(&arguments.paths, &arguments.against, &options)?;
    check_input(&plan, arguments.common.verbose)?;
    let budget = needs::check(&plan, (&options, &config), memory, (&arguments.room, &arguments.common))?;
    let bars = Bars::new(arguments.common.quiet);
    let (scan, sketches) = Scan::read(plan, options, config.clone(), (budget, None), &bars)?;
    let a = number(&scan, &arguments.a)?;
    let b = number(&scan, &arguments.b)?;
    if a == b {
        return Err(Error::setting("name two articles"));
    }
    let found = scan.detect(sketches, boilerplate.as_ref(), &mut Nowhere, &bars)?;
    let explained = scan.explain((a.min(b), a.max(b)), &found)?;
    bars.finish();
    log::skipped(&found.skipped, arguments.common.verbose);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    explain::write(&mut out, &explained, &config, width()).and_then(|()| out.flush()).map_err(output_error)?;
    Ok(arguments.input.exit(&found.skipped, found.summary.counts.articles))
}

/// The article of an id.
fn number(scan: &Scan, id: &str) -> Result<ArticleId> {
    let catalogue = scan.catalogue();
    let all = || (0..catalogue.cards.len() as u32).map(ArticleId);
    all().find(|&article| catalogue.id(article) == id).ok_or_else(|| {
        let example = all().next().map_or(String::new(), |first| format!("; the first is {}", catalogue.id(first)));
        Error::setting(format!("no article has the id {id}; ids are from {}{example}", catalogue.about_ids()))
    })
}

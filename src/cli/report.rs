//! `wirecopy report DIR`: the page of a folder of results, made anew.

use super::args::Report;
use super::{Exit, output_error, write_whole};
use crate::error::Result;
use crate::report::html::stored::Stored;
use crate::report::terminal::escape;
use std::io::Write;

pub(super) fn run(arguments: &Report) -> Result<Exit> {
    let stored = Stored::read(&arguments.folder, arguments.pairs)?;
    let target = arguments.output.clone().unwrap_or_else(|| arguments.folder.join("report.html"));
    let may_replace = arguments.force || arguments.output.is_none();
    write_whole(&target, may_replace, |out| stored.write(out))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "written to {}", escape(&target.to_string_lossy())).map_err(output_error)?;
    Ok(Exit::Done)
}

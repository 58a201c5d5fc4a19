//! `wirecopy tune`: the S-curve.

use super::args::Tune;
use super::{Exit, output_error, width};
use crate::error::Result;
use crate::report::curve;
use crate::report::terminal::write_next;
use std::io::Write;

pub(super) fn run(arguments: &Tune) -> Result<Exit> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    curve::write(&mut out, arguments.chosen()?, arguments.threshold, width())
        .and_then(|()| {
            write_next(&mut out, "`wirecopy scan` takes the same --threshold, --recall, --bands and --rows", width())
        })
        .and_then(|()| out.flush())
        .map_err(output_error)?;
    Ok(Exit::Done)
}

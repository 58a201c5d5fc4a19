//! `wirecopy completions SHELL` and `wirecopy man`: help for shells, from the definitions of the arguments.

use super::args::{Arguments, Completions, Man};
use super::{Exit, output_error};
use crate::error::{Error, Result};
use clap::CommandFactory;
use std::io::Write;

/// Writes completions to standard output.
pub(super) fn completions(arguments: &Completions) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "wirecopy", &mut script);
    write(&script)
}

/// Writes the manual page to standard output, or one for each command into a folder.
pub(super) fn man(arguments: &Man) -> Result<Exit> {
    let Some(folder) = &arguments.output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(output_error)?;
        return write(&page);
    };
    let failed = |error: std::io::Error| Error::output(&error).at(folder);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    Ok(Exit::Done)
}

fn write(bytes: &[u8]) -> Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(output_error)?;
    Ok(Exit::Done)
}

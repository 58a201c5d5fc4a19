//! The command line: arguments to an exit code. One file a command.

mod args;
mod compare;
mod dedup;
mod evaluate;
mod find;
mod log;
mod progress;
mod scan;
mod tune;

use crate::error::{Error, ErrorKind, Result};
use crate::input::is_careful;
use args::{Arguments, Command};
use clap::Parser;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Done.
    Done = 0,
    /// Done, and `--check` found a duplicate.
    Duplicates = 1,
    /// Wrong usage, or nothing could be read, or nothing written.
    Failed = 2,
    /// Done, but something could not be read.
    Skipped = 3,
}

/// What an interrupted run takes with it.
static STAGING: Mutex<Option<PathBuf>> = Mutex::new(None);
const INTERRUPTED: i32 = 130;
const NOTHING_TO_RESUME: &str = "nothing to resume: no earlier run read the same files with the same settings";

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    set_up_colours();
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_careful() {
            told(panic);
        }
    }));
    // A second handler cannot be set; the first does all there is to do.
    let _ = ctrlc::set_handler(|| {
        if let Ok(mut staging) = STAGING.lock()
            && let Some(path) = staging.take()
        {
            let _ = std::fs::remove_dir_all(path);
        }
        log::end(INTERRUPTED);
        std::process::exit(INTERRUPTED);
    });
    let exit = match execute(&arguments) {
        Ok(exit) => exit,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => {
            // Whatever is written to a file names it.
            let place = match (error.kind(), error.path()) {
                (ErrorKind::Output, None) => "standard output: ",
                _ => "",
            };
            log::error(&format!("{place}{error}"));
            Exit::Failed
        }
    };
    log::end(exit as i32);
    ExitCode::from(exit as u8)
}

fn execute(arguments: &Arguments) -> Result<Exit> {
    match &arguments.command {
        Command::Scan(scan) => {
            scan.common.start()?;
            scan::run(scan)
        }
        Command::Compare(compare) => compare::run(compare),
        Command::Dedup(dedup) => {
            dedup.common.start()?;
            dedup::run(dedup)
        }
        Command::Evaluate(evaluate) => {
            evaluate.common.start()?;
            evaluate::run(evaluate)
        }
        Command::Find(find) => {
            find.common.start()?;
            find::run(find)
        }
        Command::Tune(tune) => tune::run(tune),
    }
}

/// Colours for a terminal that wants them.
fn set_up_colours() {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    console::set_colors_enabled(wanted && std::io::stdout().is_terminal());
}

/// Columns of standard output.
fn width() -> usize {
    let terminal = console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(told).unwrap_or(crate::report::terminal::WIDTH).max(20)
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn output_error(error: std::io::Error) -> Error {
    Error::output(&error)
}

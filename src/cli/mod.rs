//! The command line: arguments to an exit code. One file a command.

mod args;
mod compare;
mod dedup;
mod evaluate;
mod explain;
mod find;
mod help_files;
mod interrupt;
mod log;
mod needs;
mod progress;
mod report;
mod scan;
mod tune;

use crate::error::{Error, ErrorKind, Result};
use crate::input::{Plan, is_careful, shown};
use crate::pipeline::resume::WorkDir;
use crate::pipeline::scan::Scan;
use crate::report::terminal::escape;
use args::{Arguments, Command, Common};
use clap::Parser;
use progress::Bars;
use std::fs::File;
use std::io::{BufWriter, IsTerminal};
use std::path::Path;
use std::process::ExitCode;

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
    interrupt::handle();
    let done = execute(&arguments);
    interrupt::comes_too_late();
    let exit = match done {
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
        Command::Explain(explain) => {
            explain.common.start()?;
            explain::run(explain)
        }
        Command::Report(report) => report::run(report),
        Command::Completions(completions) => help_files::completions(completions),
        Command::Man(man) => help_files::man(man),
        Command::Tune(tune) => tune::run(tune),
    }
}

/// Colours for a terminal that wants them.
fn set_up_colours() {
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
    console::set_colors_enabled(wanted && std::io::stdout().is_terminal());
}

/// The command, as it could be typed again.
fn command_line() -> String {
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || "-_./:=,@%+".contains(ch);
    let quoted = |argument: String| {
        if !argument.is_empty() && argument.chars().all(is_plain) {
            return argument;
        }
        format!("'{}'", argument.replace('\'', "'\\''"))
    };
    let arguments = std::env::args_os().skip(1).map(|argument| quoted(argument.to_string_lossy().into_owned()));
    escape(&std::iter::once("wirecopy".to_owned()).chain(arguments).collect::<Vec<_>>().join(" "))
}

/// An error where nothing is to be read, references apart; what could not be is named before.
fn check_input(plan: &Plan, names_all: bool) -> Result<()> {
    if plan.sources.iter().any(|source| !source.reference) {
        return Ok(());
    }
    log::skipped(&plan.skipped, names_all);
    if !plan.sources.is_empty() {
        return Err(Error::input("nothing could be read but references"));
    }
    if !plan.skipped.is_empty() {
        return Err(Error::input("nothing could be read"));
    }
    let endings: Vec<String> = plan.passed_over.iter().map(|(ending, number)| format!("{number} {ending}")).collect();
    let passed_over = if endings.is_empty() { String::new() } else { format!("; passed over: {}", endings.join(", ")) };
    let message = "nothing to read: no file whose name says that it holds articles";
    Err(Error::input(format!("{message}{passed_over} (see --include)")))
}

/// Says what is to be said of what was read: if an earlier run is not gone on with, and which of the fields that were named
/// nobody has. An error where no article could be read; what could not be is named before.
fn check_read(scan: &Scan, work: Option<&WorkDir>, bars: &Bars, common: &Common) -> Result<()> {
    if work.is_some_and(WorkDir::has_begun_again) {
        log::notice("nothing to resume: no earlier run read the same files with the same settings");
    }
    for (field, name) in scan.unmet().filter(|_| !common.quiet) {
        log::notice(&format!("--{field}-field {}: no article has such a field", escape(name)));
    }
    if !scan.catalogue().cards.is_empty() || scan.skipped().is_empty() {
        return Ok(());
    }
    bars.finish();
    log::skipped(scan.skipped(), common.verbose);
    Err(Error::input("nothing could be read"))
}

/// What to do next: to open the page that was written, if one was.
fn next(page: Option<&Path>, instead: &str) -> String {
    page.map_or_else(|| instead.to_owned(), |page| format!("open {} in a browser", escape(&shown(page))))
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, may_replace: bool, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let failed = |error: std::io::Error| Error::output(&error).at(path);
    if path == Path::new("-") {
        return Err(Error::setting("that is written into a file: name one"));
    }
    if !may_replace && path.symlink_metadata().is_ok() {
        let message = "is there already; name another file, or replace it with --force";
        return Err(Error::new(ErrorKind::Output, message).at(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // As any other file that a program writes.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".wirecopy-").tempfile_in(folder).map_err(|error| failed(error.kind().into()))?;
    let mut out = BufWriter::with_capacity(1 << 18, file.reopen().map_err(failed)?);
    write(&mut out).map_err(|error| if error.path().is_none() { error.at(path) } else { error })?;
    drop(out);
    file.as_file_mut().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error)).map(|_| ())
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

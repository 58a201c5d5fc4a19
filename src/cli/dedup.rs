//! `wirecopy dedup PATH... -o OUT`: a dump without its duplicates, and the audit.

use super::args::{Common, Dedup};
use super::progress::Bars;
use super::{Exit, check_input, check_read, interrupt, log, needs, output_error, width};
use crate::cluster::stays::{Removed, Rules};
use crate::error::{Error, ErrorKind, Result};
use crate::input::{InputOptions, Plan, belied, shown};
use crate::pipeline::dedup::Target;
use crate::pipeline::scan::{Found, Scan, Sketches};
use crate::report::audit::Deduplicated;
use crate::report::overview::write_account;
use crate::report::removed::DedupSummary;
use crate::report::terminal::{escape, plural, write_next};
use std::path::{Path, PathBuf};

pub(super) fn run(arguments: &Dedup) -> Result<Exit> {
    if arguments.output.as_deref() == Some(Path::new("-")) {
        return Err(Error::setting("a dump is written with its audit beside it: name a file or folder with -o"));
    }
    let memory = arguments.room.prepare()?;
    let config = arguments.rules.config()?;
    let rules = arguments.rules.rules()?;
    let boilerplate = arguments.rules.boilerplate()?;
    let options = InputOptions { leave_out: arguments.output.clone(), ..arguments.input.options() };
    let is_file = matches!(&arguments.paths[..], [path] if !path.is_dir());
    let plan = Plan::new(&arguments.paths, &arguments.against, &options)?;
    let is_file = is_file && plan.is_one_file();
    let output = arguments.output.as_deref();
    // What is not there yet is not read.
    let is_read = |real: PathBuf| {
        // A folder that is both was left out of the sources.
        arguments.paths.iter().any(|path| path.canonicalize().is_ok_and(|path| path == real))
            || plan.sources.iter().any(|source| source.is_at(&real))
    };
    if let Some(output) = output.filter(|output| output.canonicalize().is_ok_and(is_read)) {
        return Err(Error::new(ErrorKind::Output, "is what is read; name another place").at(output));
    }
    check_input(&plan, arguments.common.verbose)?;
    let budget = needs::check(&plan, (&options, &config), memory, (&arguments.room, &arguments.common))?;
    let only = plan.sources.iter().find(|source| !source.reference).filter(|_| is_file);
    if let Some((output, source)) = output.zip(only)
        && let Some(what) = belied(output, source)
    {
        log::notice(&format!("{}: what is written is {what}, whatever its name says", escape(&shown(output))));
    }
    let staging = output.map(|output| Deduplicated::new(output, arguments.force)).transpose()?;
    if let Some(staging) = &staging {
        interrupt::takes(staging.path());
    }
    let work = arguments.work.folder(arguments.output.as_deref())?;
    let bars = Bars::new(arguments.common.quiet);
    let (scan, sketches) = Scan::read(plan, options, config, (budget, work.clone()), &bars)?;
    check_read(&scan, work.as_deref(), &bars, &arguments.common)?;
    tell_strangers(&sketches, &rules, &arguments.common);
    let mut has_rejected = false;
    let mut found = scan.find_removable(sketches, boilerplate.as_ref(), &rules, &bars)?;
    if let Some(staging) = staging {
        // What cannot be written is told by the name that it would have had.
        let in_target = |error: Error| match (error.kind(), error.path(), output) {
            (ErrorKind::Output, None, Some(output)) => error.at(output),
            _ => error,
        };
        let (kept, rejected) = (staging.kept(), staging.rejected());
        if !is_file {
            // A folder of which nothing stays is a folder all the same.
            std::fs::create_dir(&kept).map_err(|error| in_target(output_error(error)))?;
        }
        let target = Target { kept: &kept, rejected: &rejected, is_file, annotate: arguments.annotate };
        found.spare(scan.write_without(&found, target, &bars).map_err(in_target)?);
        let removed = removed(arguments, &found);
        let account = scan.account(removed);
        let summary = DedupSummary { account: &account, rules: &rules, output: staging.stamp()?, scan: &found.summary };
        if arguments.annotate {
            staging.write_notes(&scan.notes(&found)).map_err(in_target)?;
        }
        staging.write_boilerplate(found.boilerplate.passages()).map_err(in_target)?;
        staging.write(scan.catalogue(), removed, &found.listed(), &summary).map_err(in_target)?;
        has_rejected = staging.rejected().exists();
        // From here on what was there before lies aside, too.
        interrupt::comes_too_late();
        staging.finish()?;
    }
    if let Some(work) = work {
        work.clear();
    }
    let account = scan.account(removed(arguments, &found));
    let seconds = bars.finish();
    if !arguments.common.quiet {
        let mut out = std::io::stdout().lock();
        let next = match output {
            None => "-o OUT writes the dump without them, and says of each why it is gone".to_owned(),
            Some(_) if arguments.annotate => {
                let would = plural(found.removed.len() as u64, "article");
                format!("{would} would go; `wirecopy` in JSON, or columns `wirecopy_…`, say which and why")
            }
            Some(output) if account.removed > 0 => {
                format!("read {}.removed.jsonl before the old dump goes", escape(&shown(output)))
            }
            Some(_) => "`wirecopy scan` lists what is alike at lower thresholds".to_owned(),
        };
        let told =
            write_account(&mut out, &account, &found.summary, output.map(|output| (output, has_rejected)), width());
        match told.and_then(|()| write_next(&mut out, &next, width()).map_err(output_error)) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            told => told?,
        }
    }
    log::skipped(&found.skipped, arguments.common.verbose);
    if arguments.common.verbose {
        log::seconds(&seconds);
    }
    Ok(arguments.input.exit(&found.skipped, found.summary.counts.articles))
}

/// Says which of the publishers that are preferred no article is of.
fn tell_strangers(sketches: &Sketches, rules: &Rules, common: &Common) {
    const NAMED: usize = 5;
    let strangers = sketches.strangers(&rules.prefer);
    if strangers.is_empty() || common.quiet {
        return;
    }
    let mut named: Vec<String> = strangers.iter().take(NAMED).map(|name| escape(name)).collect();
    if strangers.len() > NAMED {
        named.push("…".to_owned());
    }
    let of = format!("{} of {}", strangers.len(), plural(rules.prefer.len() as u64, "publisher"));
    log::notice(&format!("--prefer: no article is of {of}: {}", named.join(", ")));
}

/// The articles that go.
fn removed<'f>(arguments: &Dedup, found: &'f Found) -> &'f [Removed] {
    if arguments.annotate { &[] } else { &found.removed }
}

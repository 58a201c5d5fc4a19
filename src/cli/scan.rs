//! `wirecopy scan`: the main job.

use super::args::{Format, Scan as Arguments};
use super::progress::Bars;
use super::{Exit, check_input, check_read, command_line, interrupt, log, needs, next, output_error, width};
use crate::error::{ErrorKind, Result};
use crate::input::{InputOptions, Plan, Skipped};
use crate::pipeline::scan::{Found, Scan};
use crate::pipeline::{Progress, Stage};
use crate::report::folder::{Results, Staging};
use crate::report::html::{self, Material, Pairs, Shown, Whole};
use crate::report::overview;
use crate::report::pairs::JsonLines;
use crate::report::summary::RunInfo;
use crate::report::terminal::{Strongest, escape, write_next};
use std::io::{BufWriter, Write};
use std::time::Instant;

pub(super) fn run(arguments: &Arguments) -> Result<Exit> {
    let started = Instant::now();
    let memory = arguments.room.prepare()?;
    let config = arguments.search.config()?;
    let boilerplate = arguments.search.boilerplate()?;
    let options = InputOptions { leave_out: arguments.output.folder.clone(), ..arguments.input.options() };
    let plan = Plan::new(&arguments.paths, &arguments.against, &options)?;
    let output = &arguments.output;
    let staging = output.folder.as_deref().map(|target| Staging::new(target, output.force)).transpose()?;
    if let Some(staging) = &staging {
        interrupt::takes(staging.path());
    }
    check_input(&plan, arguments.common.verbose)?;
    let budget = needs::check(&plan, (&options, &config), memory, (&arguments.room, &arguments.common))?;
    let work = arguments.work.folder(arguments.output.folder.as_deref())?;
    let bars = Bars::new(arguments.common.quiet);
    let (scan, sketches) = Scan::read(plan, options, config, (budget, work.clone()), &bars)?;
    check_read(&scan, work.as_deref(), &bars, &arguments.common)?;

    let detail = output.passages.into();
    let folder = staging.as_ref().map(|staging| staging.pairs(scan.catalogue(), detail)).transpose()?;
    let streamed = (output.format == Format::Jsonl).then(|| BufWriter::with_capacity(1 << 16, std::io::stdout()));
    let streamed = streamed.map(|out| {
        let lines = JsonLines::new(scan.catalogue(), detail, out);
        // Where nothing else is wanted of the run, it ends with its reader.
        if folder.is_some() || output.check { lines.tolerant() } else { lines }
    });
    // What tell() will show.
    let silent = arguments.common.quiet && output.folder.is_some();
    let strongest = (output.format == Format::Text && !silent).then(|| Strongest::new(output.top));
    let mut sink = ((folder, streamed), strongest.as_ref());
    let found = scan.detect(sketches, boilerplate.as_ref(), &mut sink, &bars)?;
    let ((folder, streamed), _) = sink;
    bars.begin(Stage::Report, None);
    folder.map(JsonLines::finish).transpose()?;
    streamed.map(JsonLines::finish).transpose()?;

    let run = finish(&bars, started, &found, (staging, output.report_pairs), &scan)?;
    if let Some(work) = work {
        work.clear();
    }
    match tell(arguments, &found, &scan, strongest) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        told => told?,
    }
    log::skipped(&found.skipped, arguments.common.verbose);
    if arguments.common.verbose {
        log::seconds(&run.seconds);
    }
    let exit = arguments.input.exit(&found.skipped, found.summary.counts.articles);
    let has_pairs = found.summary.counts.pairs > 0;
    // The program ends here, and the memory of millions of articles goes with it, faster than piece by piece.
    std::mem::forget((scan, found));
    Ok(if output.check && has_pairs { Exit::Duplicates } else { exit })
}

/// Writes what is not written yet, and puts the folder in its place.
fn finish(
    bars: &Bars,
    started: Instant,
    found: &Found,
    (staging, report_pairs): (Option<Staging>, usize),
    scan: &Scan,
) -> Result<RunInfo> {
    let mut run = RunInfo {
        command: command_line(),
        threads: rayon::current_num_threads(),
        candidates: found.candidates,
        matches: found.matches,
        temporary: found.temporary,
        machine: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        ..RunInfo::default()
    };
    if let Some(staging) = &staging {
        let seconds = bars.seconds();
        let skipped = found.listed();
        let results = || {
            staging.write(Results {
                catalogue: scan.catalogue(),
                pairs: &found.pairs,
                clusters: &found.clusters,
                copied: &found.copied,
                boilerplate: found.boilerplate.passages(),
                skipped: &skipped,
                summary: &found.summary,
            })
        };
        let page = || write_report(staging, scan, (found, &skipped), report_pairs, &seconds);
        let (results, page) = rayon::join(results, page);
        results.and(page)?;
    }
    run.seconds = bars.finish();
    run.total_seconds = started.elapsed().as_secs_f64();
    run.peak_memory = RunInfo::peak_memory_now();
    if let Some(staging) = staging {
        staging.write_run(&run)?;
        interrupt::comes_too_late();
        staging.finish()?;
    }
    Ok(run)
}

/// Writes the page, with the texts of the strongest pairs.
fn write_report(
    staging: &Staging,
    scan: &Scan,
    (found, skipped): (&Found, &[Skipped]),
    most: usize,
    seconds: &[(&'static str, f64)],
) -> Result<()> {
    let pairs = Pairs::Scored(&found.pairs);
    let chosen = html::strongest(&pairs, most);
    let texts = scan.texts_of_pairs(chosen.iter().map(|&at| (pairs.get(at).a, pairs.get(at).b)))?;
    staging.write_report(&Material {
        heading: html::stored::heading(staging.target()),
        command: Some(command_line()),
        articles: scan.catalogue(),
        groups: html::stored::groups(&found.clusters),
        shown: Shown::of(&pairs, &chosen, |articles| Ok(texts.some(articles)))?,
        pairs,
        config: scan.config(),
        known: &found.boilerplate,
        whole: Some(Whole {
            summary: serde_json::to_value(&found.summary).unwrap_or_default(),
            stages: seconds.iter().map(|&(name, seconds)| (name.to_owned(), seconds)).collect(),
            boilerplate: found.boilerplate.passages(),
            skipped,
        }),
    })
}

/// Summary and pairs, where they belong.
fn tell(arguments: &Arguments, found: &Found, scan: &Scan, strongest: Option<Strongest>) -> Result<()> {
    let output = &arguments.output;
    let quiet = arguments.common.quiet;
    if output.format == Format::Jsonl {
        if quiet || log::is_json() {
            return Ok(());
        }
        return overview::write_summary(&mut std::io::stderr().lock(), &found.summary, width());
    }
    if quiet && output.folder.is_some() {
        return Ok(());
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    overview::write_summary(&mut out, &found.summary, width())?;
    if let Some(strongest) = strongest.filter(|_| found.summary.counts.pairs > 0 && output.top > 0) {
        writeln!(out).map_err(output_error)?;
        strongest.write(&mut out, scan.catalogue(), found.summary.counts.pairs, width())?;
    }
    if let Some(folder) = &output.folder {
        writeln!(out, "\nwritten to {}", escape(&folder.to_string_lossy())).map_err(output_error)?;
    }
    let instead = if found.summary.counts.pairs > 0 {
        "-o DIR writes all pairs, tables, and a report to look at; `wirecopy dedup` removes duplicates"
    } else {
        "--threshold 0.3 finds pairs that are less alike, --passage 25 whoever shares 25 words in a row"
    };
    let report = output.folder.as_ref().map(|folder| folder.join("report.html"));
    write_next(&mut out, &next(report.as_deref(), instead), width()).map_err(output_error)?;
    out.flush().map_err(output_error)
}

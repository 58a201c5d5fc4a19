//! What the arguments mean: values, settings, options.

use super::{
    Common, Compare, Find, FormatName, Input, KeepName, LikenessName, LogFormat, Removal, Room, Search, Tune, Work,
};
use crate::boilerplate::Boilerplate;
use crate::candidates::bands::Bands;
use crate::cli::{Exit, log};
use crate::cluster::stays::{Keep, Likeness, Rules};
use crate::config::{Config, RECALL, SHINGLE, THRESHOLD};
use crate::error::{Error, Result};
use crate::input::{FieldNames, InputOptions, Known, Limits, Skipped, check_date_format};
use crate::pipeline::resume::WorkDir;
use crate::report::boilerplate;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use sysinfo::{
    CGroupLimits, MemoryRefreshKind, Process, ProcessRefreshKind, ProcessesToUpdate, RefreshKind, System,
    get_current_pid,
};

/// A fraction, or nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound(Option<f64>);

pub(super) fn bound(text: &str) -> std::result::Result<Bound, String> {
    if text == "off" {
        return Ok(Bound(None));
    }
    text.parse().map(|bound| Bound(Some(bound))).map_err(|_| format!("{text} is neither a fraction nor off"))
}

/// More threads than any machine has processors only wait for each other.
const MOST_THREADS: usize = 1024;

/// How much may be skipped without an exit status of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::cli) enum Tolerance {
    Count(u64),
    Share(f64),
}

impl Tolerance {
    pub(in crate::cli) fn allows(self, skipped: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => skipped <= most,
            Self::Share(most) => skipped as f64 <= most * (skipped + read) as f64,
        }
    }
}

pub(super) fn tolerance(text: &str) -> std::result::Result<Tolerance, String> {
    let wrong = || format!("{text} is neither a number nor a percentage");
    match text.strip_suffix('%') {
        Some(number) => match number.trim().parse::<f64>() {
            Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Tolerance::Share(percent / 100.0)),
            _ => Err(wrong()),
        },
        None => text.parse().map(Tolerance::Count).map_err(|_| wrong()),
    }
}

/// How dates are written.
pub(super) fn date_format(text: &str) -> std::result::Result<String, String> {
    check_date_format(text).map(|()| text.to_owned())
}

/// A number of bytes, with K, M or G for powers of 1024.
pub(super) fn size(text: &str) -> std::result::Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.trim_end_matches('B').trim_end_matches(['K', 'M', 'G']);
    let unit = match upper.trim_end_matches('B').chars().last() {
        Some('K') => 1 << 10,
        Some('M') => 1 << 20,
        Some('G') => 1 << 30,
        _ => 1,
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .filter(|&size| size > 0)
        .ok_or_else(|| format!("{text} is no size; write 64M or 1G"))
}

fn bands(bands: Option<usize>, rows: Option<usize>) -> Result<Option<Bands>> {
    match (bands, rows) {
        (Some(bands), Some(rows)) => Bands::new(bands, rows).map(Some),
        _ => Ok(None),
    }
}

impl Search {
    pub(in crate::cli) fn config(&self) -> Result<Config> {
        let chosen = Config::new(self.threshold, self.recall, bands(self.bands, self.rows)?)?;
        let config = Config {
            shingle: self.shingle,
            containment: self.containment.0,
            passage: self.passage,
            count_boilerplate: self.count_boilerplate,
            exhaustive: self.exhaustive,
            measure_recall: self.measure_recall,
            within_days: self.within,
            across_publishers: self.across_publishers,
            list_all: self.list_all,
            ..chosen
        };
        config.checked()
    }

    /// What counts for nobody, if a file says it.
    pub(in crate::cli) fn boilerplate(&self) -> Result<Option<Boilerplate>> {
        known(self.boilerplate.as_deref(), self.shingle)
    }
}

fn known(file: Option<&Path>, shingle: usize) -> Result<Option<Boilerplate>> {
    file.map(|file| Ok(Boilerplate::of_passages(boilerplate::read(file)?, shingle))).transpose()
}

impl Compare {
    pub(in crate::cli) fn config(&self) -> Result<Config> {
        let config = Config::new(self.threshold, RECALL, Some(Bands::new(1, 1)?))?;
        Config { shingle: self.shingle, ..config }.checked()
    }

    /// What counts for nobody.
    pub(in crate::cli) fn boilerplate(&self) -> Result<Boilerplate> {
        known(self.boilerplate.as_deref(), self.shingle).map(Option::unwrap_or_default)
    }

    pub(in crate::cli) fn input(&self) -> InputOptions {
        let fields = FieldNames { text: self.text_field.clone(), ..FieldNames::default() };
        InputOptions { fields, ..InputOptions::default() }
    }
}

impl Find {
    pub(in crate::cli) fn config(&self) -> Result<Config> {
        Config { passage: Some(self.passage), ..Config::new(THRESHOLD, RECALL, Some(Bands::new(1, 1)?))? }.checked()
    }

    /// What counts for nobody, in shingles of so many words.
    pub(in crate::cli) fn boilerplate(&self, shingle: usize) -> Result<Boilerplate> {
        known(self.boilerplate.as_deref(), shingle).map(Option::unwrap_or_default)
    }
}

impl Removal {
    pub(in crate::cli) fn config(&self) -> Result<Config> {
        let chosen = Config::new(self.threshold, RECALL, None)?;
        Config { count_boilerplate: self.count_boilerplate, exhaustive: self.exhaustive, ..chosen }.checked()
    }

    /// What counts for nobody, if a file says it.
    pub(in crate::cli) fn boilerplate(&self) -> Result<Option<Boilerplate>> {
        known(self.boilerplate.as_deref(), SHINGLE)
    }

    pub(in crate::cli) fn rules(&self) -> Result<Rules> {
        let likeness = |name: &LikenessName| match name {
            LikenessName::Identical => Likeness::Identical,
            LikenessName::NearDuplicate => Likeness::NearDuplicate,
            LikenessName::Excerpt => Likeness::Excerpt,
        };
        let keep = match self.keep {
            KeepName::Longest => Keep::Longest,
            KeepName::Earliest => Keep::Earliest,
            KeepName::Latest => Keep::Latest,
            KeepName::First => Keep::First,
        };
        let publishers = |file: &PathBuf| {
            let text = std::fs::read_to_string(file);
            text.map_err(|error| Error::setting(format!("--prefer {}: {error}", file.display())))
        };
        let prefer = self.prefer.as_ref().map(publishers).transpose()?.unwrap_or_default();
        let prefer = prefer
            .trim_start_matches('\u{feff}')
            .lines()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let remove = self.remove.iter().map(likeness).collect();
        Ok(Rules { remove, threshold: self.threshold, keep, prefer, min_words: self.min_words })
    }
}

impl Tune {
    pub(in crate::cli) fn chosen(&self) -> Result<Bands> {
        let given = bands(self.bands, self.rows)?;
        Config::new(self.threshold, self.recall, given).map(|config| config.bands)
    }
}

impl Input {
    /// How a run ends that could not read so many records and files, and read so many articles.
    pub(in crate::cli) fn exit(&self, skipped: &[Skipped], read: u64) -> Exit {
        if self.max_skipped.allows(skipped.len() as u64, read) { Exit::Done } else { Exit::Skipped }
    }

    pub(in crate::cli) fn options(&self) -> InputOptions {
        InputOptions {
            include: self.include.clone(),
            fields: FieldNames {
                text: self.text_field.clone(),
                id: self.id_field.clone(),
                title: self.title_field.clone(),
                date: self.date_field.clone(),
                publisher: self.publisher_field.clone(),
                url: self.url_field.clone(),
            },
            date_format: self.date_format.clone(),
            limits: Limits { record: self.max_record, ratio: self.max_ratio },
            format: self.holds.map(FormatName::known),
            leave_out: None,
        }
    }
}

impl Work {
    /// The folder, if one was named; it is not where results go.
    pub(in crate::cli) fn folder(&self, output: Option<&Path>) -> Result<Option<Arc<WorkDir>>> {
        if self.work_dir.is_some() && self.work_dir.as_deref() == output {
            return Err(Error::setting("--work-dir is where results go; name another folder"));
        }
        self.work_dir.as_deref().map(|folder| WorkDir::new(folder, self.resume).map(Arc::new)).transpose()
    }
}

impl FormatName {
    fn known(self) -> Known {
        match self {
            Self::Text => Known::Text,
            Self::Html => Known::Page,
            Self::Json => Known::Json,
            Self::Csv => Known::Csv,
            Self::Tsv => Known::Tsv,
            Self::Parquet => Known::Parquet,
            Self::Warc => Known::Warc,
        }
    }
}

/// Bytes that a run keeps to where hardly any are free.
const LEAST_MEMORY: u64 = 64 << 20;

impl Room {
    /// Whether someone said how much memory to keep to.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.memory.is_some()
    }

    /// Has temporary files where they are to be. Returns how much memory there is, if the system tells.
    pub(in crate::cli) fn prepare(&self) -> Result<Option<u64>> {
        if let Some(folder) = &self.temp_dir {
            let failed = |error: std::io::Error| Error::setting(format!("--temp-dir {}: {error}", folder.display()));
            tempfile::tempfile_in(folder).map_err(failed)?;
            // It is the first to say where they are.
            let _ = tempfile::env::override_temp_dir(folder);
        }
        Ok(self.memory.or_else(|| Some((free_memory()? / 2).max(LEAST_MEMORY))))
    }
}

/// Bytes of memory that are free, for the group of processes that this one is in: a container, a service, a job.
fn free_memory() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let mut system = System::new_with_specifics(memory).ok()?;
    let available = system.available_memory();
    let own = get_current_pid().ok()?;
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, ProcessRefreshKind::nothing());
    // What files of it take in the cache can be had.
    let within = |limits: CGroupLimits| limits.total_memory.saturating_sub(limits.rss);
    let limits = system.process(own).and_then(Process::cgroup_limits).or_else(|| system.cgroup_limits());
    (available > 0).then(|| limits.map_or(available, |limits| available.min(within(limits))))
}

/// Bytes of a thread's stack: trees of pages are walked by functions that call themselves.
const STACK: usize = 8 << 20;

impl Common {
    /// Sets up how standard error speaks, and the threads that all parallel work uses.
    pub(in crate::cli) fn start(&self) -> Result<()> {
        if self.log_format == LogFormat::Json {
            log::use_json();
        }
        let threads = self.threads.unwrap_or(0);
        if self.threads.is_some_and(|threads| !(1..=MOST_THREADS).contains(&threads)) {
            return Err(Error::setting(format!("--threads is {threads}; it must be 1 to {MOST_THREADS}")));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build_global();
        pool.map_err(|error| Error::setting(format!("--threads {threads}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_tolerances() {
        assert_eq!(size("64M"), Ok(64 << 20));
        assert_eq!(size("256M"), Ok(crate::input::MAX_RECORD), "the default in the help");
        assert_eq!(size("1gb"), Ok(1 << 30));
        assert_eq!(size("1000"), Ok(1000));
        for wrong in ["", "0", "M", "-1", "1T", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(tolerance("5"), Ok(Tolerance::Count(5)));
        assert_eq!(tolerance("2.5%"), Ok(Tolerance::Share(0.025)));
        for good in ["%d/%m/%Y", "%Y-%m-%dT%H:%M:%S%z", "%A, %-d %B %Y", "%b %d %Y %I:%M %p", "%s", "%F", "%Y-%j"] {
            assert_eq!(date_format(good), Ok(good.to_owned()));
        }
        for wrong in ["%K", "%Y", "%H:%M", "", "yesterday", "%d/%m"] {
            assert!(date_format(wrong).is_err(), "{wrong}");
        }
        assert!(tolerance("many").is_err() && tolerance("101%").is_err());
        assert!(Tolerance::Share(0.1).allows(1, 9) && !Tolerance::Share(0.1).allows(2, 9));
    }

    #[test]
    fn the_definitions_are_sound() {
        use clap::CommandFactory;
        crate::cli::args::Arguments::command().debug_assert();
    }
}

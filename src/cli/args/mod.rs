//! What can be typed. What it means is told in `meaning.rs`, and what stands below the options in `help.rs`.

mod help;
mod meaning;

use crate::config::{FIND_PASSAGE, NEAR_DUPLICATE, RECALL, SHINGLE, THRESHOLD};
use crate::input::MAX_RATIO;
use crate::report::html::PAIRS;
use crate::report::pairs::Detail;
use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use help::{COMPARES, EXAMPLES, EXPLAINS, FINDS, LABELS, REPORTS, SCANS, TUNES, WHO_GOES};
use meaning::{Bound, Tolerance, bound, date_format, size, tolerance};
use std::path::PathBuf;

/// Finds duplicate, near-duplicate and copied articles in news dumps, and shows what they share.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find all duplicates in files, folders, or standard input
    Scan(Box<Scan>),
    /// Show what two articles share
    Compare(Compare),
    /// Find who shares passages with one article
    Find(Box<Find>),
    /// Write a dump once more without its duplicates, and why each of them is gone
    Dedup(Box<Dedup>),
    /// Say for two articles of a dump why they are reported, or why not
    Explain(Box<Explain>),
    /// Make the page of a folder of results anew: who copied whom, to look at and to hand on
    Report(Report),
    /// Compare with labels that people gave: precision, recall, what was missed and why
    Evaluate(Box<Evaluate>),
    /// Show how likely pairs are found with which bands and rows
    Tune(Tune),
    /// Write completions for a shell to standard output
    Completions(Completions),
    /// Write the manual page to standard output, or one for each command into a folder
    Man(Man),
}

#[derive(Debug, Args)]
#[command(after_help = SCANS)]
pub(super) struct Scan {
    /// Files, folders, globs, or - for standard input: .txt, .md and .html (an article each), .jsonl, .json, .csv, .tsv,
    /// .parquet, .warc and .wet (many), .zip and .tar of them, each plain, gzip, zstd, bzip2 or xz
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Reference articles: compared with those of PATH, never with each other
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) against: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) room: Room,
    #[command(flatten)]
    pub(super) work: Work,
    #[command(flatten)]
    pub(super) search: Search,
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[command(next_help_heading = "What is found")]
pub(super) struct Search {
    /// Least Jaccard of a reported pair: shared shingles divided by all shingles of both
    #[arg(long, value_name = "J", default_value_t = THRESHOLD)]
    threshold: f64,

    /// Probability that a pair exactly at the threshold is found; bands and rows follow from it
    #[arg(long, value_name = "P", default_value_t = RECALL)]
    recall: f64,

    /// Words a shingle
    #[arg(long, value_name = "WORDS", default_value_t = SHINGLE)]
    shingle: usize,

    /// Bands of the signature, instead of those that --recall asks for
    #[arg(long, requires = "rows")]
    bands: Option<usize>,

    /// Rows a band
    #[arg(long, requires = "bands")]
    rows: Option<usize>,

    /// Report a pair, too, if so much of the shingles of one is in the other, and both share a run of 13 words; or off
    #[arg(long, value_name = "C|off", default_value = "0.5", value_parser = bound)]
    containment: Bound,

    /// Report every pair, too, that shares so many words in a row, from 6 up
    #[arg(long, value_name = "WORDS")]
    passage: Option<usize>,

    /// Words that count for nobody: boilerplate.jsonl of an earlier run, instead of learning them
    #[arg(long, value_name = "FILE", conflicts_with = "count_boilerplate")]
    boilerplate: Option<PathBuf>,

    /// Count footers and the like as words of their articles
    #[arg(long)]
    count_boilerplate: bool,

    /// Only pairs published at most so many days apart; a missing date, or time of day, hides nothing
    #[arg(long, value_name = "DAYS")]
    within: Option<f64>,

    /// Only pairs of different publishers; a missing publisher hides nothing
    #[arg(long)]
    across_publishers: bool,

    /// Find all pairs at the threshold with certainty, not by signatures; takes about twice the time
    #[arg(long)]
    exhaustive: bool,

    /// Measure the recall: look for all pairs of a sample of 10,000 articles with certainty
    #[arg(long)]
    measure_recall: bool,

    /// List every pair, among copies and in crowds too: may take time and write output that grow with the square of
    /// the largest group
    #[arg(long)]
    list_all: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is read")]
pub(super) struct Input {
    /// In folders, read files that match this glob, whatever their ending (may be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// What files hold, instead of finding it out; in folders, every file is read then
    #[arg(long = "input-format", value_name = "FORMAT")]
    holds: Option<FormatName>,

    /// Field (or fields, joined) that holds the text; a dot steps into an object
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',')]
    text_field: Vec<String>,

    /// Field that holds the id
    #[arg(long, value_name = "NAME")]
    id_field: Option<String>,

    /// Field that holds the title
    #[arg(long, value_name = "NAME")]
    title_field: Option<String>,

    /// Field that holds the date
    #[arg(long, value_name = "NAME")]
    date_field: Option<String>,

    /// Field that holds the publisher
    #[arg(long, value_name = "NAME")]
    publisher_field: Option<String>,

    /// Field that holds the url
    #[arg(long, value_name = "NAME")]
    url_field: Option<String>,

    /// How dates are written, as strptime has it: %d/%m/%Y; tried before ISO 8601, RFC 2822 and epoch numbers
    #[arg(long, value_name = "FORMAT", value_parser = date_format)]
    date_format: Option<String>,

    /// Longest record that is read; a longer one is listed as skipped
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    max_record: u64,

    /// How many times its size a compressed file may be when it is unpacked; what is more is listed as skipped
    #[arg(long, value_name = "TIMES", default_value_t = MAX_RATIO, value_parser = clap::value_parser!(u64).range(1..))]
    max_ratio: u64,

    /// So many records and files may be skipped, as a number or as a share of all, before the exit status is 3
    #[arg(long, value_name = "N|P%", value_parser = tolerance, default_value = "0")]
    pub(super) max_skipped: Tolerance,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What is written")]
pub(super) struct Output {
    /// Write pairs, clusters, articles, a summary and a report to look at into this folder
    #[arg(short = 'o', long = "output", id = "output", value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,

    /// Replace the folder if it is there and holds nothing but results
    #[arg(long, requires = "output")]
    pub(super) force: bool,

    /// What goes to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,

    /// How much of the passages the JSON lines hold
    #[arg(long, value_name = "DETAIL", default_value = "short")]
    pub(super) passages: DetailName,

    /// Pairs that are shown on the terminal, strongest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) top: usize,

    /// Pairs of which the report holds both texts: the strongest of each relation in turn
    #[arg(long, value_name = "N", default_value_t = PAIRS)]
    pub(super) report_pairs: usize,

    /// Exit with status 1 if any pair is found
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "How it runs")]
pub(super) struct Common {
    /// Worker threads; results do not depend on how many [default: one for each processor]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Say nothing on standard error but errors, and no summary when a folder is written
    #[arg(short, long)]
    pub(super) quiet: bool,

    /// Name each skipped record and file, and say how long each stage took
    #[arg(short, long, conflicts_with = "quiet")]
    pub(super) verbose: bool,

    /// How standard error speaks: json is an object a line, one for each stage that ended and each skipped record
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
}

/// What a run can be resumed from.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it runs")]
pub(super) struct Work {
    /// Folder in which what each stage gave is kept until the run has ended, so that it can be resumed
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,

    /// Go on from the last stage that a stopped run finished in --work-dir, if inputs and settings are the same
    #[arg(long, requires = "work_dir")]
    resume: bool,
}

/// Room for what grows with the input.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it runs")]
pub(super) struct Room {
    /// Memory to keep to, as 512M or 8G; what is beyond it goes to temporary files [default: half of what is free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,

    /// Folder for temporary files, which have no names there and are gone when the run is [default: the system's]
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = COMPARES)]
pub(super) struct Compare {
    /// A file, a record as <FILE:RECORD>, or a member of an archive as <ARCHIVE/MEMBER>
    pub(super) a: String,

    /// Another
    pub(super) b: String,

    /// Words a shingle
    #[arg(long, value_name = "WORDS", default_value_t = SHINGLE)]
    shingle: usize,

    /// Least Jaccard of a variant
    #[arg(long, value_name = "J", default_value_t = THRESHOLD)]
    threshold: f64,

    /// Words that count for nobody: boilerplate.jsonl of a scan
    #[arg(long, value_name = "FILE")]
    boilerplate: Option<PathBuf>,

    /// What goes to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: OneFormat,

    /// Write both texts side by side, with what they share, as a page of HTML into this file
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long, requires = "html")]
    pub(super) force: bool,

    /// How much of the passages the JSON object holds
    #[arg(long, value_name = "DETAIL", default_value = "full")]
    pub(super) passages: DetailName,

    /// Field (or fields, joined) that holds the text of a record
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',')]
    text_field: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = FINDS)]
pub(super) struct Find {
    /// The article: a file, a record as <FILE:RECORD>, or - for standard input
    pub(super) article: String,

    /// Files, folders or globs to look through, as for scan
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Words in a row that an answer shares with the article, from 6 up
    #[arg(long, value_name = "WORDS", default_value_t = FIND_PASSAGE)]
    pub(super) passage: usize,

    /// Words that count for nobody: boilerplate.jsonl of a scan
    #[arg(long, value_name = "FILE")]
    boilerplate: Option<PathBuf>,

    /// What goes to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: OneFormat,

    /// Write the article and its answers side by side as a page of HTML into this file
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,

    /// Replace FILE if it is there
    #[arg(long, requires = "html")]
    pub(super) force: bool,

    /// Answers that are shown as text, those who share most first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) top: usize,

    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) input: Input,
}

#[derive(Debug, Args)]
#[command(after_help = WHO_GOES)]
pub(super) struct Dedup {
    /// Files, folders, globs, or - for standard input, as for scan
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Older articles, which stay: what duplicates one of them is removed. They are not written
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) against: Vec<PathBuf>,

    /// Where the dump goes: a file if PATH is one file, else a folder. The audit is written beside it
    #[arg(short = 'o', long = "output", id = "output", value_name = "OUT", required_unless_present = "dry_run",
          value_parser = PathBufValueParser::new().map(|path| path.components().collect::<PathBuf>()))]
    pub(super) output: Option<PathBuf>,

    /// Replace OUT, if it is there as dedup wrote it
    #[arg(long, requires = "output")]
    pub(super) force: bool,

    /// Say what would be removed, and write nothing
    #[arg(long, conflicts_with = "output")]
    pub(super) dry_run: bool,

    /// Remove nothing: write all records that could be read, each with its cluster, whether it would stay, and its nearest
    /// duplicate: in a field `wirecopy` of JSON, in columns `wirecopy_...` of CSV and Parquet, of others in OUT.notes.jsonl
    #[arg(long)]
    pub(super) annotate: bool,

    #[command(flatten)]
    pub(super) rules: Removal,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) room: Room,
    #[command(flatten)]
    pub(super) work: Work,
    #[command(flatten)]
    pub(super) input: Input,
}

/// What is removed, and who stays.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is removed")]
pub(super) struct Removal {
    /// Least Jaccard of near-duplicates
    #[arg(long, value_name = "J", default_value_t = NEAR_DUPLICATE)]
    threshold: f64,

    /// What makes an article a duplicate
    #[arg(long, value_name = "LIKENESS[,LIKENESS]", value_delimiter = ',', default_value = "identical,near-duplicate")]
    remove: Vec<LikenessName>,

    /// Who of several duplicates stays
    #[arg(long, value_name = "WHO", default_value = "longest")]
    keep: KeepName,

    /// Publishers whose articles stay before others, a name a line, the most preferred first
    #[arg(long, value_name = "FILE")]
    prefer: Option<PathBuf>,

    /// Leave articles with fewer words alone
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_words: u32,

    /// Words that count for nobody: boilerplate.jsonl of a scan, instead of learning them
    #[arg(long, value_name = "FILE", conflicts_with = "count_boilerplate")]
    boilerplate: Option<PathBuf>,

    /// Count footers and the like as words of their articles
    #[arg(long)]
    count_boilerplate: bool,

    /// Find all near-duplicates with certainty, not by signatures; takes about twice the time
    #[arg(long)]
    exhaustive: bool,
}

#[derive(Debug, Args)]
#[command(after_help = LABELS)]
pub(super) struct Evaluate {
    /// Files, folders or globs, as for scan
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Labels: pairs (two ids and a label a line) or clusters (an id and a cluster), as CSV, TSV or JSON lines
    #[arg(long, value_name = "FILE", required_unless_present = "sample")]
    pub(super) truth: Option<PathBuf>,

    /// Labels that mean that a pair ought to be found [default: 1, true, yes, y, same, duplicate, positive]
    #[arg(long, value_name = "LABEL[,LABEL]", value_delimiter = ',', requires = "truth")]
    pub(super) positive: Vec<String>,

    /// Write so many pairs of each relation with both texts as CSV to standard output, to be labelled by people
    #[arg(long, value_name = "N", conflicts_with = "truth")]
    pub(super) sample: Option<usize>,

    /// Write the plot of precision and recall into this file
    #[arg(long, value_name = "FILE", requires = "truth")]
    pub(super) svg: Option<PathBuf>,

    /// Replace FILE of --svg if it is there
    #[arg(long, requires = "svg")]
    pub(super) force: bool,

    /// What goes to standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: OneFormat,

    /// Missed and wrong pairs that are shown as text
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) top: usize,

    #[command(flatten)]
    pub(super) room: Room,
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) search: Search,
    #[command(flatten)]
    pub(super) input: Input,
}

#[derive(Debug, Args)]
#[command(after_help = EXPLAINS)]
pub(super) struct Explain {
    /// The id of an article, as scan gives it
    pub(super) a: String,

    /// The id of another
    pub(super) b: String,

    /// Files, folders or globs, as for scan
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Reference articles, as for scan
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) against: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    pub(super) room: Room,
    #[command(flatten)]
    pub(super) search: Search,
    #[command(flatten)]
    pub(super) input: Input,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// For which shell
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Folder in which a page for each command is written
    #[arg(short = 'o', long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = REPORTS)]
pub(super) struct Report {
    /// A folder that scan wrote with -o
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,

    /// Where the page goes [default: report.html in DIR]
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Replace FILE if it is there; report.html in DIR is replaced anyway
    #[arg(long)]
    pub(super) force: bool,

    /// Pairs of which the report holds both texts, of those whose texts are in DIR
    #[arg(long = "report-pairs", value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    pub(super) pairs: usize,
}

#[derive(Debug, Args)]
#[command(after_help = TUNES)]
pub(super) struct Tune {
    /// The Jaccard to be found
    #[arg(long, value_name = "J", default_value_t = THRESHOLD)]
    pub(super) threshold: f64,

    /// With which probability
    #[arg(long, value_name = "P", default_value_t = RECALL)]
    pub(super) recall: f64,

    /// Show the curve of this number of bands instead of choosing
    #[arg(long, requires = "rows")]
    pub(super) bands: Option<usize>,

    /// Rows a band
    #[arg(long, requires = "bands")]
    pub(super) rows: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A summary and the strongest pairs
    Text,
    /// All pairs, an object a line, as in pairs.jsonl; the summary goes to standard error
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LikenessName {
    Identical,
    NearDuplicate,
    Excerpt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeepName {
    Longest,
    Earliest,
    Latest,
    First,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// An article each
    Text,
    /// A page each
    Html,
    /// An object a line, an array, or objects of several lines
    Json,
    /// An article a row
    Csv,
    /// An article a row, its cells separated by tabs
    Tsv,
    /// An article a row, column by column
    Parquet,
    /// Responses of web servers, or texts made of them (WET)
    Warc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OneFormat {
    /// For people
    Text,
    /// One object of JSON
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DetailName {
    /// Offsets and whole texts
    Full,
    /// Offsets and at most 300 bytes of text each; nothing for identical pairs
    Short,
    /// Offsets only
    Spans,
    /// Nothing
    None,
}

impl From<DetailName> for Detail {
    fn from(name: DetailName) -> Self {
        match name {
            DetailName::Full => Self::Full,
            DetailName::Short => Self::Short,
            DetailName::Spans => Self::Spans,
            DetailName::None => Self::None,
        }
    }
}

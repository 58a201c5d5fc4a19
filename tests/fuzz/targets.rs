//! What must hold whatever the bytes are: of every parser, of words, of scores, and of a whole deduplication.
//!
//! The same targets are driven by `tests/fuzzing.rs`, with seeds that were changed at random, and by libFuzzer, which looks
//! for bytes that reach new code.

use std::fs;
use std::path::Path;
use wirecopy::cluster::stays::{Likeness, Rules};
use wirecopy::input::{InputOptions, Limits, Plan};
use wirecopy::pipeline::Quiet;
use wirecopy::pipeline::dedup::Target;
use wirecopy::pipeline::needs::Budget;
use wirecopy::pipeline::scan::Scan;
use wirecopy::{Config, score, text};

/// A target: its name, which is that of its seeds, and what is done with bytes.
pub type Named = (&'static str, fn(&[u8]));

pub const TARGETS: [Named; 13] = [
    ("lines", |bytes| dump("dump.jsonl", bytes)),
    ("objects", |bytes| dump("dump.json", bytes)),
    ("table", |bytes| dump("dump.csv", bytes)),
    ("text", |bytes| dump("dump.txt", bytes)),
    ("page", |bytes| dump("dump.html", bytes)),
    ("responses", |bytes| dump("dump.warc", bytes)),
    ("columns", |bytes| dump("dump.parquet", bytes)),
    ("zip", |bytes| dump("dump.zip", bytes)),
    ("tar", |bytes| dump("dump.tar", bytes)),
    ("packed", |bytes| dump("dump.jsonl.gz", bytes)),
    ("anything", |bytes| dump("dump", bytes)),
    ("words", words),
    ("score", compare),
];

/// Deduplicates a file: it does not panic, and every record is kept, removed or rejected.
fn dump(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a file");
    let limits = Limits { record: 1 << 20, ratio: 1000 };
    let options = InputOptions { limits, ..InputOptions::default() };
    let plan = Plan::new(&[path], &[], &options).expect("no setting is wrong");
    if plan.sources.is_empty() {
        return;
    }
    let is_file = plan.is_one_file();
    let (scan, sketches) =
        Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet).expect("few articles");
    let all = [Likeness::Identical, Likeness::NearDuplicate, Likeness::Excerpt];
    let rules = Rules { remove: all.to_vec(), ..Rules::default() };
    let found = scan.find_removable(sketches, None, &rules, &Quiet).expect("nothing is written");
    let account = scan.account(&found.removed);
    assert_eq!(account.read, account.kept + account.removed + account.rejected);
    let (kept, rejected) = (folder.path().join("kept"), folder.path().join("rejected"));
    if !is_file {
        fs::create_dir(&kept).expect("a folder");
    }
    let target = Target { kept: &kept, rejected: &rejected, is_file, annotate: false };
    // It fails where a record is missing from the account, and must not, but where a column that is not needed to find
    // duplicates cannot be copied.
    if let Err(error) = scan.write_without(&found, target, &Quiet) {
        assert!(name.contains(".parquet") && !error.to_string().contains("changed while"), "{error}");
        return;
    }
    // Halves of pairs in UTF-16 become what stands for no character.
    let is_utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if found.skipped.is_empty() && found.removed.is_empty() && is_as_it_was(name) && !is_utf16 {
        assert_eq!(fs::read(&kept).expect("it was written"), bytes, "nothing went, and nothing is different");
    }
}

/// Whether what comes out is what went in, to the byte, if nothing goes.
fn is_as_it_was(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("jsonl" | "csv" | "txt" | "html"))
}

/// Words lie in the text, in order, on its characters, whichever way they are asked for.
fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words = text::words(&text);
    let mut last = 0;
    for word in &words {
        assert!(!word.span.of(&text).is_empty(), "a word has characters");
        assert!(word.span.start >= last, "words are in order");
        last = word.span.start;
    }
    let mut hashes = Vec::new();
    text::word_hashes(&text, &mut hashes);
    assert!(words.iter().map(|word| word.hash).eq(hashes.iter().copied()));
    // What stands before a text does not change its words.
    let behind = format!("{}\n{text}", " ".repeat(bytes.len() % 70));
    assert!(text::words(&behind).iter().map(|word| word.hash).eq(hashes));
}

/// Numbers of two texts are fractions, the same from both sides, and passages lie in their texts.
fn compare(bytes: &[u8]) {
    let cut = bytes.first().map_or(0, |&first| usize::from(first) * bytes.len() / 256);
    let [a, b] = [&bytes[..cut], &bytes[cut..]].map(String::from_utf8_lossy);
    let config = Config::default();
    let (one, other) = (score::Prepared::new(&a, &config), score::Prepared::new(&b, &config));
    let (there, back) = (score::compare(&one, &other, &config), score::compare(&other, &one, &config));
    assert_eq!(there.overlap, back.overlap.swapped());
    assert_eq!(there.relation, back.relation);
    let overlap = &there.overlap;
    let numbers = [overlap.jaccard(), overlap.containment_a(), overlap.containment_b(), overlap.coverage_a()];
    assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)), "{numbers:?}");
    for passage in &there.passages {
        let (in_a, in_b) = (passage.a(), passage.b());
        assert!(in_a.end as usize <= one.spans().len() && in_b.end as usize <= other.spans().len());
        assert!(in_a.start < in_a.end && in_b.start < in_b.end);
    }
}

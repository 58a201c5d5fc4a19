//! What can be read, and what results call it.

use crate::util::{Folder, gzipped, json_line, story};
use serde_json::json;
use std::fs;
use wirecopy::input::{InputOptions, Plan};
use wirecopy::pipeline::Quiet;
use wirecopy::pipeline::needs::Budget;
use wirecopy::pipeline::scan::Scan;
use wirecopy::report::{Render, Sink};
use wirecopy::score::{Comparison, Side};
use wirecopy::{Config, ScoredPair};

fn dump() -> String {
    let text = story(1, 20);
    let more = format!("{text} Ünï “quoted” 北京 and 😀 more");
    [
        json_line(&[("id", "one"), ("text", &text)]),
        json_line(&[("id", "two"), ("text", &more)]),
        json_line(&[("id", "three"), ("text", &story(2, 20))]),
    ]
    .concat()
}

#[test]
fn every_packing_gives_the_same_pairs() {
    let folder = Folder::new();
    let text = dump();
    let utf16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let half = text.find('\n').expect("a line") + 1;
    let members = [gzipped(&text.as_bytes()[..half]), gzipped(&text.as_bytes()[half..])].concat();
    folder.write("plain.jsonl", &text);
    let expected = folder.scan(&["plain.jsonl"], 0).pairs();
    assert_eq!(expected.len(), 1);
    for (name, bytes) in [
        ("gzip.jsonl.gz", gzipped(text.as_bytes())),
        ("members.jsonl.gz", members),
        ("zstd.jsonl.zst", zstd::encode_all(text.as_bytes(), 1).expect("memory does not fail")),
        ("bom.jsonl", ["\u{feff}".as_bytes(), text.as_bytes()].concat()),
        ("utf16.jsonl", utf16(&text)),
        ("utf16.jsonl.gz", gzipped(&utf16(&text))),
        ("by-content.jsonl", gzipped(text.as_bytes())),
        ("no-line-feed.jsonl", text.trim_end().as_bytes().to_vec()),
        ("windows.jsonl", text.replace('\n', "\r\n").into_bytes()),
    ] {
        folder.write(name, bytes);
        assert_eq!(folder.scan(&[name], 0).pairs(), expected, "{name}");
    }
}

#[test]
fn text_files_of_every_packing_are_articles() {
    let folder = Folder::new();
    let text = story(1, 20);
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    folder
        .write("in/a.txt", &text)
        .gzip("in/b.txt.gz", text.as_bytes())
        .write("in/c.md.zst", zstd::encode_all(text.as_bytes(), 1).expect("memory does not fail"))
        .write("in/d.txt", utf16)
        .write("in/e.txt", format!("\u{feff}{text}"));
    let results = folder.scan(&["in"], 0);
    assert_eq!(
        results.relations(),
        ["b.txt.gz", "c.md.zst", "d.txt", "e.txt"].map(|name| format!("a.txt {name} identical"))
    );
}

#[test]
fn spans_are_offsets_into_the_file() {
    let folder = Folder::new();
    let quote = "“Wir können’s nicht länger verschieben”, sagte sie am Montag";
    let (a, b) = (format!("\u{feff}Erst {quote}. Dann nichts"), format!("Zuletzt {quote} wieder"));
    folder.write("a.txt", &a).write("b.txt", &b);
    let run = folder.run(&["compare", "a.txt", "b.txt", "--format", "json"]);
    let pair: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let passage = &pair["passages"][0];
    for (side, text) in [("a", a), ("b", b)] {
        let at = |index: usize| usize::try_from(passage[side][index].as_u64().expect("a number")).expect("it fits");
        assert_eq!(&text[at(0)..at(1)], "Wir können’s nicht länger verschieben”, sagte sie am Montag");
    }
}

#[test]
fn ids_are_unique_and_said() {
    let folder = Folder::new();
    let text = story(1, 10);
    let lines = |ids: [&str; 2]| ids.map(|id| format!("{{\"id\": {id}, \"text\": \"{text}\"}}\n")).concat();
    let id_of = |ids: [&str; 2]| {
        folder.write("d.jsonl", lines(ids));
        let results = folder.scan(&["d.jsonl"], 0);
        (results.relations()[0].clone(), results.summary()["input"]["ids"].as_str().expect("text").to_owned())
    };
    assert_eq!(id_of(["\"x\"", "7"]), ("x 7 identical".into(), "the id field".into()));
    let clash = id_of(["\"x\"", "\"x\""]);
    assert_eq!(clash.0, "d.jsonl:1 d.jsonl:2 identical");
    assert!(clash.1.contains("occurs more than once"), "{}", clash.1);
    assert!(id_of(["\"x\"", "null"]).1.contains("1 of 2 articles has no id"));
}

#[test]
fn names_follow_the_paths_as_given() {
    let folder = Folder::new();
    let text = story(1, 10);
    folder.write("x/sub/a.txt", &text).write("y/b.txt", &text).write("y/c.jsonl", json_line(&[("text", &text)]));
    assert_eq!(folder.scan(&["x"], 0).relations(), Vec::<String>::new());
    assert_eq!(
        folder.scan(&["x", "y/"], 0).relations(),
        ["x/sub/a.txt y/b.txt identical", "x/sub/a.txt y/c.jsonl:1 identical"]
    );
    let by_glob = folder.scan(&["?/*.txt", "x/sub/*"], 0);
    assert_eq!(by_glob.relations(), ["y/b.txt x/sub/a.txt identical"]);
    let twice = folder.scan(&["y", "y/b.txt"], 0);
    assert_eq!(twice.summary()["input"]["repeated"], 1);
    assert_eq!(twice.relations(), ["y/b.txt y/c.jsonl:1 identical"]);
}

#[test]
fn include_reads_what_it_names() {
    let folder = Folder::new();
    let text = story(1, 10);
    folder
        .write("in/a.txt", &text)
        .write("in/b.story", &text)
        .write("in/deep/c.story", &text)
        .write("in/.hidden.story", &text);
    let plain = folder.scan(&["in"], 0);
    assert_eq!(plain.summary()["counts"]["articles"], 1);
    assert_eq!(plain.summary()["input"]["passed_over"]["story"], 2);
    let included = folder.scan(&["in", "--include", "*.story"], 0);
    assert_eq!(included.relations(), ["b.story deep/c.story identical"]);
}

#[test]
fn references_are_never_compared_with_each_other() {
    let folder = Folder::new();
    let (old, new) = (story(1, 20), story(2, 20));
    folder
        .write("today/a.txt", &old)
        .write("today/b.txt", format!("{new} changed a little"))
        .write("archive/1.txt", &old)
        .write("archive/2.txt", format!("{old} with a change"))
        .write("archive/3.txt", &new)
        .write("archive/4.txt", &new);
    let results = folder.scan(&["today", "--against", "archive"], 0);
    let mut relations = results.relations();
    relations.sort();
    assert_eq!(
        relations,
        [
            "today/a.txt archive/1.txt identical",
            "today/a.txt archive/2.txt near-duplicate",
            "today/b.txt archive/3.txt near-duplicate",
        ]
    );
    assert_eq!(results.summary()["counts"]["references"], 4);
    let all = folder.scan(&["today", "--against", "archive", "--list-all"], 0);
    assert_eq!(all.relations().len(), 4, "{:?}", all.relations());
}

#[test]
fn fields_are_found_or_set() {
    let folder = Folder::new();
    let text = story(1, 10);
    let record = |publisher: &str, date: &str| {
        serde_json::json!({"headline": "H", "maintext": text, "source": {"name": publisher}, "date_publish": date,
            "url": "https://www.example.org/x"})
    };
    folder.write("d.jsonl", format!("{}\n{}\n", record("Gazette", "2024-05-02"), record("Courier", "01.05.2024")));
    let rows = folder.scan(&["d.jsonl"], 0);
    assert_eq!(rows.summary()["input"]["odd_dates"], 1);
    assert_eq!(rows.table("articles.csv")[1][3..7], ["H", "2024-05-02", "Gazette", "https://www.example.org/x"]);
    let set = folder.scan(
        &["d.jsonl", "--date-format", "%d.%m.%Y", "--publisher-field", "none", "--text-field", "headline,maintext"],
        0,
    );
    let table = set.table("articles.csv");
    assert_eq!(table[2][4..6], ["2024-05-01", "example.org"]);
    assert_eq!(table[1][7], "121", "title and text");
    assert_eq!(table[1][8..11], ["1", "d.jsonl:2", "identical"], "the earlier one represents");
}

#[test]
fn the_earliest_represents_even_if_it_is_a_reference() {
    let folder = Folder::new();
    let text = story(1, 30);
    let record = |text: &str, date: &str| json_line(&[("text", text), ("date", date)]);
    folder.write("new.jsonl", [record(&text, "2024-01-01"), record(&format!("{text} more"), "2022-01-01")].concat());
    folder.write("old.jsonl", record(&text, "2020-01-01"));
    let results = folder.scan(&["new.jsonl", "--against", "old.jsonl"], 0);
    let clusters = results.lines("clusters.jsonl");
    assert_eq!(clusters[0]["representative"], "old.jsonl:1");
    let members: Vec<_> =
        clusters[0]["members"].as_array().expect("a list").iter().map(|member| &member["id"]).collect();
    assert_eq!(members, ["new.jsonl:1", "new.jsonl:2"]);
    assert_eq!(clusters[0]["members"][0]["relation"], "identical");
    assert_eq!(clusters[0]["members"][1]["relation"], "near-duplicate");
}

#[test]
fn a_first_record_with_nulls_hides_no_field() {
    let folder = Folder::new();
    let text = story(1, 10);
    let records = [
        format!("{{\"text\": \"{text}\", \"date\": null, \"url\": null}}\n"),
        json_line(&[("text", &text), ("date", "2020-05-01"), ("url", "https://a.example/1")]),
    ];
    folder.write("d.jsonl", records.concat());
    let table = folder.scan(&["d.jsonl"], 0).table("articles.csv");
    assert_eq!(table[2][4..7], ["2020-05-01", "a.example", "https://a.example/1"]);
    assert_eq!(table[1][9], "d.jsonl:2", "the dated one represents");
}

#[test]
fn a_stream_with_a_bad_first_line_is_still_lines() {
    let folder = Folder::new();
    let line = json_line(&[("text", &story(1, 10))]);
    let run = folder.run_with_input(&["scan", "-", "-o", "out", "-q"], format!("not json\n{line}{line}").as_bytes());
    assert_eq!(run.status, 3, "{}", run.err);
    let pairs = fs::read_to_string(folder.path("out/pairs.jsonl")).expect("it was written");
    assert!(pairs.contains("stdin:2") && pairs.contains("stdin:3"), "{pairs}");
    let nulls = "{\"text\": null}\n".repeat(400_000);
    folder.write("late.jsonl", format!("garbage\n{nulls}{line}{line}"));
    assert_eq!(
        folder.scan(&["late.jsonl"], 3).pairs().len(),
        1,
        "the fields are those of the first record with a text"
    );
    let array = folder.run_with_input(&["scan", "-"], format!("[\n{}]", line.trim_end()).as_bytes());
    assert!(array.status == 0 && array.out.contains("1 article from 1 source"), "{}{}", array.out, array.err);
    for nothing in ["", "\n\n"] {
        assert_eq!(folder.run_with_input(&["scan", "-"], nothing.as_bytes()).status, 0);
    }
}

#[test]
fn a_file_that_becomes_shorter_is_listed() {
    let folder = Folder::new();
    let line = json_line(&[("text", &story(1, 10))]);
    folder.write("d.jsonl", line.repeat(10));
    let options = InputOptions::default();
    let plan = Plan::new(&[folder.path("d.jsonl")], &[], &options).expect("it is there");
    folder.write("d.jsonl", &line);
    let (scan, _) =
        Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet).expect("it goes on");
    assert_eq!(scan.catalogue().cards.len(), 1);
    assert!(scan.skipped()[0].reason.contains("became shorter"), "{:?}", scan.skipped());
}

#[test]
fn results_in_a_scanned_folder_are_not_read() {
    let folder = Folder::new();
    folder.write("a.txt", story(1, 10)).write("b.txt", story(1, 10));
    for _ in 0..2 {
        let results = folder.scan(&["."], 0);
        assert_eq!(results.summary()["counts"]["articles"], 2);
    }
}

#[cfg(unix)]
#[test]
fn links_to_one_file_are_one_article() {
    let folder = Folder::new();
    folder.write("in/x/a.txt", story(1, 10));
    std::os::unix::fs::symlink(folder.path("in/x/a.txt"), folder.path("in/b.txt")).expect("a link");
    std::os::unix::fs::symlink(folder.path("in/x"), folder.path("in/y")).expect("a link");
    let summary = folder.scan(&["in"], 0).summary();
    assert_eq!((&summary["counts"]["articles"], &summary["input"]["repeated"]), (&1.into(), &2.into()));
}

#[test]
fn formulas_are_defused_in_tables() {
    let folder = Folder::new();
    let lines = [
        json_line(&[("title", "=1+1"), ("text", "a b c"), ("date", "-000001-11-30")]),
        json_line(&[("title", "plain"), ("text", "d e f")]),
    ];
    folder.write("d.jsonl", lines.concat());
    let results = folder.scan(&["d.jsonl"], 0);
    let table = results.table("articles.csv");
    assert_eq!((table[1][3].as_str(), table[2][3].as_str()), ("'=1+1", "plain"));
    assert_eq!((table[1][4].as_str(), &results.summary()["input"]["odd_dates"]), ("", &json!(1)));
}

#[test]
fn a_text_that_changes_during_the_run_is_listed() {
    let text = story(1, 20);
    let pairs_for = |mut sink: Option<Nothing>| {
        let folder = Folder::new();
        folder
            .write("in/a.txt", &text)
            .write("in/b.txt", &text)
            .write("in/c.txt", &text)
            .write("in/d.jsonl", json_line(&[("text", &text)]));
        let options = InputOptions::default();
        let plan = Plan::new(&[folder.path("in")], &[], &options).expect("it is there");
        let (scan, sketches) =
            Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet).expect("it can be read");
        folder.write("in/b.txt", "another text now");
        folder.write("in/d.jsonl", "{}");
        fs::remove_file(folder.path("in/c.txt")).expect("it was there");
        let found = scan.detect(sketches, None, &mut sink, &Quiet).expect("it goes on");
        let skipped: Vec<&str> = found.skipped.iter().map(|skip| skip.source.as_str()).collect();
        assert_eq!(skipped, ["b.txt", "c.txt", "d.jsonl"]);
        found.pairs.len()
    };
    // Whoever looks at the texts of copies sees none of those that are gone; else what was read first is counted.
    assert_eq!((pairs_for(Some(Nothing)), pairs_for(None)), (0, 3));
}

/// A sink that keeps nothing.
struct Nothing;

impl Render for Nothing {
    type Rendered = ();

    fn render(&self, _: &ScoredPair, _: &Comparison, _: Side<'_>, _: Side<'_>) {}

    fn bytes((): &()) -> usize {
        0
    }
}

impl Sink for Nothing {
    type Render = Self;

    fn renderer(&self) -> Self {
        Self
    }

    fn take(&mut self, _: &ScoredPair, (): ()) -> wirecopy::Result<()> {
        Ok(())
    }
}

/// Half a character, a number too large and arrays too deep are JSON all the same.
#[test]
fn fields_are_found_in_records_that_are_read() {
    let folder = Folder::new();
    let text = story(1, 10);
    let odd = [
        format!(r#"{{"title": "cut \ud83d", "text": "{text}"}}"#),
        format!(r#"{{"score": 1e999, "text": "{text}"}}"#),
        format!(r#"{{"deep": {}{}, "text": "{text}"}}"#, "[".repeat(200), "]".repeat(200)),
        format!(r#"{{"text": "{text}\ud83d"}}"#),
    ];
    for (number, record) in odd.iter().enumerate() {
        folder.write(&format!("in/{number}.json"), record);
    }
    let results = folder.scan(&["in"], 0);
    assert_eq!(results.summary()["counts"]["articles"], 4, "{:?}", results.skipped());
    assert_eq!(results.summary()["counts"]["clusters"], 1);
}

#[test]
fn blank_lines_before_the_first_record_hide_nothing() {
    let folder = Folder::new();
    for blank in [10, (1 << 20) + 1] {
        folder.write("dump.jsonl", "\n".repeat(blank) + &dump());
        assert_eq!(folder.scan(&["dump.jsonl"], 0).relations(), ["one two near-duplicate"], "{blank} lines");
    }
}

#[test]
fn what_a_repository_ignores_is_read() {
    let folder = Folder::new();
    folder.write("data/dump.jsonl", dump()).write("data/.hidden.jsonl", dump());
    folder.write(".gitignore", "*.jsonl\n").write("data/.ignore", "dump.jsonl\n").write(".git/HEAD", "");
    assert_eq!(folder.scan(&["data"], 0).summary()["counts"]["articles"], 3);
}

#[test]
fn a_mark_in_the_first_cell_of_a_row_is_part_of_it() {
    let folder = Folder::new();
    let text = story(1, 10);
    let mark = '\u{feff}';
    folder.write("first.csv", format!("{mark}text,id\n{mark}{text},a\n{mark}{text},b\n"));
    folder.write("second.csv", format!("id,text\na,{mark}{text}\nb,{mark}{text}\n"));
    let spans = |name: &str| folder.scan(&[name, "--passages", "spans"], 0).pairs()[0]["passages"][0].to_string();
    assert_eq!(spans("first.csv"), spans("second.csv"));
    assert!(spans("first.csv").contains("[3,"), "{}", spans("first.csv"));
}

#[test]
fn only_what_had_to_be_decoded_is_counted() {
    let folder = Folder::new();
    let plain: String = (0..9).map(|n| json_line(&[("text", &story(n, 5))])).collect();
    let mut lines = plain.into_bytes();
    lines.extend_from_slice(b"{\"text\": \"caf\xe9 au lait na\xefve\"}\n");
    folder.write("dump.jsonl", &lines);
    assert_eq!(folder.scan(&["dump.jsonl"], 0).summary()["input"]["encodings"], json!({"windows-1252": 1}));
}

//! `wirecopy dedup`: what is kept, what is removed and why, and that nothing is lost.

use crate::corpus::Corpus;
use crate::util::{Folder, gzipped, json_line, story};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::Path;

/// A story of 40 sentences with the last `cut` words gone.
fn shortened(seed: u32, cut: usize) -> String {
    let text = story(seed, 40);
    let words: Vec<&str> = text.split(' ').collect();
    words[..words.len() - 1 - cut].join(" ")
}

fn record(id: &str, text: &str, date: &str) -> String {
    json_line(&[("id", id), ("text", text), ("date", date)])
}

fn json_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The removed of a run as "id kept relation rule".
fn removed(folder: &Folder, out: &str) -> Vec<String> {
    let field = |value: &Value| value.as_str().expect("text").to_owned();
    json_lines(&folder.path(&format!("{out}.removed.jsonl")))
        .iter()
        .map(|line| [&line["id"], &line["kept"]["id"], &line["relation"], &line["rule"]].map(field).join(" "))
        .collect()
}

fn summary(folder: &Folder, out: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.path(&format!("{out}.summary.json"))).expect("it is there")).expect("JSON")
}

type Unpack = fn(&[u8]) -> Vec<u8>;

#[test]
fn a_dump_comes_out_without_its_duplicates_byte_for_byte() {
    let folder = Folder::new();
    let lines = [
        record("short", &shortened(1, 20), "2024-01-01"),
        "\n".to_owned(),
        // Bytes that no writer of JSON would choose.
        format!("  {{\"id\" : \"whole\",\t\"text\":\"\\u0077{}\", \"date\": null }} \r\n", &story(1, 40)[1..]),
        record("other", &story(2, 10), "2024-01-02"),
        "not a record\n".to_owned(),
        record("copy", &story(2, 10), "2023-12-31"),
        record("nothing", " - ", "2024-01-01"),
        record("nothing too", "", "2024-01-01"),
        record("last", &story(3, 5), "").trim_end().to_owned(),
    ];
    let dump = lines.concat();
    let kept = [&lines[1..3], &lines[5..]].concat().concat();
    let wide = |text: &str| -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    let cases: [(&str, Vec<u8>, Unpack); 4] = [
        ("plain.jsonl", dump.clone().into_bytes(), <[u8]>::to_vec),
        ("packed.jsonl.gz", gzipped(dump.as_bytes()), |bytes| {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut unpacked).expect("gzip");
            unpacked
        }),
        ("packed.jsonl.zst", zstd::encode_all(dump.as_bytes(), 3).expect("in memory"), |bytes| {
            zstd::decode_all(bytes).expect("zstd")
        }),
        ("wide.jsonl", wide(&dump), |bytes| {
            let units = bytes[2..].as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
            char::decode_utf16(units).map(|ch| ch.expect("valid")).collect::<String>().into_bytes()
        }),
    ];
    for (name, bytes, unpacked) in cases {
        folder.write(name, &bytes);
        let out = format!("clean-{name}");
        let run = folder.run(&["dedup", name, "-o", &out, "--quiet"]);
        assert_eq!(run.status, 3, "a record was rejected: {}", run.err);
        let written = fs::read(folder.path(&out)).expect("it was written");
        assert_eq!(String::from_utf8_lossy(&unpacked(&written)), kept, "{name}");
        assert_eq!(removed(&folder, &out), ["short whole near-duplicate longer", "other copy identical earlier"]);
        assert_eq!(fs::read_to_string(folder.path(&format!("{out}.rejected"))).expect("it is there"), lines[4]);
        assert_eq!(json_lines(&folder.path(&format!("{out}.skipped.jsonl")))[0]["record"], 5);
        let account = &summary(&folder, &out)["account"];
        assert_eq!([&account["read"], &account["kept"], &account["removed"], &account["rejected"]], [8, 5, 2, 1]);
        let again = folder.run(&["dedup", &out, "-o", "again", "--force", "--quiet"]);
        assert_eq!((again.status, removed(&folder, "again").len()), (0, 0), "{name}: {}", again.err);
    }
    let names = fs::read_dir(folder.path("")).expect("it is there").map(|entry| entry.expect("it is").file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with('.')), "nothing is left behind");
}

#[test]
fn a_folder_becomes_a_folder() {
    let folder = Folder::new();
    folder
        .write("news/a/one.txt", story(1, 10))
        .write("news/a/copy.txt", story(1, 10))
        .write("news/b/two.txt", story(2, 10))
        .write("news/b/empty.txt", "")
        .write(
            "news/day.jsonl",
            [record("x", &story(2, 10), ""), record("y", &story(5, 10), ""), "{\n".into()].concat(),
        )
        .write("news/picture.png", "not read");
    let run = folder.run(&["dedup", "news", "-o", "made/clean", "--keep", "first"]);
    assert_eq!(run.status, 3, "{}", run.err);
    let read = |name: &str| fs::read_to_string(folder.path(&format!("made/{name}"))).ok();
    assert_eq!(read("clean/a/copy.txt"), Some(story(1, 10)));
    assert_eq!(read("clean/a/one.txt"), None);
    assert_eq!(read("clean/b/two.txt"), Some(story(2, 10)));
    assert_eq!(read("clean/b/empty.txt"), Some(String::new()), "an article without words is nobody's duplicate");
    assert_eq!(read("clean/day.jsonl"), Some(record("y", &story(5, 10), "")));
    assert_eq!(read("clean.rejected/day.jsonl.rejected"), Some("{\n".to_owned()));
    assert_eq!(read("clean/picture.png"), None);
    assert!(run.out.contains("7 read: 4 kept, 2 removed, 1 rejected"), "{}", run.out);
    assert_eq!(
        removed(&folder, "made/clean"),
        ["a/one.txt a/copy.txt identical first", "day.jsonl:1 b/two.txt identical first"]
    );
    // What was written is no article when the folder around it is read.
    let results = folder.scan(&["made"], 0);
    assert_eq!(results.summary()["counts"]["articles"], 4, "{}", results.summary());
}

#[test]
fn older_articles_and_preferred_publishers_stay() {
    let folder = Folder::new();
    let by = |id: &str, publisher: &str, text: &str| json_line(&[("id", id), ("publisher", publisher), ("text", text)]);
    let today = [
        by("old news", "Daily", &shortened(1, 3)),
        by("daily", "Daily", &story(2, 40)),
        by("wire", "Wire", &shortened(2, 9)),
        by("unique", "Daily", &story(4, 9)),
    ];
    folder.write("today.jsonl", today.concat()).write("archive/1.jsonl", by("archived", "Daily", &shortened(1, 30)));
    folder.write("preferred", "\nWire\nGazette\nDaily\n");
    let arguments = ["dedup", "today.jsonl", "--against", "archive", "-o", "archive/2.jsonl", "--prefer", "preferred"];
    let run = folder.run(&arguments);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.err.contains("--prefer: no article is of 1 of 3 publishers: Gazette\n"), "{}", run.err);
    let expected = ["old news archived near-duplicate reference", "daily wire near-duplicate preferred"];
    assert_eq!(removed(&folder, "archive/2.jsonl"), expected);
    assert_eq!(fs::read_to_string(folder.path("archive/2.jsonl")).expect("it is there"), today[2..].concat());
    // Once more: the output of last time is no reference, and is not replaced unasked.
    assert_eq!(folder.run(&arguments).status, 2);
    let again = folder.run(&[&arguments[..], &["--force"]].concat());
    assert_eq!(
        (again.status, removed(&folder, "archive/2.jsonl")),
        (0, expected.map(str::to_owned).to_vec()),
        "{}",
        again.err
    );
}

#[test]
fn who_is_like_a_reference_goes_whatever_else_is_like_it() {
    let folder = Folder::new();
    let text = story(1, 40);
    folder.write("old.jsonl", record("r1", &text, "") + &record("r2", &format!("{} {text}", story(2, 4)), ""));
    let (new, copy) = (record("new", &format!("{text} {}", story(3, 4)), ""), record("copy", &text, ""));
    folder.write("one.jsonl", &new).write("two.jsonl", copy + &new);
    let mut gone = Vec::new();
    for input in ["one.jsonl", "two.jsonl"] {
        let arguments = ["dedup", input, "--against", "old.jsonl", "--threshold", "0.85", "-o", "out", "--force", "-q"];
        let run = folder.run(&arguments);
        assert_eq!(run.status, 0, "{}", run.err);
        gone.push(removed(&folder, "out"));
    }
    let new = "new r1 near-duplicate reference";
    assert_eq!(gone, [vec![new], vec!["copy r1 identical reference", new]]);
}

#[test]
fn references_that_were_named_must_be_there() {
    let folder = Folder::new();
    folder.write("today.jsonl", json_line(&[("text", &story(1, 9))]));
    let run = |arguments: &[&str]| {
        folder.run(&[&["dedup", "today.jsonl", "-o", "out", "--max-skipped", "9"], arguments].concat())
    };
    for reference in ["archvie", "archvie/*.jsonl"] {
        let missing = run(&["--against", reference]);
        assert!(missing.status == 2 && missing.err.contains(reference), "{}", missing.err);
        assert!(!folder.path("out").exists(), "what is compared with nothing is no answer");
    }
}

#[test]
fn a_dump_of_one_text_may_go() {
    let folder = Folder::new();
    let page = format!("<html><body><article><p>{}</p></article></body></html>", story(1, 30));
    folder.write("a.txt", story(1, 9)).write("a.html", &page).gzip("a.txt.gz", story(1, 9).as_bytes());
    folder.write("old/a.txt", story(1, 9)).write("old/a.html", page).write("odd.txt", [0, 159, 0, 1]);
    for name in ["a.txt", "a.html", "a.txt.gz"] {
        let run = folder.run(&["dedup", name, "--against", "old", "-o", "out", "--force"]);
        assert!(run.status == 0 && run.out.contains("1 read: 0 kept, 1 removed"), "{name}: {}{}", run.out, run.err);
        assert_eq!(removed(&folder, "out").len(), 1, "{name}");
        let left = fs::read(folder.path("out")).expect("an empty dump");
        let mut unpacked = Vec::new();
        let mut gzip = flate2::read::GzDecoder::new(&left[..]);
        let is_empty = left.is_empty() || gzip.read_to_end(&mut unpacked).is_ok_and(|length| length == 0);
        assert!(is_empty && left.is_empty() != name.ends_with("gz"), "{name}");
    }
    let run = folder.run(&["dedup", "odd.txt", "-o", "odd.out"]);
    assert!(run.status == 2 && run.err.contains("nothing could be read"), "{}", run.err);
    assert!(!folder.path("odd.out").exists() && !folder.path("odd.out.rejected").exists());
    let run = folder.run(&["dedup", "odd.txt", "a.txt", "-o", "odd.out"]);
    assert_eq!(run.status, 3, "{}", run.err);
    assert_eq!(fs::read(folder.path("odd.out.rejected/odd.txt.rejected")).expect("it is given back"), [0, 159, 0, 1]);
}

#[test]
fn what_counts_for_nobody_is_beside_the_dump() {
    let folder = Folder::new();
    let footer = story(999, 4);
    let lines: String = (0..40).map(|n| json_line(&[("text", &format!("{}\n{footer}", story(n, 12)))])).collect();
    folder.write("dump.jsonl", lines);
    assert_eq!(folder.run(&["dedup", "dump.jsonl", "-o", "out.jsonl", "-q"]).status, 0);
    let learnt = fs::read_to_string(folder.path("out.jsonl.boilerplate.jsonl")).expect("it was learnt");
    assert!(learnt.contains("\"articles\":40"), "{learnt}");
    let arguments = ["--boilerplate", "out.jsonl.boilerplate.jsonl", "--force"];
    assert_eq!(folder.run(&[&["dedup", "dump.jsonl", "-o", "out.jsonl"][..], &arguments].concat()).status, 0);
    assert_eq!(fs::read_to_string(folder.path("out.jsonl.boilerplate.jsonl")).expect("the same"), learnt);
    assert_eq!(folder.run(&["dedup", "dump.jsonl", "-o", "out.jsonl", "--force", "--count-boilerplate"]).status, 0);
    assert!(!folder.path("out.jsonl.boilerplate.jsonl").exists(), "nothing counts for nobody");
}

#[test]
fn what_goes_is_what_was_asked_for() {
    let folder = Folder::new();
    let (part, whole) = (story(1, 10), format!("{} {}", story(1, 10), story(7, 30)));
    folder.write(
        "dump.jsonl",
        [
            record("whole", &whole, ""),
            record("part", &part, ""),
            record("copy", &part, ""),
            record("brief", "six words and not one more", ""),
            record("brief too", "six words and not one more", ""),
            record("near", &shortened(9, 40), ""),
            record("nearer", &shortened(9, 4), ""),
        ]
        .concat(),
    );
    let removed = |arguments: &[&str]| {
        let run = folder.run(&[&["dedup", "dump.jsonl", "-o", "out", "--force", "--quiet"], arguments].concat());
        assert_eq!(run.status, 0, "{}", run.err);
        let ids = |line: String| line.rsplitn(3, ' ').last().expect("ids").to_owned();
        removed(&folder, "out").into_iter().map(ids).collect::<Vec<String>>()
    };
    assert_eq!(removed(&[]), ["copy part", "brief too brief", "near nearer"]);
    assert_eq!(removed(&["--min-words", "7"]), ["copy part", "near nearer"]);
    assert_eq!(removed(&["--remove", "identical"]), ["copy part", "brief too brief"]);
    assert_eq!(removed(&["--threshold", "0.99"]), ["copy part", "brief too brief"]);
    assert_eq!(
        removed(&["--remove", "excerpt,identical"]),
        ["part whole", "copy whole", "brief too brief"],
        "an article goes with its copies"
    );
}

#[test]
fn notes_instead_of_removal_and_a_run_that_writes_nothing() {
    let folder = Folder::new();
    let lines = [
        record("one", &story(1, 10), "2024-01-02"),
        record("two", &story(1, 10), "2024-01-01"),
        record("three", &story(3, 4), ""),
    ];
    folder.write("dump.jsonl", lines.concat());
    let run = folder.run(&["dedup", "dump.jsonl", "-o", "noted.jsonl", "--annotate"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let noted = json_lines(&folder.path("noted.jsonl"));
    let notes: Vec<String> = noted.iter().map(|record| record["wirecopy"].to_string()).collect();
    assert_eq!(
        notes,
        [
            r#"{"cluster":1,"keep":false,"nearest":{"id":"two","jaccard":1.0,"relation":"identical"}}"#,
            r#"{"cluster":1,"keep":true,"nearest":{"id":"one","jaccard":1.0,"relation":"identical"}}"#,
            r#"{"cluster":null,"keep":true,"nearest":null}"#,
        ]
    );
    let texts: Vec<&str> = noted.iter().filter_map(|record| record["text"].as_str()).collect();
    assert_eq!(texts, [story(1, 10), story(1, 10), story(3, 4)]);
    let before = fs::read_dir(folder.path("")).expect("it is there").count();
    let run = folder.run(&["dedup", "dump.jsonl", "--dry-run"]);
    assert!(run.status == 0 && run.out.contains("2 kept, 1 removed"), "{}{}", run.out, run.err);
    assert_eq!(fs::read_dir(folder.path("")).expect("it is there").count(), before);
    assert_eq!(folder.run(&["dedup", "noted.jsonl", "-o", "again.jsonl", "--annotate", "--quiet"]).status, 0);
    let bytes = |name: &str| fs::read(folder.path(name)).expect("it was written");
    let renamed = String::from_utf8(bytes("again.jsonl")).expect("JSON").replace("again.jsonl", "noted.jsonl");
    assert_eq!(renamed.as_bytes(), bytes("noted.jsonl"), "an earlier note is replaced");
    assert!(!folder.path("noted.jsonl.notes.jsonl").exists(), "all of them are in the records");
}

#[test]
fn what_takes_no_notes_has_them_beside_it() {
    let folder = Folder::new();
    folder
        .write("in/a.txt", story(1, 9))
        .write("in/b.txt", story(1, 9))
        .write("in/c.html", format!("<html><body><article><p>{}</p></article></body></html>", story(2, 20)))
        .write("in/d.jsonl", record("four", &story(1, 9), ""));
    let run = folder.run(&["dedup", "in", "-o", "out", "--annotate", "--quiet"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let notes = json_lines(&folder.path("out.notes.jsonl"));
    let told: Vec<String> =
        notes.iter().map(|note| format!("{} {} {}", note["id"], note["keep"], note["nearest"]["id"])).collect();
    assert_eq!(told, [r#""a.txt" true "b.txt""#, r#""b.txt" false "a.txt""#, r#""c.html" true null"#]);
    assert_eq!(fs::read(folder.path("out/b.txt")).expect("it stays"), story(1, 9).as_bytes());
    assert_eq!(json_lines(&folder.path("out/d.jsonl"))[0]["wirecopy"]["keep"], false);
}

#[test]
fn what_must_not_be_replaced_stays() {
    let folder = Folder::new();
    folder.write("dump.jsonl", record("one", &story(1, 10), "")).write("mine.jsonl", "mine").write("mine2/x", "mine");
    for out in ["dump.jsonl", "mine.jsonl", "mine2", "."] {
        for force in [&[][..], &["--force"]] {
            let run = folder.run(&[&["dedup", "dump.jsonl", "-o", out], force].concat());
            assert_eq!(run.status, 2, "{out} {force:?} {}", run.out);
        }
    }
    assert_eq!(fs::read_to_string(folder.path("mine.jsonl")).expect("it is there"), "mine");
    // What was written, and changed since.
    folder.write("in/a.txt", story(1, 9));
    for (input, out, change) in [("dump.jsonl", "file", "file"), ("in", "folder", "folder/notes.txt")] {
        let run = |force: &[&str]| folder.run(&[&["dedup", input, "-o", out, "-q"], force].concat()).status;
        assert_eq!([run(&[]), run(&[]), run(&["--force"])], [0, 2, 0], "{out}");
        folder.write(change, "precious");
        assert_eq!(run(&["--force"]), 2, "{out}");
        assert_eq!(fs::read_to_string(folder.path(change)).expect("it is there"), "precious");
    }
    assert_eq!(folder.run(&["dedup", "dump.jsonl", "-o", "-"]).status, 2);
    // What is beside it, and no summary of a deduplication.
    folder.write("next.summary.json", "precious");
    for (force, reason) in [(&[][..], "is there already"), (&["--force"], "has no summary of a deduplication")] {
        let run = folder.run(&[&["dedup", "dump.jsonl", "-o", "next"], force].concat());
        assert!(run.status == 2 && run.err.contains(reason), "{}", run.err);
    }
    let long = "n".repeat(245);
    let run = folder.run(&["dedup", "dump.jsonl", "-o", &long]);
    assert!(run.status == 2 && run.err.contains("is too long a name"), "{}", run.err);
    let run = folder.run(&["dedup", "in", "-o", "slash/"]);
    assert!(run.status == 0 && folder.path("slash.summary.json").exists(), "{}", run.err);
    // A text that stays is no link: it is what it was when it was read.
    folder.write("in/a.txt", "written anew");
    assert_eq!(fs::read_to_string(folder.path("slash/a.txt")).expect("it stays"), story(1, 9));
    let two = folder.write("a/x.jsonl", record("1", "a b", "")).write("b/x.jsonl", record("2", "c d", ""));
    let run = two.run(&["dedup", "a/x.jsonl", "b/x.jsonl", "-o", "both"]);
    assert!(run.status == 2 && run.err.contains("two inputs would both become x.jsonl"), "{}", run.err);
}

/// Every removed article has what was said of it, and of no two that stay could one have gone for the other.
#[test]
fn brute_force_agrees() {
    let folder = Folder::new();
    let corpus = Corpus { seed: 21, footers: false };
    let texts: Vec<String> = (0..1_200)
        .map(|index| corpus.article(index).text.to_lowercase().replace(|ch: char| !ch.is_alphanumeric(), " "))
        .collect();
    let lines = texts.iter().zip(0..).map(|(text, id)| record(&format!("{id}"), text, ""));
    folder.write("dump.jsonl", lines.collect::<String>());
    let run = folder.run(&["dedup", "dump.jsonl", "-o", "out.jsonl", "--count-boilerplate"]);
    assert_eq!(run.status, 0, "{}", run.err);

    let words: Vec<Vec<&str>> = texts.iter().map(|text| text.split_whitespace().collect()).collect();
    let sets: Vec<HashSet<&[&str]>> = words.iter().map(|words| words.windows(5).collect()).collect();
    // How many runs of five words any two have in common, if they have some.
    let mut carriers: HashMap<&[&str], Vec<usize>> = HashMap::new();
    sets.iter().enumerate().for_each(|(id, set)| set.iter().for_each(|run| carriers.entry(run).or_default().push(id)));
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for ids in carriers.values() {
        for (at, &one) in ids.iter().enumerate() {
            ids[at + 1..].iter().for_each(|&other| *shared.entry((one, other)).or_default() += 1);
        }
    }
    // Jaccard and containment of one in the other.
    let numbers = |one: usize, other: usize| {
        let shared = shared.get(&(one.min(other), one.max(other))).copied().unwrap_or(0) as f64;
        let (of_one, of_other) = (sets[one].len() as f64, sets[other].len() as f64);
        (shared / (of_one + of_other - shared), shared / of_one)
    };
    let number = |id: &Value| -> usize { id.as_str().and_then(|id| id.parse().ok()).expect("a number") };
    let kept: HashSet<usize> = json_lines(&folder.path("out.jsonl")).iter().map(|line| number(&line["id"])).collect();
    let gone = json_lines(&folder.path("out.jsonl.removed.jsonl"));
    assert_eq!(kept.len() + gone.len(), texts.len());
    assert!(gone.len() > 100, "{}", gone.len());
    for line in &gone {
        let (id, stays) = (number(&line["id"]), number(&line["kept"]["id"]));
        assert!(kept.contains(&stays), "{stays} stays");
        let (jaccard, containment) = numbers(id, stays);
        let is = |field: &str, number: f64| line[field].as_f64().is_some_and(|said| (said - number).abs() < 1e-12);
        assert!(is("jaccard", jaccard) && is("containment", containment), "{line} {jaccard} {containment}");
        assert!(jaccard >= 0.7 && containment >= 0.8, "{line}");
    }
    for &(one, other) in shared.keys().filter(|(one, other)| kept.contains(one) && kept.contains(other)) {
        // The one with fewer words would have gone, of two with as many the later one.
        let (goes, stays) = if words[one].len() < words[other].len() { (one, other) } else { (other, one) };
        let (jaccard, containment) = numbers(goes, stays);
        assert!(jaccard < 0.7 || containment < 0.8, "{goes} {stays}: {jaccard} {containment}");
    }
}

/// What came before the damage is what both readings use.
#[test]
fn a_damaged_stream_is_deduplicated_as_far_as_it_goes() {
    let folder = Folder::new();
    let lines: Vec<String> = (0..400).map(|number| record(&number.to_string(), &story(number / 2, 12), "")).collect();
    let packed = gzipped(lines.concat().as_bytes());
    for at in [packed.len() / 3, packed.len() / 2, packed.len() - 20] {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        folder.write("dump.jsonl.gz", &damaged);
        for memory in ["1G", "4K"] {
            let run = folder.run(&["dedup", "dump.jsonl.gz", "-o", "made.gz", "--force", "-q", "--memory", memory]);
            assert!(run.status == 3 || run.err.contains("nothing was written"), "{at} {memory}: {}", run.err);
            if run.status == 3 {
                let account = &summary(&folder, "made.gz")["account"];
                let number = |name: &str| account[name].as_u64().expect("a number");
                assert_eq!(number("read"), number("kept") + number("removed") + number("rejected"), "{account}");
            }
            assert!(memory == "4K" || run.status == 3, "{}", run.err);
        }
    }
}

#[test]
fn a_byte_order_mark_before_an_array_or_objects_stays() {
    let folder = Folder::new();
    let object = |id: u32, seed: u32| format!("{{\n \"id\": \"{id}\",\n \"text\": \"{}\"\n}}", story(seed, 9));
    let (one, copy, other) = (object(1, 1), object(2, 1), object(3, 2));
    for (name, [begin, comma, end]) in [("array.json", ["[", ",", "]\n"]), ("objects.json", ["", "\n", "\n"])] {
        folder.write(name, format!("\u{feff}{begin}{one}{comma}{copy}{comma}{other}{end}"));
        let out = format!("out.{name}");
        let run = folder.run(&["dedup", name, "-o", &out, "--quiet"]);
        assert_eq!(run.status, 0, "{}", run.err);
        let expected = format!("\u{feff}{begin}{one}{comma}{other}{end}");
        assert_eq!(std::fs::read_to_string(folder.path(&out)).expect("it was written"), expected);
    }
}

/// The memory of a process is a file that can be opened and not read from its beginning, by root neither.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_does_not_keep_others_from_being_deduplicated() {
    let folder = Folder::new();
    folder.write("in/a.txt", story(1, 9)).write("in/b.txt", story(1, 9));
    std::os::unix::fs::symlink("/proc/self/mem", folder.path("in/unreadable.txt")).expect("a link");
    let run = folder.run(&["dedup", "in", "-o", "out", "--quiet"]);
    assert!(run.status == 3 && run.err.starts_with("skipped unreadable.txt: "), "{} {}", run.status, run.err);
    let kept: Vec<_> = std::fs::read_dir(folder.path("out")).expect("it was written").collect();
    assert_eq!(kept.len(), 1);
}

#[test]
fn fields_that_nobody_has_are_named() {
    let folder = Folder::new();
    folder.write("a.jsonl", json_line(&[("text", &story(1, 5)), ("when", "2024-03-01")]));
    let err = |options: &[&str]| folder.run(&[&["scan", "a.jsonl"], options].concat()).err;
    assert_eq!(err(&["--date-field", "wen"]), "--date-field wen: no article has such a field\n");
    assert_eq!(err(&["--date-field", "when"]), "");
    assert_eq!(err(&["--date-field", "wen", "--quiet"]), "");
}

/// What the end of a stream leaves of a record is no article and is given back; zeros behind one are nothing.
#[test]
fn the_last_record_of_a_stream_is_whole_or_rejected() {
    let folder = Folder::new();
    let lines: String = (0..40).map(|n| json_line(&[("text", &story(n, 9))])).collect();
    let table: String = std::iter::once("id,text\n".to_owned())
        .chain((0..40).map(|n| format!("{n},{}\n", story(n, 9).trim_end())))
        .collect();
    for (name, whole) in [("cut.jsonl.gz", &lines), ("cut.csv.gz", &table)] {
        let packed = gzipped(whole.as_bytes());
        folder.write(name, &packed[..packed.len() * 2 / 3]);
        for memory in ["1G", "4K"] {
            let run = folder.run(&["dedup", name, "-o", "made", "--force", "-q", "--memory", memory]);
            assert_eq!(run.status, 3, "{}", run.err);
            let mut unpacked = Vec::new();
            let kept = fs::File::open(folder.path("made")).expect("it was written");
            flate2::read::GzDecoder::new(kept).read_to_end(&mut unpacked).expect("gzip");
            unpacked.extend(fs::read(folder.path("made.rejected")).expect("the rest"));
            assert!(whole.as_bytes().starts_with(&unpacked), "{name} {memory}");
            let account = summary(&folder, "made");
            assert_eq!(account["account"]["rejected"], 1, "{account}");
            let skips = json_lines(&folder.path("made.skipped.jsonl"));
            assert!(skips.iter().any(|skip| skip["reason"] == "cut off"), "{skips:?}");
        }
    }
    let padded = [gzipped(lines.trim_end().as_bytes()), vec![0; 700]].concat();
    let scanned = folder.write("padded.jsonl.gz", padded).scan(&["padded.jsonl.gz"], 0);
    assert_eq!(scanned.summary()["counts"]["articles"], 40);
}

//! Input that is broken, enormous or malicious: the run goes on, says what it left out, and takes no longer than its size.

use crate::util::{Folder, Results, gzipped, json_line, story};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt::Write;

#[test]
fn bad_records_are_listed_and_the_rest_is_read() {
    let folder = Folder::new();
    let text = story(1, 20);
    let good = json_line(&[("text", &text)]);
    let lines = [
        good.as_str(),
        "{\"text\": \"broken\n",
        "{\"title\": \"no text\"}\n",
        "{\"text\": 5}\n",
        "\n",
        "[1, 2]\n",
        good.as_str(),
        "{\"text\": \"\\ud800 \\u0041 lone\"}\n",
    ];
    folder.write("d.jsonl", lines.concat());
    let results = folder.scan(&["d.jsonl", "missing.txt"], 3);
    assert_eq!(results.relations(), ["d.jsonl:1 d.jsonl:7 identical"]);
    let skipped = results.skipped();
    assert_eq!(skipped.len(), 5, "{skipped:?}");
    assert!(skipped[0].starts_with("d.jsonl:2 not a JSON object: EOF"), "{skipped:?}");
    assert_eq!(skipped[1], "d.jsonl:3 no field `text`");
    assert_eq!(skipped[2], "d.jsonl:4 field `text` is a number, not a string");
    assert!(skipped[3].starts_with("d.jsonl:6 not a JSON object"), "{skipped:?}");
    assert!(skipped[4].starts_with("missing.txt "), "{skipped:?}");
    assert_eq!(results.summary()["counts"]["articles"], 3);
    folder.scan(&["d.jsonl", "missing.txt", "--max-skipped", "5"], 0);
    folder.scan(&["d.jsonl", "missing.txt", "--max-skipped", "70%"], 0);
    folder.scan(&["d.jsonl", "missing.txt", "--max-skipped", "4"], 3);
}

#[test]
fn articles_may_be_shorter_than_a_shingle() {
    let folder = Folder::new();
    let texts = [story(1, 7), story(1, 7), story(2, 64), story(2, 65), story(3, 150)];
    folder.write("d.jsonl", texts.iter().map(|text| json_line(&[("text", text)])).collect::<String>());
    for words in ["14", "65", "120", "1000"] {
        let results = folder.scan(&["d.jsonl", "--shingle", words], 0);
        assert!(results.relations().contains(&"d.jsonl:1 d.jsonl:2 identical".to_owned()), "{words}");
        assert_eq!(results.skipped().len(), 0);
    }
}

#[test]
fn a_record_above_the_limit_is_refused() {
    let folder = Folder::new();
    let (short, long) = (json_line(&[("text", "a b c d e f")]), json_line(&[("text", &"long ".repeat(400_000))]));
    folder
        .write("d.jsonl", format!("{short}{long}{short}"))
        .gzip("e.jsonl.gz", format!("{short}{long}{short}").as_bytes());
    folder.write("f.txt", "long ".repeat(400_000));
    for (name, relation) in
        [("d.jsonl", "d.jsonl:1 d.jsonl:3 identical"), ("e.jsonl.gz", "e.jsonl.gz:1 e.jsonl.gz:3 identical")]
    {
        let results = folder.scan(&[name, "--max-record", "1M"], 3);
        assert_eq!(results.relations(), [relation]);
        assert!(results.skipped()[0].contains("--max-record"), "{:?}", results.skipped());
    }
    let results = folder.scan(&["f.txt", "d.jsonl", "--max-record", "1M"], 3);
    assert_eq!(results.skipped().len(), 2);
}

#[test]
fn what_came_before_a_cut_is_used() {
    let folder = Folder::new();
    // Random-looking words, so that a cut takes about as much of the text as of the file.
    let lines: String = (0..200).map(|id| json_line(&[("text", &story(id / 2, 40))])).collect();
    let packed = gzipped(lines.as_bytes());
    folder.write("cut.jsonl.gz", &packed[..packed.len() / 2]);
    let mut damaged = packed.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    folder.write("damaged.jsonl.gz", damaged);
    let zstd = zstd::encode_all(lines.as_bytes(), 3).expect("memory does not fail");
    folder.write("cut.jsonl.zst", &zstd[..zstd.len() / 2]);
    for name in ["cut.jsonl.gz", "damaged.jsonl.gz", "cut.jsonl.zst"] {
        let results = folder.scan(&[name], 3);
        let articles = results.summary()["counts"]["articles"].as_u64().expect("a number");
        assert!((1..200).contains(&articles), "{name}: {articles}");
        assert!(results.pairs().len() as u64 >= articles / 2 - 1, "{name}");
        assert!(
            results.skipped().iter().any(|skip| skip.contains("the compressed stream is")),
            "{:?}",
            results.skipped()
        );
    }
}

#[test]
fn odd_articles_are_no_error() {
    let folder = Folder::new();
    folder
        .write("in/empty.txt", "")
        .write("in/blank.txt", " \n\t")
        .write("in/marks.txt", "?!… — 😀")
        .write("in/nul.txt", b"one\0two\0three")
        .write("in/word.txt", "word")
        .write("in/same.txt", "Word!")
        .write("in/invalid.txt", b"caf\xc3\xa9 \xff news and more")
        .write("in/empty.jsonl", "")
        .write("in/lines.jsonl", "{\"text\": \"\"}\n{\"text\": \"word\"}\n");
    let results = folder.scan(&["in"], 0);
    let mut relations = results.relations();
    relations.sort();
    assert_eq!(relations, ["lines.jsonl:2 same.txt identical", "lines.jsonl:2 word.txt identical"]);
    let summary = results.summary();
    assert_eq!(summary["counts"]["without_words"], 4);
    assert_eq!(summary["input"]["invalid_utf8"], 1);
}

#[test]
fn what_is_no_text_is_no_article() {
    let folder = Folder::new();
    let noise: Vec<u8> = (0..50_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    folder.write("in/noise.txt", &noise).write("in/noise.html", &noise).write("in/a.txt", story(1, 9));
    let results = folder.scan(&["in"], 3);
    assert_eq!(results.summary()["counts"]["articles"], 1);
    let reason = "not text: zero bytes in it, and not UTF-8";
    assert_eq!(results.skipped(), ["noise.html", "noise.txt"].map(|name| format!("{name} {reason}")));
}

/// As of a dump in a hundred thousand parts, for which a system has not as many handles.
#[cfg(unix)]
#[test]
fn there_may_be_more_packed_files_than_handles() {
    let folder = Folder::new();
    for n in 0..120 {
        folder.gzip(&format!("in/{n:03}.jsonl.gz"), json_line(&[("text", &story(n / 2, 9))]).as_bytes());
    }
    for memory in ["4K", "1G"] {
        let scan = format!("ulimit -n 60; exec \"$0\" scan in -o out --force --quiet --memory {memory}");
        let program = folder.program(&[]);
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(scan).arg(program.get_program()).current_dir(folder.path(""));
        assert!(shell.status().expect("a shell").success(), "{memory}");
        assert_eq!(Results::of(folder.path("out")).pairs().len(), 60, "{memory}");
    }
}

#[cfg(unix)]
#[test]
fn odd_files_are_listed_or_read() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let text = story(1, 10);
    folder.write("in/a.txt", &text);
    let odd = std::ffi::OsStr::from_bytes(b"b\xff.txt");
    std::fs::write(folder.path("in").join(odd), &text).expect("Unix takes any bytes");
    std::os::unix::fs::symlink(folder.path("in"), folder.path("in/loop")).expect("a link");
    std::os::unix::fs::symlink(folder.path("nowhere"), folder.path("in/dangling.txt")).expect("a link");
    std::process::Command::new("mkfifo").arg(folder.path("in/pipe.txt")).status().expect("mkfifo is there");
    let results = folder.scan(&["in"], 3);
    assert_eq!(results.relations(), ["a.txt b\\xFF.txt identical"]);
    let skipped = results.skipped();
    assert_eq!(skipped.len(), 3, "{skipped:?}");
    assert!(skipped.iter().any(|skip| skip.contains("a link to a folder that it is in")), "{skipped:?}");
    assert!(skipped.iter().any(|skip| skip.contains("not a regular file")), "{skipped:?}");
    assert!(skipped.iter().any(|skip| skip.contains("a link to what is not there")), "{skipped:?}");
}

/// Of these, what grows with the square of the input would take hours.
#[test]
fn white_space_and_references_take_no_time_of_their_own() {
    let folder = Folder::new();
    let (blanks, element) = (" ".repeat(3_000_000), "{\"text\":\"a b c d e f\"}");
    let array = format!("{blanks}[{blanks}{element},{blanks}{element}{blanks}]{blanks}");
    folder.write("blanks.json", array).write("in/a.txt", story(1, 9));
    assert_eq!(folder.run(&["dedup", "blanks.json", "-o", "out.json", "-q"]).status, 0);
    let left = std::fs::read_to_string(folder.path("out.json")).expect("it was written");
    assert_eq!(left.split_whitespace().collect::<String>(), format!("[{}]", element.replace(' ', "")));
    folder.write("in/text.html", format!("<p>{}</p>", "&amp; ".repeat(2_000_000)));
    folder.write("in/tag.html", format!("<a href='?{}'>a</a>", "&a=1".repeat(2_000_000)));
    let skipped = folder.scan(&["in"], 3).skipped();
    assert!(skipped.len() == 2 && skipped.iter().all(|skip| skip.contains("long texts of references")), "{skipped:?}");
}

#[test]
fn what_is_packed_in_a_way_that_is_not_read_is_no_article() {
    let folder = Folder::new();
    folder
        .write("in/a.txt", story(1, 10))
        .write("a.jsonl.lz4", b"\x04\x22\x4d\x18\x64\x40\xa7")
        .write("b", "%PDF-1.7\n")
        .write("in/c.txt", "%PDF-1.7\n")
        .write("in/d.html", "%PDF-1.7\n");
    let results = folder.scan(&["in", "a.jsonl.lz4", "b"], 3);
    let skipped = [("a.jsonl.lz4", "LZ4"), ("b", "PDF"), ("in/c.txt", "PDF"), ("in/d.html", "PDF")]
        .map(|(name, what)| format!("{name} {what} is not read by this version"));
    assert_eq!((results.skipped(), &results.summary()["counts"]["articles"]), (skipped.to_vec(), &1.into()));
}

/// The memory of a process is a file that can be opened and not read from its beginning, by root neither.
#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_file_is_listed() {
    let folder = Folder::new();
    folder.write("in/a.txt", "some words");
    std::os::unix::fs::symlink("/proc/self/mem", folder.path("in/unreadable.txt")).expect("a link");
    let results = folder.scan(&["in"], 3);
    assert_eq!(results.summary()["counts"]["articles"], 1);
    assert!(results.skipped()[0].starts_with("unreadable.txt "), "{:?}", results.skipped());
}

#[test]
fn a_text_of_50_megabytes_in_one_line() {
    let folder = Folder::new();
    let mut text = String::with_capacity(51 << 20);
    let mut number = 0u32;
    while text.len() < 50 << 20 {
        write!(text, "word{number} ").expect("memory does not fail");
        number += 1;
    }
    let line = json_line(&[("text", &text)]);
    folder.write("d.jsonl", format!("{line}{line}{}", json_line(&[("text", "short")])));
    let results = folder.scan(&["d.jsonl"], 0);
    assert_eq!(results.relations(), ["d.jsonl:1 d.jsonl:2 identical"]);
}

#[test]
fn a_hundred_thousand_identical_articles() {
    let folder = Folder::new();
    let line = json_line(&[("text", "This page is not available in your country, sorry.")]);
    folder.write("d.jsonl", line.repeat(100_000));
    let results = folder.scan(&["d.jsonl"], 0);
    let summary = results.summary();
    assert_eq!(summary["counts"]["pairs"], 99_999);
    assert_eq!(summary["counts"]["clusters"], 1);
    assert_eq!(summary["counts"]["largest_cluster"], 100_000);
}

/// Pages of 100 words that differ in one.
fn crowd(pages: usize) -> String {
    let (before, after) = (story(1, 4), story(2, 4));
    (0..pages).map(|page| json_line(&[("text", &format!("{before} page {page} of many {after}"))])).collect()
}

#[test]
fn a_crowd_of_pages_is_one_cluster_with_linear_output() {
    let folder = Folder::new();
    folder.write("d.jsonl", crowd(20_000));
    let results = folder.scan(&["d.jsonl", "--passages", "none"], 0);
    let summary = results.summary();
    assert_eq!(summary["counts"]["clusters"], 1);
    assert_eq!(summary["counts"]["largest_cluster"], 20_000);
    let listed = summary["counts"]["pairs"].as_u64().expect("a number");
    assert!((19_999..400_000).contains(&listed), "{listed}");
    let unlisted = summary["crowds"]["unlisted_pairs"].as_u64().expect("a number");
    assert!(listed + unlisted >= 19_999 * 20_000 / 2, "{listed} + {unlisted}");
}

/// Any two are partial copies of each other, and all but versions of one text.
#[test]
fn pages_of_which_most_is_one_footer_have_linear_output() {
    const PAGES: u32 = 2000;
    let folder = Folder::new();
    let footer = story(1, 40);
    let page = |id: &str, own: &str| json_line(&[("id", id), ("text", &format!("{own} {footer}"))]);
    let mut pages: Vec<String> = (0..PAGES).map(|number| page(&number.to_string(), &story(number + 2, 20))).collect();
    // Versions of a few, whose own words are mostly the same.
    let versions = [400, 900, 1999];
    let changed = |number: u32| story(number + 2, 18) + &story(number + 2 + PAGES, 2);
    let version = |number: u32| page(&format!("version of {number}"), &changed(number));
    pages.extend(versions.map(version));
    folder.write("d.jsonl", pages.concat());
    let results = folder.scan(&["d.jsonl", "--passages", "none"], 0);
    let summary = results.summary();
    let listed = summary["counts"]["pairs"].as_u64().expect("a number");
    assert!((u64::from(PAGES) - 1..32 * u64::from(PAGES)).contains(&listed), "{listed}");
    assert_eq!(summary["counts"]["clusters"], versions.len());
    let alike: Vec<String> = results.relations().into_iter().filter(|pair| pair.ends_with("near-duplicate")).collect();
    assert_eq!(alike, versions.map(|number| format!("{number} version of {number} near-duplicate")));
    assert!(summary["crowds"]["overflow"].as_u64() > Some(u64::from(PAGES) / 2), "{}", summary["crowds"]);
}

/// Pages of one form, four a day for many days.
#[test]
fn whoever_is_near_in_time_is_found_in_a_crowd() {
    const DAYS: u32 = 300;
    let folder = Folder::new();
    let page = |number: u32| {
        let (day, own) = (number / 4, story(1000 + number, 1));
        let date = format!("{}-{:02}-{:02}", 2000 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
        let publisher = if number < 2 * DAYS { "A" } else { "B" };
        let text = format!("{} {own} {}", story(1, 10), story(2, 10));
        json_line(&[("text", &text), ("date", &date), ("publisher", publisher)])
    };
    folder.write("d.jsonl", (0..4 * DAYS).map(page).collect::<String>());
    for chosen in [&["--within", "1"][..], &["--across-publishers"]] {
        let results = folder.scan(&[&["d.jsonl", "--passages", "none"], chosen].concat(), 0);
        let pairs = results.pairs();
        let id = |id: &Value| id.as_str().expect("an id").to_owned();
        let met: HashSet<String> = pairs.iter().flat_map(|pair| [id(&pair["a"]), id(&pair["b"])]).collect();
        assert_eq!(met.len(), 4 * DAYS as usize, "{chosen:?}");
        assert!(pairs.len() < 100 * 4 * DAYS as usize);
    }
}

/// Of a crowd that no leader is like, families are found, and of one that all are like, they are told apart.
#[test]
fn families_in_a_crowd_are_found() {
    const FAMILIES: u32 = 150;
    let folder = Folder::new();
    let form = story(1, 22);
    let page = |number: u32| format!("{form} {} {}", story(5000 + number, 1), story(1000 + number / 4, 5));
    // One that is like the form and unlike the pages, and the form.
    let hub = [format!("{form} {}", story(2, 7)), form.clone()];
    for hub in [&[][..], &hub] {
        let pages = hub.iter().cloned().chain((0..4 * FAMILIES).map(page));
        let lines = pages.map(|text| json_line(&[("text", &text)]));
        folder.write("d.jsonl", lines.collect::<String>());
        let arguments = ["dedup", "d.jsonl", "-o", "out", "--force", "-q", "--count-boilerplate", "--keep", "first"];
        let run = folder.run(&arguments);
        assert_eq!(run.status, 0, "{}", run.err);
        let left = std::fs::read_to_string(folder.path("out")).expect("it was written").lines().count();
        let families = FAMILIES as usize;
        assert_eq!(left, families + hub.len() / 2);
    }
}

#[test]
fn list_all_lists_a_crowd_in_full() {
    let folder = Folder::new();
    folder.write("d.jsonl", crowd(200));
    let results = folder.scan(&["d.jsonl", "--list-all", "--passages", "none"], 0);
    assert_eq!(results.pairs().len(), 200 * 199 / 2);
    assert_eq!(results.summary()["crowds"]["unlisted_pairs"], 0);
}

#[test]
fn text_from_outside_does_nothing_to_a_terminal() {
    let folder = Folder::new();
    let text = format!("\u{1b}[2J\u{7} evil \u{202e} words {}", story(1, 10));
    folder.write("a\u{1b}[31m.txt", &text).write("b.txt", &text);
    for arguments in [&["scan", "."][..], &["compare", "a\u{1b}[31m.txt", "b.txt"], &["scan", "gone\u{1b}.txt"]] {
        let run = folder.run(arguments);
        for printed in [run.out, run.err] {
            assert!(!printed.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{printed:?}");
        }
    }
}

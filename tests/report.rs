//! The report as a file: what it holds, what it leaves out, and that it can be made anew. What a browser makes of it is in
//! `browser.rs`.

use crate::util::{Folder, json_line, story};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What the page's script is given.
fn data(page: &Path) -> Value {
    let page = fs::read_to_string(page).expect("it was written");
    assert_eq!(page.matches("<script").count(), 2, "nothing of an article is markup");
    let (_, rest) = page.split_once("id=\"data\">").expect("it has data");
    serde_json::from_str(rest.split_once("</script>").expect("they end").0).expect("they are JSON")
}

fn length(data: &Value, name: &str) -> usize {
    data[name].as_array().map_or_else(|| data[name].as_object().map_or(0, serde_json::Map::len), Vec::len)
}

/// Ids, titles and publishers that are taken for something else wherever they are not escaped.
fn hostile(folder: &Folder) {
    let ids = ["=1+1", "'=1", "</script><script>", "a,\"b\"\nc", "\u{202e}x", "-5"];
    let line = |(number, id): (usize, &&str)| {
        let text = story((number / 2) as u32, 20);
        json_line(&[("id", id), ("title", id), ("publisher", id), ("date", "2024-01-01"), ("text", &text)])
    };
    folder.write("in.jsonl", ids.iter().enumerate().map(line).collect::<String>());
}

#[test]
fn a_report_is_made_anew_from_the_other_files() {
    let folder = Folder::new();
    hostile(&folder);
    assert_eq!(folder.run(&["scan", "in.jsonl", "-o", "out"]).status, 0);
    let first = data(&folder.path("out/report.html"));
    assert_eq!((length(&first, "pairs"), length(&first, "views"), length(&first, "texts")), (3, 3, 6));
    assert_eq!(first["articles"][0][0], "=1+1");
    fs::remove_file(folder.path("out/report.html")).expect("it was there");
    let run = folder.run(&["report", "out"]);
    assert_eq!((run.status, run.out.trim()), (0, "written to out/report.html"), "{}", run.err);
    assert!(data(&folder.path("out/report.html")) == first, "the same articles, pairs and texts");
    assert_eq!(folder.run(&["report", "out", "-o", "other.html", "--report-pairs", "1"]).status, 0);
    let fewer = data(&folder.path("other.html"));
    assert_eq!((length(&fewer, "pairs"), length(&fewer, "views"), length(&fewer, "texts")), (3, 1, 2));
    assert_eq!(folder.run(&["scan", "in.jsonl", "-o", "none", "--report-pairs", "0"]).status, 0);
    assert_eq!(length(&data(&folder.path("none/report.html")), "texts"), 0);
    let page = fs::read_to_string(folder.path("none/report.html")).expect("it was written");
    assert!(page.contains("Both texts are in this page for 0 of 3 pairs"), "what is left out is said");
    fs::remove_file(folder.path("out/pairs.csv")).expect("it was there");
    let run = folder.run(&["report", "out"]);
    assert!(run.status == 2 && run.err.contains("out/pairs.csv: "), "{}", run.err);
}

#[test]
fn texts_are_those_of_the_strongest_pairs_of_each_relation() {
    let folder = Folder::new();
    let copies = (0..40).map(|number| (number, story(number / 2, 20)));
    let excerpt = [(40, story(90, 40)), (41, story(90, 12))];
    let lines = copies.chain(excerpt).map(|(id, text)| json_line(&[("id", &id.to_string()), ("text", &text)]));
    folder.write("in.jsonl", lines.collect::<String>());
    assert_eq!(folder.run(&["scan", "in.jsonl", "-o", "out", "--report-pairs", "2"]).status, 0);
    let data = data(&folder.path("out/report.html"));
    let shown: Vec<&Value> = data["pairs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|pair| !pair[6].is_null())
        .map(|pair| &pair[2])
        .collect();
    assert_eq!(length(&data, "pairs"), 21);
    assert_eq!(shown, [&Value::from(0), &Value::from(2)], "an identical pair, and the excerpt");
}

#[test]
fn one_pair_has_a_page_as_evidence() {
    let folder = Folder::new();
    folder.write("a.txt", story(1, 20)).write("b.txt", story(2, 20));
    let run = folder.run(&["compare", "a.txt", "b.txt", "--html", "pair.html"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let found = data(&folder.path("pair.html"));
    assert_eq!(
        (&found["pairs"][0][2], length(&found, "texts")),
        (&Value::Null, 2),
        "unrelated, and shown all the same"
    );
    let run = folder.run(&["compare", "a.txt", "a.txt", "--html", "same.html"]);
    assert_eq!((run.status, length(&data(&folder.path("same.html")), "articles")), (0, 2), "{}", run.err);
    let run = folder.run(&["compare", "a.txt", "b.txt", "--html", "missing/pair.html"]);
    assert!(run.status == 2 && run.err.contains("missing"), "{}", run.err);
    assert_eq!(fs::read_dir(folder.path("")).expect("it is there").count(), 4, "nothing is left half written");
}

#[test]
fn whoever_had_it_first_is_said_only_where_it_is_known() {
    let folder = Folder::new();
    let record = |id: &str, publisher: &str, date: &str, seed: u32| {
        let text = story(seed, 20);
        json_line(&[("id", id), ("publisher", publisher), ("date", date), ("text", &text)])
    };
    let lines = [
        // Of three copies, the wire's is the first by the hour.
        record("1", "Ellery Gazette", "2024-04-05T09:30:00Z", 1),
        record("2", "Meridian Wire", "2024-04-05T06:10:00Z", 1),
        record("3", "Sund Post", "2024-04-06", 1),
        // A day without an hour is before no hour of that day.
        record("4", "Coast Radio", "2024-05-01", 2),
        record("5", "Daily Kettle", "2024-05-01T08:00:00Z", 2),
        // A publisher's own second version.
        record("6", "Sund Post", "2024-06-01", 3),
        record("7", "Sund Post", "2024-06-03", 3),
    ];
    folder.write("in.jsonl", lines.concat());
    assert_eq!(folder.run(&["scan", "in.jsonl", "-o", "out"]).status, 0);
    let page = fs::read_to_string(folder.path("out/report.html")).expect("it was written");
    let (_, table) = page.split_once("<table class=\"matrix\">").expect("there is one");
    let table = table.split_once("</table>").expect("it ends").0;
    let cells = |row: &str| -> Vec<String> {
        let cell = |part: &str| {
            part.split_once('>').and_then(|(_, rest)| rest.split_once("</t")).map(|(text, _)| text.to_owned())
        };
        row.split("<t").filter_map(cell).filter(|text| !text.contains('<')).collect()
    };
    let rows: Vec<String> = table.split("<tr>").skip(1).map(|row| cells(row).join("|")).collect();
    assert_eq!(
        rows,
        ["first ↓ later →|Sund Post|Ellery Gazette", "Sund Post|1|", "Meridian Wire|1|1"],
        "the earliest is the wire's, and nobody is said to have been before the radio"
    );
    assert!(page.contains("It is not known of 2 articles who was first"), "what is not known is counted");
}

#[test]
fn two_articles_are_explained() {
    let folder = Folder::new();
    let text = story(1, 20);
    folder
        .write("in/a.txt", &text)
        .write("in/b.txt", format!("{text} {}", story(2, 2)))
        .write("in/c.txt", &text)
        .write("in/d.txt", story(3, 20))
        .write("old/e.txt", &text);
    let explain = |arguments: &[&str]| {
        let run = folder.run(&[&["explain"], arguments, &["--quiet"]].concat());
        assert_eq!(run.status, 0, "{}", run.err);
        run.out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let reported = explain(&["a.txt", "b.txt", "in"]);
    assert!(reported.contains("reported as near-duplicate, for its Jaccard"), "{reported}");
    assert!(reported.contains("no identical their words are not the same yes Jaccard"), "{reported}");
    let unlike = explain(&["a.txt", "d.txt", "in"]);
    assert!(unlike.contains("not listed none of the rules below holds"), "{unlike}");
    let copy = explain(&["b.txt", "c.txt", "in"]);
    assert!(copy.contains("though a rule holds: a.txt stands for c.txt in pairs"), "{copy}");
    let strict = explain(&["a.txt", "b.txt", "in", "--threshold", "0.95", "--containment", "off"]);
    assert!(strict.contains("no Jaccard 90.8 %") && !strict.contains("containment"), "{strict}");
    let dated = [("day", "2024-01-06"), ("late", "2024-01-09T19:00:00Z"), ("later", "2024-01-10T19:00:00Z")];
    let unlike =
        (4..).zip(dated).map(|(seed, (id, date))| json_line(&[("id", id), ("text", &story(seed, 20)), ("date", date)]));
    folder.write("dated.jsonl", unlike.collect::<String>());
    let apart =
        |other: &str| explain(&["day", other, "dated.jsonl", "--within", "3"]).contains("days apart; --within asks");
    assert!(!apart("late") && apart("later"), "a date without a time may be any time of its day");
    let unknown = folder.run(&["explain", "a.txt", "z.txt", "in"]);
    assert!(unknown.status == 2 && unknown.err.contains("no article has the id z.txt"), "{}", unknown.err);
}

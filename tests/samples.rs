//! The table in `samples/README.md` against the program.

use crate::util::{Folder, project};
use std::collections::BTreeSet;
use std::fs;

struct Row {
    a: String,
    b: String,
    compare: String,
    scan: String,
}

fn table() -> Vec<Row> {
    let text = fs::read_to_string(project().join("samples/README.md")).expect("it is there");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cell = |cells: &[&str], at: usize| cells[at].trim().trim_matches('`').to_owned();
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').collect();
        Row { a: cell(&cells, 1), b: cell(&cells, 2), compare: cell(&cells, 4), scan: cell(&cells, 5) }
    })
    .collect()
}

#[test]
fn compare_gives_the_relations_of_the_table() {
    let folder = Folder::new();
    let rows = table();
    assert!(rows.len() >= 11, "the table is read");
    for row in rows {
        let file = |name: &str| project().join(format!("samples/articles/{name}.txt")).display().to_string();
        let run = folder.run(&["compare", &file(&row.a), &file(&row.b), "--format", "json"]);
        let pair: serde_json::Value = serde_json::from_str(&run.out).expect("an object");
        assert_eq!(pair["relation"].as_str().unwrap_or("none"), row.compare, "{} {}", row.a, row.b);
    }
}

#[test]
fn scan_lists_the_pairs_of_the_table_and_no_others() {
    let folder = Folder::new();
    let expected: BTreeSet<String> = table()
        .into_iter()
        .filter(|row| !row.scan.is_empty())
        .map(|row| format!("{} {} {}", row.a, row.b, row.scan))
        .collect();
    for input in ["samples/articles", "samples/dump.jsonl.gz"] {
        let results = folder.scan(&[&project().join(input).display().to_string()], 0);
        let found: BTreeSet<String> = results.relations().iter().map(|pair| pair.replace(".txt", "")).collect();
        assert_eq!(found, expected, "{input}");
    }
}

#[test]
fn the_dump_holds_the_same_articles() {
    use std::io::Read;
    let file = fs::File::open(project().join("samples/dump.jsonl.gz")).expect("it is there");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("it is whole");
    let mut names = Vec::new();
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("an object");
        let id = record["id"].as_str().expect("an id").to_owned();
        let article = fs::read_to_string(project().join(format!("samples/articles/{id}.txt"))).expect("it is there");
        assert_eq!(record["text"].as_str(), Some(article.as_str()));
        names.push(id);
    }
    let files = fs::read_dir(project().join("samples/articles")).expect("it is there").count();
    assert_eq!(names.len(), files);
}

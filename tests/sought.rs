//! Which pairs are sought, how much of each article is copied, and how surely pairs are found.

use crate::corpus::Corpus;
use crate::util::{Folder, Results, json_line, story};

fn record(id: &str, text: &str, date: &str, publisher: &str) -> String {
    json_line(&[("id", id), ("text", text), ("date", date), ("publisher", publisher)])
}

/// A story in four versions: by x on the first and the third, by y on the fifth, and of nobody at no time.
fn versions(folder: &Folder) {
    let version = |number: u32| story(1, 20).replace("w1x0y0", &format!("version{number}"));
    folder.write(
        "d.jsonl",
        [
            record("first", &version(1), "2024-03-01", "x"),
            record("third", &version(2), "2024-03-03", "x"),
            record("fifth", &version(3), "2024-03-05", "y"),
            json_line(&[("id", "undated"), ("text", &version(4))]),
        ]
        .concat(),
    );
}

fn pairs(results: &Results) -> Vec<String> {
    results.relations().iter().map(|pair| pair.replace(" near-duplicate", "").replace(" identical", " =")).collect()
}

#[test]
fn dates_and_publishers_choose_pairs() {
    let folder = Folder::new();
    versions(&folder);
    let scan = |arguments: &[&str]| pairs(&folder.scan(&[&["d.jsonl"], arguments].concat(), 0));
    let undated = ["first undated", "third undated", "fifth undated"];
    let with = |dated: &[&str]| {
        let mut all: Vec<String> = dated.iter().chain(&undated).map(|&pair| pair.to_owned()).collect();
        let order = ["first", "third", "fifth", "undated"];
        let place = |id: &str| order.iter().position(|&known| known == id);
        all.sort_by_key(|pair| pair.split(' ').map(place).collect::<Vec<_>>());
        all
    };
    assert_eq!(scan(&[]), with(&["first third", "first fifth", "third fifth"]));
    assert_eq!(scan(&["--within", "2"]), with(&["first third", "third fifth"]));
    assert_eq!(scan(&["--within", "0.5"]), with(&[]));
    assert_eq!(scan(&["--across-publishers"]), with(&["first fifth", "third fifth"]));
    assert_eq!(scan(&["--within", "2", "--across-publishers"]), with(&["third fifth"]));
    assert_eq!(folder.run(&["scan", "d.jsonl", "--within", "-1"]).status, 2);
}

#[test]
fn copies_pass_with_any_other() {
    let folder = Folder::new();
    let text = story(1, 20);
    let records = [
        record("x1", &text, "2024-03-01", "x"),
        record("x2", &text, "2024-03-01", "x"),
        record("x9", &text, "2024-03-09", "x"),
        record("y9", &text, "2024-03-09", "y"),
    ];
    folder.write("d.jsonl", records.concat());
    let scan = |arguments: &[&str]| pairs(&folder.scan(&[&["d.jsonl"], arguments].concat(), 0));
    assert_eq!(scan(&[]), ["x1 x2 =", "x1 x9 =", "x1 y9 ="]);
    // y9 passes with x9, and x9 with y9; each is listed with the one that stands for all.
    assert_eq!(scan(&["--within", "1", "--across-publishers"]), ["x1 x9 =", "x1 y9 ="]);
    assert_eq!(scan(&["--within", "1", "--across-publishers", "--list-all"]), ["x9 y9 ="]);
}

/// The columns of `articles.csv` about copying, by id.
fn copied(results: &Results) -> Vec<(String, f64, String)> {
    let table = results.table("articles.csv");
    let column = |name: &str| table[0].iter().position(|head| head == name).expect("it is there");
    let (id, share, with) = (column("id"), column("copied"), column("copied_with"));
    let row = |row: &Vec<String>| (row[id].clone(), row[share].parse().expect("a fraction"), row[with].clone());
    table[1..].iter().map(row).collect()
}

#[test]
fn the_table_says_how_much_of_an_article_is_copied() {
    let folder = Folder::new();
    let (wire, quotation) = (story(1, 10), story(2, 2));
    let records = [
        json_line(&[("id", "wire"), ("text", &wire)]),
        // 120 words of the wire, 24 of the quotation, 96 of its own.
        json_line(&[("id", "mixed"), ("text", &format!("{} {wire} {quotation}", story(3, 8)))]),
        json_line(&[("id", "quoting"), ("text", &format!("{quotation} {}", story(4, 18)))]),
        json_line(&[("id", "other"), ("text", &story(5, 10))]),
    ];
    folder.write("d.jsonl", records.concat());
    let expected = |rows: [(&str, f64, &str); 4]| rows.map(|(id, share, with)| (id.to_owned(), share, with.to_owned()));
    let results = folder.scan(&["d.jsonl"], 0);
    assert_eq!(results.relations(), ["wire mixed excerpt"], "the quotation is no reason to report a pair");
    let rows = [("wire", 1.0, "mixed"), ("mixed", 0.6, "wire"), ("quoting", 0.1, "mixed"), ("other", 0.0, "")];
    assert_eq!(copied(&results), expected(rows));
    assert_eq!(results.summary()["long_runs"], 0);

    folder.write("old.jsonl", &records[2]).write("new.jsonl", [&records[0][..], &records[1], &records[3]].concat());
    let against = folder.scan(&["new.jsonl", "--against", "old.jsonl"], 0);
    let rows = [("wire", 0.0, ""), ("mixed", 0.1, "quoting"), ("other", 0.0, ""), ("quoting", 0.0, "")];
    assert_eq!(copied(&against), expected(rows), "with references, only what they have counts");
}

#[test]
fn further_pairs_are_counted_and_then_shown() {
    let folder = Folder::new();
    let quotation = story(2, 3);
    folder
        .write("in/a.txt", format!("{} {quotation}", story(3, 20)))
        .write("in/b.txt", format!("{} {quotation}", story(4, 20)));
    let run = folder.run(&["scan", "in"]);
    assert!(run.out.contains("--passage 25 lists them\n\n"), "{}", run.out);
    assert_eq!(folder.scan(&["in"], 0).summary()["long_runs"], 1);
    assert_eq!(folder.scan(&["in", "--passage", "25"], 0).relations(), ["a.txt b.txt shared-passage"]);
    let off = folder.scan(&["in", "--containment", "off"], 0);
    assert_eq!((off.pairs().len(), &off.summary()["long_runs"]), (0, &0.into()));
}

#[test]
fn the_recall_is_measured() {
    let folder = Folder::new();
    let corpus = Corpus::new(4);
    let lines = (0..1_200)
        .map(|index| corpus.article(index))
        .map(|article| json_line(&[("id", &article.id), ("text", &article.text)]));
    folder.write("d.jsonl", lines.collect::<String>());
    let recall = |arguments: &[&str]| {
        let results = folder.scan(&[&["d.jsonl", "--measure-recall"], arguments].concat(), 0);
        let recall = results.summary()["measured_recall"].clone();
        let number = |name: &str| recall[name].as_f64().expect("a number");
        assert!((number("recall") - number("found") / number("pairs")).abs() < 1e-12);
        let bounds = [0, 1].map(|at| recall["interval"][at].as_f64().expect("a number"));
        assert!(bounds[0] <= number("recall") && number("recall") <= bounds[1]);
        (number("recall"), number("pairs"))
    };
    let (found, pairs) = recall(&["--containment", "off"]);
    assert!(found >= 0.99 && pairs > 100.0, "{found} of {pairs}");
    // Few bands miss much, and the measure says so.
    let (poor, same) = recall(&["--containment", "off", "--bands", "2", "--rows", "8"]);
    assert!(poor < 0.9 && same == pairs, "{poor} of {same}");
    assert_eq!(recall(&["--containment", "off", "--exhaustive", "--bands", "2", "--rows", "8"]), (1.0, pairs));
}

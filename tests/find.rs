//! `find`: who shares passages with one article.

use crate::util::{Folder, json_line, story};
use serde_json::Value;

/// An article, a dump with one that embeds it, one that quotes it, and others; and the same article again.
fn dump(folder: &Folder) -> String {
    let text = story(1, 20);
    let quotation: String = text.split_inclusive(". ").skip(4).take(2).collect();
    let records = [
        ("other", story(2, 20)),
        ("quoting", format!("{} {quotation} {}", story(3, 4), story(4, 4))),
        ("embedding", format!("{} {text} {}", story(5, 4), story(6, 4))),
        ("same", text.clone()),
        ("eleven", format!("{} {}", text.split_whitespace().take(11).collect::<Vec<_>>().join(" "), story(7, 4))),
    ];
    let line = |(id, text): &(&str, String)| {
        json_line(&[
            ("id", id),
            ("text", text),
            ("date", "2024-05-06"),
            ("publisher", "Gazette"),
            ("url", "https://gazette.example/1"),
        ])
    };
    folder.write("dump.jsonl", records.iter().map(line).collect::<String>()).write("mine.txt", &text);
    text
}

fn answers(out: &str) -> Vec<(String, u64)> {
    let found: Value = serde_json::from_str(out).expect("one object");
    let answer = |answer: &Value| {
        (answer["id"].as_str().expect("an id").to_owned(), answer["words"].as_u64().expect("a number"))
    };
    found["answers"].as_array().expect("a list").iter().map(answer).collect()
}

#[test]
fn answers_come_by_words_taken() {
    let folder = Folder::new();
    let text = dump(&folder);
    let run = folder.run(&["find", "mine.txt", "dump.jsonl", "--format", "json"]);
    let expected = [("embedding", 240), ("same", 240), ("quoting", 24)];
    assert_eq!(answers(&run.out), expected.map(|(id, words)| (id.to_owned(), words)), "{}", run.err);
    let found: Value = serde_json::from_str(&run.out).expect("one object");
    let quoting = &found["answers"][2];
    assert_eq!((quoting["publisher"].as_str(), quoting["date"].as_str()), (Some("Gazette"), Some("2024-05-06")));
    assert_eq!((quoting["record"].as_u64(), found["read"].as_u64()), (Some(2), Some(5)));
    let passage = &quoting["passages"][0];
    let at = |index: usize| usize::try_from(passage["a"][index].as_u64().expect("a number")).expect("it fits");
    assert_eq!(passage["text_a"].as_str(), Some(&text[at(0)..at(1)]));

    let eleven = folder.run(&["find", "mine.txt", "dump.jsonl", "--format", "json", "--passage", "11"]);
    assert_eq!(answers(&eleven.out).last().expect("there are some"), &("eleven".to_owned(), 11));
    let shown = folder.run(&["find", "mine.txt", "dump.jsonl", "--top", "1"]);
    assert!(shown.out.starts_with("3 of 5 articles") && shown.out.contains("… and 2 other articles"), "{}", shown.out);
    assert_eq!(shown.out.matches("https://gazette.example/1").count(), 1);
}

#[test]
fn an_article_is_no_answer_to_itself() {
    let folder = Folder::new();
    let text = dump(&folder);
    let of_itself = folder.run(&["find", "dump.jsonl:4", "./dump.jsonl", "mine.txt", "--format", "json"]);
    let ids: Vec<String> = answers(&of_itself.out).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["embedding", "mine.txt", "quoting"]);
    let streamed = folder.run_with_input(&["find", "-", "dump.jsonl", "--format", "json"], text.as_bytes());
    assert_eq!(answers(&streamed.out).len(), 3, "{}", streamed.err);
}

#[test]
fn short_articles_are_looked_for_whole() {
    let folder = Folder::new();
    folder
        .write("brief.txt", "Ferry at Sund late this morning")
        .write("in/a.txt", "News: ferry at Sund late this morning, again")
        .write("in/b.txt", "The ferry at Sund is late")
        .write("two.txt", "Rain today")
        .write("in/c.txt", "RAIN TODAY!")
        .write("none.txt", "... ?!");
    let run = |name: &str| folder.run(&["find", name, "in", "--format", "json"]);
    assert_eq!(answers(&run("brief.txt").out), [("a.txt".to_owned(), 6)]);
    assert_eq!(answers(&run("two.txt").out), [("c.txt".to_owned(), 2)]);
    assert_eq!((run("none.txt").status, run("missing.txt").status), (2, 2));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new();
    dump(&folder);
    let content = std::fs::read_to_string(folder.path("dump.jsonl")).expect("it is there");
    folder.write("broken.jsonl", format!("{content}broken\n"));
    let run = folder.run(&["find", "mine.txt", "broken.jsonl", "--format", "json"]);
    assert_eq!((run.status, answers(&run.out).len()), (3, 3));
    assert!(run.err.contains("broken.jsonl:6"), "{}", run.err);
}

#[test]
fn an_article_of_two_words_is_found_wherever_they_stand() {
    let folder = Folder::new();
    let records =
        [("a", "This is breaking news from the town hall today"), ("b", "Breaking news"), ("c", "news, breaking")];
    folder.write("dump.jsonl", records.map(|(id, text)| json_line(&[("id", id), ("text", text)])).concat());
    folder.write("two.txt", "breaking news");
    let run = folder.run(&["find", "two.txt", "dump.jsonl", "--format", "json"]);
    assert_eq!((run.status, answers(&run.out)), (0, vec![("a".to_owned(), 2), ("b".to_owned(), 2)]), "{}", run.err);
}

#[test]
fn answers_say_where_they_are() {
    let folder = Folder::new();
    dump(&folder);
    folder.write("copy.txt", story(1, 20));
    let run = folder.run(&["find", "mine.txt", "dump.jsonl", "copy.txt"]);
    assert!(run.out.contains("  quoting  dump.jsonl:2  2024-05-06"), "{}", run.out);
    assert!(run.out.contains("\n  copy.txt\n"), "{}", run.out);
}

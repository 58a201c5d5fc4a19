//! Results depend on the articles and the settings, and on nothing else.

use crate::corpus::Corpus;
use crate::util::{Folder, json_line};

const ARTICLES: usize = 1_500;

fn dump(folder: &Folder) -> String {
    let corpus = Corpus::new(5);
    let lines: String = (0..ARTICLES)
        .map(|index| {
            let article = corpus.article(index);
            folder.write(&format!("files/{}.txt", article.id), &article.text);
            json_line(&[("id", &format!("{}.txt", article.id)), ("text", &article.text), ("date", &article.date)])
        })
        .collect();
    folder.write("dump.jsonl", &lines);
    lines
}

#[test]
fn threads_change_nothing() {
    let folder = Folder::new();
    dump(&folder);
    let files = |threads: &str| folder.scan(&["dump.jsonl", "--threads", threads], 0).files();
    let one = files("1");
    assert!(one.len() >= 6);
    for threads in ["2", "7"] {
        let others = files(threads);
        for ((name, content), (_, other)) in one.iter().zip(&others) {
            assert!(content == other, "{name} differs with {threads} threads");
        }
    }
}

#[test]
fn one_file_or_many_or_a_compressed_one_or_a_stream() {
    let folder = Folder::new();
    let lines = dump(&folder);
    folder.gzip("dump.jsonl.gz", lines.as_bytes());
    let pairs = |input: &str| {
        folder.scan(&[input, "--date-field", "nothing"], 0).files().into_iter().find(|(name, _)| name == "pairs.jsonl")
    };
    let expected = pairs("dump.jsonl");
    assert!(expected.as_ref().is_some_and(|(_, content)| !content.is_empty()));
    assert!(pairs("files") == expected, "as many files");
    assert!(pairs("dump.jsonl.gz") == expected, "compressed");
    let streamed = folder
        .run_with_input(&["scan", "-", "--format", "jsonl", "--quiet", "--date-field", "nothing"], lines.as_bytes());
    assert!(streamed.out.as_bytes() == expected.expect("it was written").1, "{}", streamed.err);
}

//! Results depend on the articles and the settings, and on nothing else.

use crate::corpus::Corpus;
use crate::util::{Folder, Results, json_line, story};

const ARTICLES: usize = 1_500;

fn dump(folder: &Folder, articles: usize) -> String {
    let corpus = Corpus::new(5);
    let lines: String = (0..articles)
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
    dump(&folder, ARTICLES);
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
fn memory_changes_nothing() {
    let folder = Folder::new();
    dump(&folder, ARTICLES);
    std::fs::create_dir(folder.path("room")).expect("a folder");
    let scan = |arguments: &[&str]| {
        let results = folder
            .scan(&[&["dump.jsonl", "--exhaustive", "--passage", "9", "--temp-dir", "room"], arguments].concat(), 0);
        (results.files(), results.run_info()["temporary"].as_u64().expect("a number"))
    };
    let (held, none) = scan(&["--memory", "4G"]);
    let (spilled, some) = scan(&["--memory", "4K"]);
    assert!(none == 0 && some > 1_000_000, "{none} and {some} bytes");
    for ((name, content), (_, other)) in held.iter().zip(&spilled) {
        assert!(content == other, "{name} differs with little memory");
    }
    assert_eq!(std::fs::read_dir(folder.path("room")).expect("it is there").count(), 0, "temporary files are gone");
}

#[test]
fn one_file_or_many_or_a_compressed_one_or_a_stream() {
    let folder = Folder::new();
    let lines = dump(&folder, ARTICLES);
    folder.gzip("dump.jsonl.gz", lines.as_bytes());
    let compared = |results: &Results| {
        let run = results.run_info();
        [&run["candidates"], &run["matches"]].map(|number| number.as_u64().expect("a number"))
    };
    let pairs = |input: &str| {
        let results = folder.scan(&[input, "--date-field", "nothing"], 0);
        let pairs = results.files().into_iter().find(|(name, _)| name == "pairs.jsonl");
        // Nor is a pair more or less looked at on the way.
        (pairs, compared(&results))
    };
    let expected = pairs("dump.jsonl");
    assert!(expected.0.as_ref().is_some_and(|(_, content)| !content.is_empty()));
    assert!(pairs("files") == expected, "as many files");
    assert!(pairs("dump.jsonl.gz") == expected, "compressed");
    let little = |dump: &str| {
        let results = folder.scan(&[dump, "--date-field", "nothing", "--memory", "4K"], 0);
        let pairs = results.files().into_iter().find(|(name, _)| name == "pairs.jsonl");
        (pairs, results.run_info()["temporary"].as_u64().expect("a number"))
    };
    let ((plain, put_away), (unkept, and_extracted)) = (little("dump.jsonl"), little("dump.jsonl.gz"));
    assert!(plain == expected.0 && unkept == expected.0, "compressed, and no room for it");
    assert!(and_extracted > put_away + 100_000, "{put_away} and {and_extracted} bytes");
    let streamed = folder
        .run_with_input(&["scan", "-", "--format", "jsonl", "--quiet", "--date-field", "nothing"], lines.as_bytes());
    assert!(streamed.out.as_bytes() == expected.0.expect("it was written").1, "{}", streamed.err);
}

/// Of a dump as large as this the first blocks are looked at beforehand.
#[test]
#[ignore = "generates 25,000 articles"]
fn a_large_compressed_dump_gives_what_a_plain_one_does() {
    let folder = Folder::new();
    let lines = dump(&folder, 25_000);
    folder.gzip("dump.jsonl.gz", lines.as_bytes());
    assert!(std::fs::metadata(folder.path("dump.jsonl.gz")).expect("it is there").len() > 16 << 20);
    let results = |arguments: &[&str]| folder.scan(&[arguments, &["--date-field", "nothing"]].concat(), 0).pairs();
    let of = |pairs: Vec<serde_json::Value>| -> Vec<String> {
        let line =
            |pair: serde_json::Value| format!("{} {} {} {}", pair["a"], pair["b"], pair["core"], pair["jaccard"]);
        pairs.into_iter().map(line).collect()
    };
    let expected = of(results(&["dump.jsonl"]));
    assert!(expected.len() > 3_000, "{} pairs", expected.len());
    assert!(of(results(&["dump.jsonl.gz"])) == expected, "kept unpacked");
    assert!(of(results(&["dump.jsonl.gz", "--memory", "4K"])) == expected, "unpacked again");
}

/// Stories, each second with a footer that is learnt and a phrase that is frequent, each third with a stretch of another right beside
/// these, and notices of one sentence that stand in some of them.
fn tangled() -> Vec<String> {
    let footer = story(9_000, 3);
    let phrase: String = story(9_001, 1).split_inclusive(' ').take(8).collect();
    let stretch = |of: u32| -> String { story(of, 8).split_inclusive(' ').skip(30).take(20).collect() };
    let stories = (0..120).map(|number| {
        let lifted = if number % 3 == 0 && number > 0 { stretch(number - 1) } else { String::new() };
        let lifted_too = if number % 3 == 1 { stretch(number / 2) } else { String::new() };
        let (phrase, footer) = if number % 2 == 1 { (&*phrase, &*footer) } else { ("", "") };
        format!("{} {phrase}{lifted} {} {lifted_too}{footer}", story(number, 8), story(number + 500, 2))
    });
    let notices = (0..20).map(|number| {
        let noticed: String = story(6 * number, 8).split_inclusive(' ').skip(5).take(9).collect();
        format!("{phrase}{noticed}{}", story(number + 700, 1).split_inclusive(' ').take(4).collect::<String>())
    });
    stories.chain(notices).collect()
}

/// What is read once, because a look at the short records tells enough, and what is read twice are one result.
#[test]
fn what_is_read_again_changes_nothing() {
    let folder = Folder::new();
    let write = |name: &str, padding: &str| {
        let line = |text: &String| json_line(&[("text", text), ("page", padding)]);
        let lines: String = tangled().iter().map(line).collect();
        folder.write(name, &lines);
        lines
    };
    let lines = write("dump.jsonl", "");
    // Long records hide that their texts are short.
    write("padded/dump.jsonl", &"x".repeat(3_000));
    folder.gzip("packed/dump.jsonl.gz", lines.as_bytes());
    for asked in [
        &["--containment", "0.1"][..],
        &["--containment", "0.1", "--passage", "9"],
        &["--list-all", "--containment", "0.1"],
    ] {
        let results = |input: &str| folder.scan(&[&[input], asked].concat(), 0);
        let named = |input: &str| {
            let results = results(input);
            assert!(results.summary()["boilerplate"]["passages"].as_u64() > Some(0), "the footer is learnt");
            let ends = |pair: &serde_json::Value, side: &str| -> Option<u32> {
                pair[side].as_str()?.rsplit(':').next()?.parse().ok()
            };
            let pairs = results.pairs().into_iter().map(|pair| {
                (
                    ends(&pair, "a"),
                    ends(&pair, "b"),
                    pair["relation"].clone(),
                    pair["core"].clone(),
                    pair["jaccard"].clone(),
                )
            });
            pairs.collect::<Vec<_>>()
        };
        let expected = named("dump.jsonl");
        assert!(expected.iter().any(|(_, b, ..)| *b > Some(120)), "notices are found: {expected:?}");
        assert!(expected.len() > 60, "{} pairs with {asked:?}", expected.len());
        assert_eq!(named("padded/dump.jsonl"), expected, "{asked:?}");
        assert_eq!(named("packed/dump.jsonl.gz"), expected, "{asked:?}");
    }
}

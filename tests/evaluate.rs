//! `evaluate`: a run against what people say.

use crate::util::{Folder, json_line, story};
use serde_json::Value;

/// a and b are versions of one story, c embeds a, d tells it in other words (as far as a test can), e is another.
fn dump(folder: &Folder) {
    let text = story(1, 20);
    let records = [
        ("a", text.clone()),
        ("b", text.replace("w1x3y4", "changed")),
        ("c", format!("{} {text} {}", story(2, 20), story(3, 20))),
        ("d", story(4, 20)),
        ("e", story(5, 20)),
    ];
    let lines = records.iter().map(|(id, text)| json_line(&[("id", id), ("text", text)]));
    folder.write("dump.jsonl", lines.collect::<String>());
}

fn evaluate(folder: &Folder, arguments: &[&str]) -> Value {
    let run = folder.run(&[&["evaluate", "dump.jsonl", "--format", "json"], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("one object")
}

#[test]
fn labelled_pairs_give_precision_and_recall() {
    let folder = Folder::new();
    dump(&folder);
    folder.write("truth.tsv", "id1\tid2\tlabel\na\tb\tsame\nc\ta\tother\nd\ta\tsame\nd\te\tother\na\tx\tsame\n");
    let found = evaluate(&folder, &["--truth", "truth.tsv"]);
    assert_eq!(
        (&found["reported"]["right"], &found["reported"]["wrong"], &found["reported"]["missed"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(found["truth"]["unknown"], 1);
    assert_eq!(found["quality"]["f1"], 0.5);
    let reason = |what: &str| found[what][0]["reason"].as_str().expect("a sentence").to_owned();
    assert_eq!(reason("missed"), "no shingle in common");
    assert!(reason("wrong").starts_with("containment 1.000, 0.500 above 0.5"), "{}", reason("wrong"));
    let jaccard = &found["measures"][0];
    assert_eq!(
        (&jaccard["set"]["quality"]["precision"], &jaccard["set"]["quality"]["recall"]),
        (&1.0.into(), &0.5.into())
    );

    let others = evaluate(&folder, &["--truth", "truth.tsv", "--positive", "other"]);
    assert_eq!((&others["truth"]["positive"], &others["reported"]["right"]), (&2.into(), &1.into()));
    let unknown = folder.run(&["evaluate", "dump.jsonl", "--truth", "truth.tsv", "--positive", "nothing"]);
    let said = "no row has the label nothing of --positive; there are: other, same";
    assert!(unknown.status == 2 && unknown.err.contains(said), "{}", unknown.err);
    let twice = std::fs::read_to_string(folder.path("truth.tsv")).expect("it is there");
    let (a, rest) = twice.lines().nth(1).and_then(|line| line.split_once('\t')).expect("a pair");
    let (b, label) = rest.split_once('\t').expect("a label");
    let other = if label == "same" { "other" } else { "same" };
    folder.write("twice.tsv", format!("{twice}{b}\t{a}\t{other}\n"));
    let twice = folder.run(&["evaluate", "dump.jsonl", "--truth", "twice.tsv", "--positive", "same"]);
    assert!(twice.status == 2 && twice.err.contains("twice, as "), "{}", twice.err);
    let misspelt = folder.run(&["evaluate", "dump.jsonl", "--truth", "truth.tsv", "--positive", "same,ohter"]);
    assert!(misspelt.status == 2 && misspelt.err.contains("label ohter"), "{}", misspelt.err);
}

#[test]
fn clusters_count_every_pair() {
    let folder = Folder::new();
    dump(&folder);
    folder.write("truth.csv", "id,cluster\na,1\nb,1\nd,1\nc,2\ne,3\n");
    let found = evaluate(&folder, &["--truth", "truth.csv"]);
    // Reported are a–b, and a–c and b–c for their containment; true are a–b, a–d and b–d.
    assert_eq!(
        (&found["reported"]["right"], &found["reported"]["wrong"], &found["reported"]["missed"]),
        (&1.into(), &2.into(), &2.into())
    );
    assert_eq!(found["clusters"]["b_cubed"]["precision"], 1.0);
    folder.write("pairs.csv", "id1,id2\na,b\nb,d\na,d\n");
    let closed = evaluate(&folder, &["--truth", "pairs.csv"]);
    // c is not named.
    assert_eq!(
        (&closed["reported"]["right"], &closed["reported"]["wrong"], &closed["reported"]["missed"]),
        (&1.into(), &0.into(), &2.into())
    );
}

#[test]
fn a_sample_is_labelled_and_read_back() {
    let folder = Folder::new();
    dump(&folder);
    let sample = folder.run(&["evaluate", "dump.jsonl", "--sample", "1"]);
    assert_eq!(sample.status, 0, "{}", sample.err);
    let lines: Vec<&str> =
        sample.out.lines().filter(|line| line.contains(",near-duplicate,") || line.contains(",excerpt,")).collect();
    assert_eq!(lines.len(), 2, "one of each relation: {}", sample.out);
    folder.write("coded.csv", sample.out.replacen(",,near-duplicate,", ",yes,near-duplicate,", 1));
    let found = evaluate(&folder, &["--truth", "coded.csv"]);
    assert_eq!(
        (&found["truth"]["positive"], &found["truth"]["negative"]),
        (&1.into(), &0.into()),
        "what has no label does not count"
    );
}

#[test]
fn text_and_plot() {
    let folder = Folder::new();
    dump(&folder);
    folder.write("truth.tsv", "a\tb\tsame\na\td\tsame\nc\ta\tother\n");
    let run = folder.run(&["evaluate", "dump.jsonl", "--truth", "truth.tsv", "--svg", "curve.svg"]);
    for expected in
        ["precision 0.5000, recall 0.5000", "missed: 1 pair", "wrong: 1 pair", "B-cubed", "precision by recall"]
    {
        assert!(run.out.contains(expected), "{expected}: {}", run.out);
    }
    let svg = std::fs::read_to_string(folder.path("curve.svg")).expect("it was written");
    assert!(svg.starts_with("<svg") && svg.contains("recall"));
    let again = ["evaluate", "dump.jsonl", "--truth", "truth.tsv", "--svg", "curve.svg"];
    assert_eq!(folder.run(&again).status, 2, "it is there already");
    assert_eq!(folder.run(&[&again[..], &["--force"]].concat()).status, 0);
    for wrong in [&["--truth", "missing.tsv"][..], &[], &["--truth", "dump.jsonl"]] {
        assert_eq!(folder.run(&[&["evaluate", "dump.jsonl"], wrong].concat()).status, 2, "{wrong:?}");
    }
}

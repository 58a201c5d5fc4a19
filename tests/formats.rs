//! Every format that is read, packed in every way: one result, and the same records back.

use crate::util::{Folder, gzipped, json_line, story};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

/// What records hold beside their texts.
struct Article {
    id: String,
    text: String,
    date: String,
}

/// Stories of which some are there twice or thrice, with whatever a format has to escape.
fn articles() -> Vec<Article> {
    (0..60)
        .map(|number: u32| {
            let seed = if number % 4 == 3 { number - 1 } else { number };
            let extra =
                ["", "\n\"quoted\", they said;\r\n", "tab\tand | bar", "{\"a\": [1, \"b\\\\\"]}"][seed as usize % 4];
            Article {
                id: format!("n{number}"),
                text: format!("{}{extra} é 新闻 {}", story(seed, 9), story(seed + 500, 2)),
                date: format!("2024-01-{:02}", 1 + number % 28),
            }
        })
        .collect()
}

fn table(delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(["id", "date", "text", "more"]).expect("in memory");
    for Article { id, text, date } in articles() {
        writer.write_record([&*id, &*date, &*text, "more, \"and\" more"]).expect("in memory");
    }
    writer.into_inner().expect("in memory")
}

fn values() -> Vec<Value> {
    articles().into_iter().map(|Article { id, text, date }| json!({"id": id, "text": text, "date": date})).collect()
}

fn every_format() -> Vec<(&'static str, Vec<u8>)> {
    let lines: String = articles()
        .iter()
        .map(|Article { id, text, date }| json_line(&[("id", id), ("text", text), ("date", date)]))
        .collect();
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    vec![
        ("dump.jsonl", lines.into_bytes()),
        ("array.json", Value::from(values()).to_string().into_bytes()),
        ("pretty.json", pretty(&Value::from(values())).into_bytes()),
        ("objects.json", values().iter().map(|value| pretty(value) + "\n").collect::<String>().into_bytes()),
        ("table.csv", table(b',')),
        ("semicolons.csv", table(b';')),
        ("table.tsv", table(b'\t')),
    ]
}

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKINGS: [(&str, Pack, Pack); 5] = [
    ("", <[u8]>::to_vec, <[u8]>::to_vec),
    (".gz", gzipped, |bytes| read(flate2::read::GzDecoder::new(bytes))),
    (".zst", |bytes| zstd::encode_all(bytes, 1).expect("in memory"), |bytes| zstd::decode_all(bytes).expect("zstd")),
    (
        ".bz2",
        |bytes| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
        },
        |bytes| read(bzip2::read::BzDecoder::new(bytes)),
    ),
    (
        ".xz",
        |bytes| {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("in memory")
        },
        |bytes| read(liblzma::read::XzDecoder::new(bytes)),
    ),
];

fn read(mut reader: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).expect("whole");
    bytes
}

/// The ids and texts in a file, by a reader of its format that is not ours.
fn read_back(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let of = |value: &Value| ["id", "text"].map(|name| value[name].as_str().expect("text").to_owned()).into();
    if name.contains(".csv") || name.contains(".tsv") {
        let delimiter = if name.contains(".tsv") {
            b'\t'
        } else if name.starts_with("semi") {
            b';'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
        return reader
            .records()
            .map(|row| row.map(|row| (row[0].to_owned(), row[2].to_owned())).expect("a row"))
            .collect();
    }
    if name.starts_with("array") || name.starts_with("pretty") {
        return serde_json::from_slice::<Vec<Value>>(bytes).expect("an array").iter().map(of).collect();
    }
    serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().map(|value| of(&value.expect("JSON"))).collect()
}

#[test]
fn every_format_in_every_packing_is_one_dump() {
    let folder = Folder::new();
    let pairs = |name: &str| {
        let results = folder.scan(&[name], 0);
        let spans = results.pairs().into_iter().map(|pair| format!("{pair}"));
        (
            spans.collect::<Vec<String>>(),
            results.table("articles.csv").into_iter().map(|row| row[0].clone()).collect::<Vec<_>>(),
        )
    };
    let mut expected = None;
    for (name, bytes) in every_format() {
        for (ending, pack, unpack) in PACKINGS {
            let name = format!("{name}{ending}");
            folder.write(&name, pack(&bytes));
            let found = pairs(&name);
            assert_eq!(found.0.len(), 15, "{name}");
            assert_eq!(&found, expected.get_or_insert_with(|| found.clone()), "{name}");
            let out = format!("clean-{name}");
            let run = folder.run(&["dedup", &name, "-o", &out, "--keep", "first", "--quiet"]);
            assert_eq!(run.status, 0, "{name}: {}", run.err);
            let written = unpack(&fs::read(folder.path(&out)).expect("it was written"));
            let kept: Vec<(String, String)> = articles()
                .into_iter()
                .enumerate()
                .filter(|(number, _)| number % 4 != 3)
                .map(|(_, article)| (article.id, article.text))
                .collect();
            assert_eq!(read_back(&name, &written), kept, "{name}");
            assert!(is_cut_from(&written, &bytes), "{name}: what stays is as it was");
        }
    }
}

/// Whether all bytes of one are in the other, in their order.
fn is_cut_from(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|other| other == byte))
}

#[test]
fn a_broken_row_or_element_is_listed_and_rejected() {
    let folder = Folder::new();
    let (text, other) = (story(1, 3), story(2, 3));
    folder
        .write("t.csv", format!("text,id\n\"{text}\",1\n\n\"two\nlines\"\nx,2,,\ny,3, not quoted\n\"{text}\",3\n"))
        .write("u.csv", format!("id,text\n1,\"{text}\"\n2\n3,\"not closed, {other}\n4,x\n"))
        .write(
            "a.json",
            format!("[{{\"text\": \"{text}\"}}, 7, \"text\", {{\"text\": 1}}, {{\"text\": \"{text}\"}}\n, {{]"),
        )
        .write("none.csv", "a,b\n1,2\n");
    let listed = |name: &str, status: i32| folder.scan(&[name, "--text-field", "text"], status).skipped();
    assert_eq!(
        listed("t.csv", 3),
        ["t.csv:4 a row of 3 cells, of which 2 have names; is a delimiter not quoted?"],
        "cells without a name must be empty; others than that of the text may be missing"
    );
    assert_eq!(
        listed("u.csv", 3),
        [
            "u.csv a quotation of the last row has no end: all that follows was taken for a part of it",
            "u.csv:2 the text, `text`, would be cell 2 of a row that ends with cell 1"
        ]
    );
    let elements = listed("a.json", 3);
    assert_eq!(elements.len(), 5, "{elements:?}");
    assert_eq!(elements[0], "a.json an array or object has no end; what came before was used");
    assert_eq!(elements[3], "a.json:4 field `text` is a number, not a string");
    let nothing = folder.run(&["scan", "none.csv"]);
    assert!(nothing.status == 2 && nothing.err.contains("no column of a known name for the text"), "{}", nothing.err);

    let dedup = |name: &str| {
        let run = folder.run(&["dedup", name, "-o", "made", "--force", "--quiet"]);
        let file = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        (run.status, file(&folder.path("made")), file(&folder.path("made.rejected")), run.err)
    };
    let (status, out, rejected, err) = dedup("a.json");
    assert_eq!((status, &*rejected), (3, "7\n\"text\"\n{\"text\": 1}\n{]"), "{err}");
    assert_eq!(out, format!("[{{\"text\": \"{text}\"}}"), "what is broken ends with what is left");
    let (status, out, rejected, err) = dedup("u.csv");
    assert_eq!((status, &*rejected), (3, "2\n"), "{err}");
    assert_eq!(out, format!("id,text\n1,\"{text}\"\n3,\"not closed, {other}\n4,x\n"));
}

#[test]
fn a_quotation_without_an_end_is_listed_however_long_it_is() {
    let folder = Folder::new();
    for count in [1, 30_000] {
        let rows: String = (0..count).map(|row| format!("{row},{}\n", story(row, 3))).collect();
        folder.write("open.csv", format!("id,text\n1,one\n\n2,\"two\n{rows}"));
        let results = folder.scan(&["open.csv"], 3);
        let reason = "open.csv a quotation of the last row has no end: all that follows was taken for a part of it";
        assert_eq!(
            (results.skipped(), &results.summary()["counts"]["articles"]),
            (vec![reason.to_owned()], &Value::from(2))
        );
        let run = folder.run(&["dedup", "open.csv", "-o", "made.csv", "--force", "--quiet"]);
        assert!(run.status == 3 && run.err.contains(reason.split_at(9).1), "{}", run.err);
        let read = |name: &str| fs::read(folder.path(name)).expect("it is there");
        assert!(read("made.csv") == read("open.csv"), "nothing is lost");
        folder.write("closed.csv", format!("id,text\n1,one\n\n2,\"two\n{rows}\""));
        assert!(folder.scan(&["closed.csv"], 0).skipped().is_empty());
    }
}

#[test]
fn a_record_that_is_utf_8_is_that_whatever_the_others_are() {
    let folder = Folder::new();
    let text = "Der Rat schließt die alte Brücke bis Ende März; die Arbeiten beginnen am Montag früh um acht.";
    let latin = encoding_rs::WINDOWS_1252.encode("Été à la mer, où l’on a vu « la fête » à Orléans et déjà à Nîmes.").0;
    let record = |start: &str, text: &[u8], end: &str| [start.as_bytes(), text, end.as_bytes()].concat();
    let lines = [(&latin[..], "1"), (text.as_bytes(), "2")]
        .map(|(text, id)| record(&format!("{{\"id\": \"{id}\", \"text\": \""), text, "\"}\n"));
    let rows = [(&latin[..], "1"), (text.as_bytes(), "2")].map(|(text, id)| record(&format!("{id},\""), text, "\"\n"));
    folder.write("a.txt", text).write("mixed.jsonl", lines.concat());
    folder.write("mixed.csv", [b"id,text\n".as_slice(), &rows.concat()].concat());
    for name in ["mixed.jsonl", "mixed.csv"] {
        let results = folder.scan(&["a.txt", name], 0);
        let input = &results.summary()["input"];
        assert_eq!((&input["encodings"]["windows-1252"], &input["invalid_utf8"]), (&Value::from(1), &Value::from(0)));
        assert_eq!(results.relations(), [format!("a.txt {name}:2 identical")]);
    }
    // The other way round, behind more than is looked at, and with a byte that is nothing.
    let ascii = record("{\"id\": \"3\", \"text\": \"", story(1, 9).as_bytes(), "\"}\n").repeat(1500);
    let broken =
        record("{\"id\": \"4\", \"text\": \"one broken ", b"\xff", " byte, and \u{2026} one that is whole\"}\n");
    folder.write("late.jsonl", [&ascii[..], &lines[1], &lines[0], &broken].concat()).write("b.txt", latin);
    let results = folder.scan(&["b.txt", "late.jsonl"], 0);
    let input = &results.summary()["input"];
    assert_eq!((&input["encodings"]["windows-1252"], &input["invalid_utf8"]), (&Value::from(2), &Value::from(1)));
    assert!(results.relations().contains(&"b.txt late.jsonl:1502 identical".to_owned()), "{:?}", results.relations());
}

#[test]
fn fields_that_the_first_record_has_not_are_found_in_others() {
    let folder = Folder::new();
    let text = story(1, 3);
    let lines = ["", ", \"date\": \"2024-05-02\"", ", \"date\": \"2024-05-01\", \"site\": \"x.example\""]
        .map(|fields| format!("{{\"text\": \"{text}\"{fields}}}\n"));
    folder.write("a.jsonl", lines.concat());
    let run = folder.run(&["dedup", "a.jsonl", "-o", "clean.jsonl", "--keep", "earliest", "--quiet"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(fs::read_to_string(folder.path("clean.jsonl")).expect("it was written"), lines[2]);
}

#[test]
fn half_a_character_separates_nothing() {
    let folder = Folder::new();
    let shift_jis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    let record = |n: usize| format!("{{\"text\": \"新しい商品の販売が始まった{}表\"}}", "の".repeat(n));
    let records: Vec<String> = (0..6).map(record).collect();
    folder.write("array.json", shift_jis(&format!("[{}]", records.join(",\n"))));
    assert_eq!(folder.scan(&["array.json"], 0).summary()["counts"]["articles"], 6);
    assert_eq!(folder.run(&["dedup", "array.json", "-o", "out.json", "-q"]).status, 0);
    folder.write("bars.csv", shift_jis("id|text\n1|駅前の店で始まった\n2|駅前の店で始まったポ\n"));
    let run = folder.run(&["dedup", "bars.csv", "-o", "out.csv"]);
    assert!(run.status == 2 && run.err.contains("in Shift_JIS half of other characters"), "{}", run.err);
}

#[test]
fn what_a_file_is_is_not_mistaken() {
    let folder = Folder::new();
    // Where an archive would say that it is one.
    let tar = format!("id,text\n1,{} mustard was sold\n2,other words\n", "x".repeat(245));
    assert_eq!(&tar[257..262], "ustar");
    let marks = "\u{feff}";
    for (name, text, articles) in [
        ("blanks.jsonl", " {\"text\":\"a b c\"}\n\t{\"text\":\"d e f\"}\n".to_owned(), 2),
        ("mustard.csv", tar, 2),
        ("marks.csv", format!("id,text\n1,a b c\n{marks}\n2,x y z\n{marks}\r\n"), 2),
        ("header.csv", "id, Text \n1,one two three\n".to_owned(), 1),
        ("names.csv", "id,text,\"notes (a; b; c; d)\"\n1,one two three,x\n".to_owned(), 1),
    ] {
        folder.write(name, &text);
        assert_eq!(folder.scan(&[name], 0).summary()["counts"]["articles"], articles, "{name}");
        let run = folder.run(&["dedup", name, "-o", "same", "--force"]);
        assert_eq!((run.status, fs::read_to_string(folder.path("same")).ok()), (0, Some(text)), "{name}: {}", run.err);
    }
}

#[test]
fn articles_in_an_array_in_an_object_are_told_of() {
    let folder = Folder::new();
    let record = crate::util::json_line(&[("text", &story(1, 3))]);
    folder.write("api.json", format!("{{\"status\": \"ok\", \"articles\": [{record}]}}"));
    let run = folder.run(&["scan", "api.json"]);
    assert!(run.status == 2 && run.err.contains("its articles are in the array `articles`"), "{}", run.err);
}

#[test]
fn a_dump_whose_name_says_what_it_is_not_is_told() {
    let folder = Folder::new();
    folder.write("a.csv", format!("id\ttext\n1\t{}\n", story(1, 3)));
    for (name, is_told) in [("b.csv", false), ("b.tsv", false), ("b", false), ("b.jsonl", true), ("b.csv.gz", true)] {
        let run = folder.run(&["dedup", "a.csv", "-o", name]);
        assert_eq!((run.status, run.err.contains("whatever its name says")), (0, is_told), "{name}: {}", run.err);
    }
}

#[test]
fn a_dump_whose_name_says_that_it_is_packed_is_not() {
    let folder = Folder::new();
    folder.write("a.jsonl", crate::util::json_line(&[("text", &story(1, 3))]));
    let run = folder.run(&["dedup", "a.jsonl", "-o", "b.jsonl.gz"]);
    let same = fs::read(folder.path("a.jsonl")).ok() == fs::read(folder.path("b.jsonl.gz")).ok();
    assert!(run.status == 0 && same && run.err.contains("b.jsonl.gz: what is written is not packed"), "{}", run.err);
    folder.gzip("c.jsonl.gz", &fs::read(folder.path("a.jsonl")).expect("it was written"));
    let run = folder.run(&["dedup", "c.jsonl.gz", "-o", "d.jsonl.gz"]);
    assert!(run.status == 0 && !run.err.contains("not packed"), "it is: {}", run.err);
}

#[test]
fn results_of_an_earlier_run_are_no_articles() {
    let folder = Folder::new();
    folder.write("in/a.txt", story(1, 5)).write("in/b.txt", story(1, 5));
    assert_eq!(folder.run(&["scan", "in", "-o", "in/results", "--quiet"]).status, 0);
    folder.write("in/results/c.txt", story(2, 5));
    let results = folder.scan(&["in"], 0);
    assert_eq!(results.summary()["counts"]["articles"], 3);
    assert_eq!(results.summary()["input"]["passed_over"]["a result of an earlier run"], 10);
    assert!(results.skipped().contains(&"results/texts.jsonl a result of an earlier run".to_owned()));
    let named = folder.scan(&["in", "in/results/texts.jsonl"], 0).summary();
    assert_eq!(named["counts"]["articles"], 5, "who names one wants it");

    // What a deduplication wrote is none either, whoever says which files are articles; in an archive its own members count.
    assert_eq!(folder.run(&["dedup", "in", "-o", "old/in.jsonl", "-q"]).status, 0);
    for chosen in [&[][..], &["--include", "*.jsonl", "--include", "*.txt"], &["--input-format", "text"]] {
        let summary = folder.scan(&[&["old"][..], chosen].concat(), 0).summary();
        assert_eq!(summary["input"]["passed_over"]["jsonl"], 2, "{chosen:?} {summary}");
    }
    let pack = |name: &str, members: &[&str]| {
        let mut tar = tar::Builder::new(Vec::new());
        for member in members {
            tar.append_path_with_name(folder.path("old").join(member), member).expect("it is there");
        }
        folder.write(name, tar.into_inner().expect("in memory"));
        folder.run(&["scan", name, "-o", "out", "--force", "-q"]).status
    };
    let [removed, summary] = ["in.jsonl.removed.jsonl", "in.jsonl.summary.json"];
    assert_eq!(pack("audit.tar", &[removed, summary, "in.jsonl/a.txt"]), 0);
    folder.write(summary, "{}");
    assert_eq!(pack("removed.tar", &[removed, "in.jsonl/a.txt"]), 3, "someone else's file may have such a name");
}

#[test]
fn numbers_that_json_has_not_cost_no_record() {
    let folder = Folder::new();
    let line = |id: u32, author: &str| {
        format!("{{\"id\":{id},\"meta\":{{\"n\":NaN}},\"author\":{author},\"text\":\"{}\"}}", story(1, 9))
    };
    let lines =
        ["NaN", "-Infinity", "Infinity", "\"NaN\\\" Infinity\""].map(|author| line(author.len() as u32, author));
    folder.write("a.jsonl", lines.join("\n")).write("b.json", format!("[{}]", lines.join(",\n")));
    for name in ["a.jsonl", "b.json"] {
        let results = folder.scan(&[name], 0);
        assert_eq!(results.summary()["counts"]["articles"], 4, "{name} {:?}", results.skipped());
    }
    let deep = folder.scan(&["a.jsonl", "--title-field", "meta.n"], 0).summary();
    assert_eq!(deep["counts"]["articles"], 4);
    folder.write("c.jsonl", "{\"text\":NaN}\n{\"text\":\"some words\",\"n\":NaNs}\n{\"text\":\"some words\"}");
    assert_eq!(folder.scan(&["c.jsonl"], 3).skipped().len(), 2);
}

#[test]
fn marks_that_quote_nothing_hide_nothing() {
    let folder = Folder::new();
    let row = |number: u32| format!("{number}\t{}{}\n", if number == 3 { "\"" } else { "" }, story(number, 9));
    let table = format!("id\ttext\n{}", (0..30).map(row).collect::<String>().replace(" w20x", " \"w20x"));
    folder.write("a.tsv", &table).write("b.csv", table.replace('\t', "|"));
    for name in ["a.tsv", "b.csv"] {
        assert_eq!(folder.scan(&[name], 0).summary()["counts"]["articles"], 30, "{name}");
        assert_eq!(folder.run(&["dedup", name, "-o", "noted", "--force", "--annotate", "-q"]).status, 0);
        let noted = fs::read_to_string(folder.path("noted")).expect("it was written");
        let delimiters = |line: &str| line.matches(['\t', '|']).count();
        assert!(noted.lines().all(|line| delimiters(line) == 6), "{noted}");
    }
    // Here they do quote.
    folder.write("c.tsv", table.replace('"', "").replacen("\tw", "\t\"\"\"w", 1).replacen(" w", "\" w", 1));
    folder.write("d.tsv", format!("id\ttext\n1\t\"{}\n{}\"\n", story(1, 9), story(2, 9)));
    assert_eq!(folder.scan(&["d.tsv"], 0).summary()["counts"]["articles"], 1);
}

#[test]
fn other_encodings_are_decoded_and_come_back_as_they_were() {
    use encoding_rs::{GBK, KOI8_R, SHIFT_JIS, WINDOWS_1252};
    let french = "Le conseil a décidé de fermer le vieux pont jusqu’à la fin de l’été ; les travaux commenceront lundi à huit heures.";
    let russian =
        "Совет города решил закрыть старый мост на ремонт до конца марта, работы начнутся в понедельник утром.";
    let chinese = "市议会星期一决定关闭旧港桥进行维修，工程将持续到三月底，渡轮照常运行。";
    let japanese = "市議会は月曜日、古い港の橋を三月末まで修理のために閉鎖することを決めました。";
    for (encoding, text) in [(WINDOWS_1252, french), (KOI8_R, russian), (GBK, chinese), (SHIFT_JIS, japanese)] {
        let folder = Folder::new();
        let encoded = |text: &str| encoding.encode(text).0.into_owned();
        let row = |id: &str, text: &str| encoded(&format!("{id},\"{text}\r\n\"\r\n"));
        let rows = [encoded("id,text\r\n"), row("one", text), row("two", text), row("three", &format!("{text} 7"))];
        folder.write("table.csv", rows.concat()).write("a.txt", text).write("b.txt", encoded(text));
        let results = folder.scan(&["a.txt", "b.txt", "table.csv"], 0);
        let summary = results.summary();
        // What a browser takes KOI8-R for has a few letters more.
        let name = if encoding == KOI8_R { "KOI8-U" } else { encoding.name() };
        assert_eq!(summary["input"]["encodings"][name], 4, "{}", summary["input"]["encodings"]);
        assert_eq!(summary["input"]["invalid_utf8"], 0);
        let pairs = results.relations();
        assert!(pairs.contains(&"a.txt b.txt identical".to_owned()), "{pairs:?}");
        let compared = folder.run(&["compare", "table.csv:1", "a.txt", "--format", "json"]);
        let pair: Value = serde_json::from_str(&compared.out).expect("an object");
        assert_eq!(pair["relation"], "identical");
        let span = &pair["passages"][0]["a"];
        let [start, end] = [0, 1].map(|at| span[at].as_u64().expect("a number") as usize);
        assert_eq!(
            (start, text.get(start..end)),
            (0, pair["passages"][0]["text_a"].as_str()),
            "spans are of the decoded text"
        );
        let run = folder.run(&["dedup", "table.csv", "-o", "clean.csv", "--quiet", "--remove", "identical"]);
        assert_eq!(run.status, 0, "{}", run.err);
        let kept = [rows[0].clone(), rows[1].clone(), rows[3].clone()].concat();
        assert_eq!(fs::read(folder.path("clean.csv")).expect("it was written"), kept);
    }
}

#[test]
fn tables_and_arrays_that_end_oddly_are_whole() {
    let folder = Folder::new();
    let text = story(1, 3);
    let dedup = |name: &str, content: &str| {
        folder.write(name, content);
        let run = folder.run(&["dedup", name, "-o", "made", "--force", "--quiet"]);
        (run.status, fs::read_to_string(folder.path("made")).unwrap_or_default(), run.err)
    };
    for end in ["\n\n", "\r\n\r\n", "\n \n", ""] {
        let table = format!("id,text\n1,{text}{end}");
        assert_eq!(dedup("t.csv", &table), (0, table, String::new()));
    }
    for empty in ["[]", " [ ]\n", ""] {
        assert_eq!(dedup("e.json", empty), (0, empty.to_owned(), String::new()));
    }
    assert_eq!(dedup("e.csv", "\n\n").0, 0);
    let element = format!("{{\"text\": \"{text}\"}}");
    let (status, out, _) = dedup("a.json", &format!("[{element}, 5, {element}] garbage"));
    assert_eq!((status, out.trim_end()), (3, &*format!("[{element}]")), "the end of the array stays");
    let (status, out, err) = dedup("open.json", &format!("[{element}, {{\"text\": \"other\"}}"));
    assert!(status == 3 && out.starts_with('[') && err.contains("has no end"), "{status} {out} {err}");
    let read =
        folder.run_with_input(&["scan", "-", "--format", "jsonl"], format!("id;text\n1;{text}\n2;{text}\n").as_bytes());
    assert!(read.out.contains("\"a\":\"1\",\"b\":\"2\""), "a table is known by its content: {}{}", read.out, read.err);
}

#[test]
fn a_file_that_is_an_article_goes_as_a_whole() {
    let folder = Folder::new();
    let object = |text: &str| format!("{{\n  \"maintext\": \"{text}\"\n}}\n");
    for (name, text) in [("a/1.json", story(1, 5)), ("a/2.json", story(1, 5)), ("b/3.json", story(2, 5))] {
        folder.write(&format!("in/{name}"), object(&text));
    }
    assert_eq!(folder.run(&["dedup", "in", "-o", "made", "--quiet"]).status, 0);
    let is_there = |name: &str| folder.path(&format!("made/{name}")).exists();
    assert_eq!([is_there("a/1.json"), is_there("a/2.json"), is_there("b/3.json")], [true, false, true]);
}

#[test]
fn notes_are_written_into_arrays_and_tables() {
    let folder = Folder::new();
    let text = story(1, 5);
    folder
        .write("a.json", format!("[\n{{\"text\": \"{text}\"}},\n{{\"text\": \"{text}\", \"x\": {{}}}}\n]\n"))
        .write("t.csv", format!("id,text,more\n\n1,\"{text}\",x\n\"b, c\",{text}\n3,other\n"));
    let noted = |name: &str| {
        let run = folder.run(&["dedup", name, "-o", "made", "--force", "--annotate", "--quiet"]);
        assert_eq!(run.status, 0, "{}", run.err);
        fs::read(folder.path("made")).expect("it was written")
    };
    let array: Vec<Value> = serde_json::from_slice(&noted("a.json")).expect("an array");
    assert_eq!(
        (&array[0]["wirecopy"]["keep"], &array[1]["wirecopy"]["keep"]),
        (&Value::from(true), &Value::from(false))
    );
    assert_eq!(array[1]["wirecopy"]["nearest"]["id"], "a.json:1");
    let written = noted("t.csv");
    let mut reader = csv::Reader::from_reader(&*written);
    let head = reader.headers().expect("names").clone();
    assert_eq!(
        head.iter().skip(3).collect::<Vec<_>>().join(" "),
        "wirecopy_cluster wirecopy_keep wirecopy_nearest wirecopy_relation wirecopy_jaccard"
    );
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.expect("as long as the first").iter().skip(2).map(str::to_owned).collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["x", "1", "true", "b, c", "identical", "1"],
            ["", "1", "false", "1", "identical", "1"],
            ["", "", "true", "", "", ""]
        ]
    );
    folder.write("made.csv", &written);
    assert_eq!(noted("made.csv"), written, "an earlier note is replaced");
}

#[test]
fn arrays_in_arrays_stay_json_whatever_goes() {
    let folder = Folder::new();
    let object = |seed: u32| format!("{{\"text\": \"{}\"}}", story(seed, 5));
    let (one, two, three) = (object(1), object(2), object(3));
    for (name, dump, expected) in [
        ("a", format!("[[{one},{two}],[{one}]]"), format!("[[{one},{two}],[]]")),
        ("b", format!("[{one}, [\"x\"], {two}]"), format!("[{one}, [], {two}]")),
        ("c", format!("[[{one},{one}],[{two},{one},{three}],{two}]\n"), format!("[[{one}],[{two},{three}]]\n")),
        ("d", format!("[\n  {one},\n  {one},\n  {two}\n]\n"), format!("[\n  {one},\n  {two}\n]\n")),
    ] {
        let (from, to) = (format!("{name}.json"), format!("{name}.out.json"));
        folder.write(&from, &dump);
        let run = folder.run(&["dedup", &from, "-o", &to, "--keep", "first", "--quiet"]);
        let written = fs::read_to_string(folder.path(&to)).unwrap_or_else(|_| panic!("{name}: {}", run.err));
        assert_eq!(written, expected);
        let _: Value = serde_json::from_str(&written).expect("it is JSON");
    }
}

//! What holds articles among other things: archives, WARC, pages, tables in columns. What is read, what comes back, and
//! what is refused.

use crate::util::{Folder, gzipped, json_line, story};
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;

/// Members of an archive: paths and bytes.
type Members = Vec<(String, Vec<u8>)>;

fn zipped(members: &Members) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in members {
        zip.start_file(path, SimpleFileOptions::default()).expect("in memory");
        zip.write_all(bytes).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

fn unzipped(bytes: &[u8]) -> Members {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    (0..zip.len())
        .map(|index| {
            let mut member = zip.by_index(index).expect("a member");
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).expect("whole");
            (member.name().expect("UTF-8").into_owned(), bytes)
        })
        .collect()
}

fn tarred(members: &Members) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o640);
        // Not by the builder, which would refuse a path that leads out.
        header.as_gnu_mut().expect("of GNU").name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        tar.append(&header, &**bytes).expect("in memory");
    }
    tar.into_inner().expect("in memory")
}

fn untarred(bytes: &[u8]) -> Members {
    let mut tar = tar::Archive::new(bytes);
    let entries = tar.entries().expect("an archive");
    entries
        .map(|entry| {
            let mut entry = entry.expect("a member");
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("whole");
            (String::from_utf8_lossy(&entry.path_bytes()).into_owned(), bytes)
        })
        .collect()
}

fn member(path: &str, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (path.to_owned(), bytes.into())
}

type Pack = fn(&Members) -> Vec<u8>;
type Unpack = fn(&[u8]) -> Members;

const ARCHIVES: [(&str, Pack, Unpack); 2] = [("zip", zipped, unzipped), ("tar", tarred, untarred)];

/// A day's dump in an archive, with things in it that are no articles, and what is left of it.
fn day() -> (Members, Members) {
    let line = |id: &str, seed| json_line(&[("id", id), ("text", &story(seed, 9))]);
    let members = vec![
        member("day/README.md", "What this is."),
        member("day/one.txt", story(1, 9)),
        member("day/lines.jsonl", [line("a", 2), line("b", 1), line("c", 3)].concat()),
        member("day/copy.txt", story(1, 9)),
        member("day/picture.png", [0x89, b'P', b'N', b'G', 0, 1, 2]),
        member("day/packed.jsonl.gz", gzipped([line("d", 3), line("e", 4)].concat().as_bytes())),
    ];
    let mut kept = members.clone();
    kept.remove(3);
    kept[2].1 = [line("a", 2), line("c", 3)].concat().into_bytes();
    kept[4].1 = line("e", 4).into_bytes();
    (members, kept)
}

#[test]
fn an_archive_comes_back_without_its_duplicates() {
    let (members, kept) = day();
    for (kind, pack, unpack) in ARCHIVES {
        let name = &format!("day.{kind}")[..];
        let folder = Folder::new();
        folder.write(name, pack(&members)).gzip("day.tar.gz", &tarred(&members));
        let results = folder.scan(&[name], 0);
        let pairs = results.relations();
        assert!(pairs.contains(&format!("{name}/day/one.txt {name}/day/lines.jsonl:2 identical")), "{pairs:?}");
        assert_eq!(results.summary()["input"]["passed_over"]["describes the data"], 1);
        let listed = results.skipped();
        assert_eq!(listed, [format!("{name}/day/README.md describes the data")], "no fault, and listed all the same");
        let run = folder.run(&["dedup", name, "-o", "clean", "--quiet", "--keep", "first"]);
        assert_eq!(run.status, 0, "{}", run.err);
        let mut found = unpack(&fs::read(folder.path("clean")).expect("it was written"));
        let packed = &mut found[4].1;
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(&**packed).read_to_end(&mut plain).expect("packed as it was");
        *packed = plain;
        assert_eq!(found, kept, "{name}");
    }
    let folder = Folder::new();
    folder.gzip("day.tar.gz", &tarred(&members)).write("in/other.zip", zipped(&members));
    let run = folder.run(&["dedup", "day.tar.gz", "-o", "clean.tar.gz", "--quiet", "--keep", "first"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let mut plain = Vec::new();
    let packed = fs::read(folder.path("clean.tar.gz")).expect("it was written");
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut plain).expect("packed as it was");
    assert_eq!(untarred(&plain).len(), kept.len());
    assert_eq!(plain.len() % 10_240, 0, "whole records");
    let run = folder.run(&["dedup", "in", "-o", "made", "--quiet", "--keep", "first"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert_eq!(unzipped(&fs::read(folder.path("made/other.zip")).expect("it was written")).len(), kept.len());
}

#[test]
fn members_that_lead_out_are_refused_and_kept_apart() {
    let members = vec![
        member("../outside.txt", story(1, 9)),
        member("/etc/outside.txt", story(2, 9)),
        member("in/a.txt", story(3, 9)),
        member("in/inner.zip", zipped(&vec![member("a.txt", story(3, 9))])),
        member("in/broken.json", "{\"a\": 1}\n"),
    ];
    for (kind, pack, unpack) in ARCHIVES {
        let name = format!("x.{kind}");
        let folder = Folder::new();
        folder.write(&format!("d/{name}"), pack(&members));
        let run = folder.run(&["dedup", &format!("d/{name}"), "-o", "d/out", "--quiet"]);
        assert_eq!(run.status, 3, "{}", run.err);
        let skipped = fs::read_to_string(folder.path("d/out.skipped.jsonl")).expect("it was written");
        let reasons = ["leads out of the archive", "an archive in an archive", "no text field of a known name"];
        assert!(reasons.iter().all(|reason| skipped.contains(reason)), "{skipped}");
        assert_eq!(skipped.matches("leads out").count(), 2, "{skipped}");
        assert_eq!(unpack(&fs::read(folder.path("d/out")).expect("it was written")), members[2..3]);
        let rejected = unpack(&fs::read(folder.path("d/out.rejected")).expect("it was written"));
        assert_eq!(rejected.len(), 4);
        let there: Vec<_> = fs::read_dir(folder.path("d/..")).expect("a folder").collect();
        assert_eq!(there.len(), 1, "nothing was written beside the folder");
    }
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let folder = Folder::new();
    let zeros = vec![b'x'; 40 << 20];
    let bomb = [gzipped(json_line(&[("text", &story(1, 9))]).as_bytes()), gzipped(&zeros)].concat();
    folder
        .write("bomb.jsonl.gz", bomb)
        .write("bomb.zip", zipped(&vec![member("bomb.txt", zeros), member("a.txt", story(1, 9))]));
    for name in ["bomb.jsonl.gz", "bomb.zip"] {
        let results = folder.scan(&[name, "--max-ratio", "100"], 3);
        assert!(results.skipped()[0].contains("more than 100 times its size (--max-ratio)"), "{:?}", results.skipped());
        assert_eq!(results.summary()["counts"]["articles"], 1, "{name}");
        folder.scan(&[name, "--max-ratio", "1000000", "--max-skipped", "9"], 0);
    }
    let cut = fs::read(folder.path("bomb.zip")).expect("it is there");
    folder.write("cut.zip", &cut[..cut.len() / 2]).write("cut.tar", &tarred(&day().0)[..5000]);
    assert_eq!(folder.run(&["scan", "cut.zip"]).status, 2);
    assert!(folder.scan(&["cut.tar"], 3).skipped().iter().any(|skip| skip.contains("the archive is damaged")));
    let mut odd = tarred(&day().0);
    let second = odd[512..].windows(262).position(|bytes| bytes.ends_with(b"ustar")).expect("a second member") + 512;
    odd[second..second + 200].fill(b'\x1b');
    folder.write("odd.tar", odd).write("no.zip", [0x1b; 600]).write("no.tar", [0x1b; 600]);
    let reasons = [
        ("odd.tar", format!("the archive is damaged: no member begins at byte {second}; what came before was used")),
        ("no.zip", "not an archive of zip".to_owned()),
        ("no.tar", "not an archive of tar".to_owned()),
    ];
    for (name, reason) in reasons {
        let run = folder.run(&["scan", name]);
        assert!(run.err.contains(&format!("skipped {name}: {reason}\n")), "{}", run.err);
    }
}

fn page(title: &str, text: &str) -> String {
    let paragraphs: String = text.split(". ").map(|sentence| format!("<p>{sentence}.</p>")).collect();
    format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title><meta property=\"article:published_time\" \
         content=\"2024-03-01T08:00:00Z\"></head><body><nav><a href=\"/\">Home</a> <a href=\"/s\">Sport</a></nav>\
         <article><h1>{title}</h1>{paragraphs}</article><footer>All rights reserved</footer></body></html>"
    )
}

fn response(url: &str, body: &str) -> String {
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    record("response", url, "application/http; msgtype=response", &http)
}

fn record(kind: &str, url: &str, content: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: {content}\r\n\
         Content-Length: {length}\r\n\r\n{body}\r\n\r\n"
    )
}

#[test]
fn pages_are_articles_and_so_are_responses() {
    let folder = Folder::new();
    let stories = [page("One", &story(1, 20)), page("Two", &story(2, 20)), page("One again", &story(1, 20))];
    for (number, page) in stories.iter().enumerate() {
        folder.write(&format!("pages/{number}.html"), page);
    }
    // As a crawler writes them: the record, and the page that it was made of.
    folder.write("pages/3.html", &stories[1]);
    folder.write("pages/3.html.json", format!("{{\n\"maintext\": \"{}\"\n}}\n", story(3, 20)));
    let results = folder.scan(&["pages"], 0);
    assert_eq!(results.relations(), ["0.html 2.html identical"]);
    assert_eq!(results.skipped(), ["3.html the page of the record beside it"]);
    let articles = results.table("articles.csv");
    let row = articles.iter().find(|row| row[0] == "0.html").expect("it is an article");
    assert!(row.contains(&"One".to_owned()) && row.iter().any(|cell| cell.starts_with("2024-03-01")), "{row:?}");
    let compared = folder.run(&["compare", "pages/0.html", "pages/2.html", "--format", "json"]);
    assert!(compared.out.contains("w1x19y11") && !compared.out.contains("Sport"), "{}", compared.out);

    let records = [
        record("warcinfo", "", "application/warc-fields", "software: x\r\n"),
        response("http://a.example/1", &stories[0]),
        record("request", "http://a.example/1", "application/http", "GET / HTTP/1.1\r\n\r\n"),
        response("http://b.example/2", &stories[1]),
        "this is no record\r\nand neither is this\r\n".to_owned(),
        response("http://c.example/3", &stories[2]),
        record("response", "http://c.example/4", "application/http", "HTTP/1.1 404 Not Found\r\n\r\nnothing here"),
        record("conversion", "http://d.example/5", "text/plain", &story(2, 20)),
    ];
    let whole = records.concat();
    let members: Vec<u8> = records.iter().flat_map(|record| gzipped(record.as_bytes())).collect();
    folder.write("crawl.warc", &whole).write("crawl.warc.gz", &members);
    for name in ["crawl.warc", "crawl.warc.gz"] {
        let results = folder.scan(&[name], 3);
        assert_eq!(results.skipped(), [format!("{name}:5 not a WARC record")]);
        let [first, second] = [(2, 6), (4, 8)].map(|(a, b)| format!("{name}:{a} {name}:{b} identical"));
        assert_eq!(results.relations(), [first, second], "{name}");
        assert_eq!(results.summary()["input"]["other_records"]["status 404"], 1);
        let out = format!("clean-{name}");
        let run = folder.run(&["dedup", name, "-o", &out, "--quiet", "--keep", "first"]);
        assert_eq!(run.status, 3, "{}", run.err);
        let mut written = fs::read(folder.path(&out)).expect("it was written");
        if name.ends_with("gz") {
            let mut first = String::new();
            flate2::read::GzDecoder::new(&*written).read_to_string(&mut first).expect("a member");
            assert_eq!(first, records[0], "each record is a member");
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(&*written).read_to_end(&mut plain).expect("gzip");
            written = plain;
        }
        let kept = [&records[..4], &records[6..7]].concat().concat();
        assert_eq!(String::from_utf8_lossy(&written), kept, "{name}");
        let rejected = fs::read_to_string(folder.path(&format!("{out}.rejected"))).expect("it was written");
        assert_eq!(rejected, records[4]);
    }
}

#[test]
fn an_input_format_that_is_given_is_believed() {
    let folder = Folder::new();
    folder.write("in/1.story", page("One", &story(1, 20))).write("in/2.story", page("Two", &story(1, 20)));
    assert_eq!(folder.run(&["scan", "in"]).status, 2, "no file whose name says that it holds articles");
    let results = folder.scan(&["in", "--input-format", "html"], 0);
    assert_eq!(results.relations(), ["1.story 2.story identical"]);
    let texts = folder.scan(&["in", "--input-format", "text"], 0);
    assert_eq!(texts.relations(), ["1.story 2.story near-duplicate"], "with all that is around the article");
    folder.write("data.txt", "id\ttext\n1\tone, two\n");
    assert_eq!(folder.scan(&["data.txt", "--input-format", "tsv"], 0).table("articles.csv")[1][0], "1");
}

const SCHEMA: &str = "message articles { required int64 id; optional binary text (UTF8); optional group source { \
     optional binary name (UTF8); } optional group tags (LIST) { repeated group list { optional binary element (UTF8); } } \
     optional int64 date (TIMESTAMP(MICROS,true)); }";

/// A row: id, text, and tags.
type Row = (i64, Option<String>, Vec<&'static str>);

/// A table in columns, in row groups of so many rows.
fn columns(path: &Path, rows: &[Row], group: usize) {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let file = File::create(path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).expect("a writer");
    for rows in rows.chunks(group) {
        let mut out = writer.next_row_group().expect("a group");
        let bytes = |text: &str| ByteArray::from(text.as_bytes().to_vec());
        let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let mut column = out.next_column().expect("a column").expect("the first");
        column.typed::<Int64Type>().write_batch(&ids, None, None).expect("written");
        column.close().expect("closed");
        let texts: Vec<ByteArray> = rows.iter().filter_map(|row| row.1.as_deref()).map(bytes).collect();
        let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.1.is_some())).collect();
        let mut column = out.next_column().expect("a column").expect("the second");
        column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).expect("written");
        column.close().expect("closed");
        let mut column = out.next_column().expect("a column").expect("the third");
        let names = vec![bytes("Gazette"); rows.len()];
        column.typed::<ByteArrayType>().write_batch(&names, Some(&vec![2; rows.len()]), None).expect("written");
        column.close().expect("closed");
        let (mut tags, mut levels, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows {
            if row.2.is_empty() {
                levels.push(1);
                repeats.push(0);
            }
            for (at, tag) in row.2.iter().enumerate() {
                tags.push(bytes(tag));
                levels.push(3);
                repeats.push(i16::from(at > 0));
            }
        }
        let mut column = out.next_column().expect("a column").expect("the fourth");
        column.typed::<ByteArrayType>().write_batch(&tags, Some(&levels), Some(&repeats)).expect("written");
        column.close().expect("closed");
        let dates: Vec<i64> = rows.iter().map(|row| 1_700_000_000_000_000 + row.0 * 1_000_000).collect();
        let mut column = out.next_column().expect("a column").expect("the fifth");
        column.typed::<Int64Type>().write_batch(&dates, Some(&vec![1; rows.len()]), None).expect("written");
        column.close().expect("closed");
        out.close().expect("closed");
    }
    writer.close().expect("closed");
}

/// Numbers without a sign stay what they are, a name of 16 bytes is spelled, and a time of day is no date.
#[test]
fn values_in_columns_mean_what_their_types_say() {
    const SCHEMA: &str = "message m { required binary text (UTF8); required int32 id (INTEGER(32,false)); \
        required int64 time (TIME(MICROS,false)); required fixed_len_byte_array(16) name (UUID); }";
    let folder = Folder::new();
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let file = File::create(folder.path("in.parquet")).expect("a file");
    let mut writer = SerializedFileWriter::new(file, schema, Arc::default()).expect("a writer");
    let mut out = writer.next_row_group().expect("a group");
    let mut column = out.next_column().expect("a column").expect("the text");
    let texts = [story(1, 9), story(2, 9)].map(|text| ByteArray::from(text.into_bytes()));
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).expect("written");
    column.close().expect("closed");
    let mut column = out.next_column().expect("a column").expect("the id");
    column.typed::<Int32Type>().write_batch(&[4_000_000_000_u32 as i32, 7], None, None).expect("written");
    column.close().expect("closed");
    let mut column = out.next_column().expect("a column").expect("the time");
    column.typed::<Int64Type>().write_batch(&[43_200_000_000, 300_000_000], None, None).expect("written");
    column.close().expect("closed");
    let mut column = out.next_column().expect("a column").expect("the name");
    let names = [[1_u8; 16], [0xab; 16]].map(|id| FixedLenByteArray::from(id.to_vec()));
    column.typed::<FixedLenByteArrayType>().write_batch(&names, None, None).expect("written");
    column.close().expect("closed");
    out.close().expect("closed");
    writer.close().expect("closed");
    let table = folder.scan(&["in.parquet"], 0).table("articles.csv");
    assert_eq!([&table[1][0], &table[2][0]], ["4000000000", "7"]);
    assert_eq!([&table[1][4], &table[2][4]], ["", ""], "`time` is the name of a date where it may be one");
    let table = folder.scan(&["in.parquet", "--id-field", "name"], 0).table("articles.csv");
    let names = ["01010101-0101-0101-0101-010101010101", "abababab-abab-abab-abab-abababababab"];
    assert_eq!([&table[1][0], &table[2][0]], names);
}

/// All rows of a table in columns, each as text.
fn rows_of(path: &Path) -> Vec<String> {
    let reader = SerializedFileReader::new(File::open(path).expect("a file")).expect("Parquet");
    reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row").to_string()).collect()
}

#[test]
fn a_table_in_columns_comes_back_as_it_was() {
    let folder = Folder::new();
    let tags: [Vec<&str>; 3] = [vec![], vec!["one"], vec!["one", "two", "three"]];
    let rows: Vec<Row> = (0..50)
        .map(|id| {
            let seed = if id % 10 == 7 { id - 1 } else { id };
            let text = (id != 20).then(|| story(seed as u32, 9));
            (id, text, tags[id as usize % 3].clone())
        })
        .collect();
    columns(&folder.path("in.parquet"), &rows, 20);
    let results = folder.scan(&["in.parquet"], 3);
    assert_eq!(results.relations().len(), 5);
    assert_eq!(results.skipped(), ["in.parquet:21 field `text` is null"]);
    assert_eq!(results.summary()["input"]["fields"][0]["publisher"], "source.name");
    let run = folder.run(&["dedup", "in.parquet", "-o", "out.parquet", "--quiet"]);
    assert_eq!(run.status, 3, "{}", run.err);
    let all = rows_of(&folder.path("in.parquet"));
    let is_kept = |row: &usize| row % 10 != 7 && *row != 20;
    let expected: Vec<&String> = (0..50).filter(is_kept).map(|row| &all[row]).collect();
    let found = rows_of(&folder.path("out.parquet"));
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert_eq!(rows_of(&folder.path("out.parquet.rejected")), all[20..21]);
    let open = |name: &str| SerializedFileReader::new(File::open(folder.path(name)).expect("a file")).expect("Parquet");
    let (was, is) = (open("in.parquet"), open("out.parquet"));
    assert_eq!(was.metadata().file_metadata().schema(), is.metadata().file_metadata().schema());
    assert_eq!(is.metadata().num_row_groups(), 3);
    assert_eq!(is.metadata().row_group(0).column(1).compression(), Compression::SNAPPY);
    let compared = folder.run(&["compare", "in.parquet:7", "in.parquet:8", "--format", "json"]);
    assert!(compared.out.contains("\"identical\""), "{}{}", compared.out, compared.err);
    assert!(folder.run(&["compare", "in.parquet:51", "in.parquet:8"]).err.contains("has 50 records"));

    // With notes, twice.
    for (from, to) in [("in.parquet", "noted.parquet"), ("noted.parquet", "again.parquet")] {
        let run = folder.run(&["dedup", from, "-o", to, "--annotate", "--quiet"]);
        assert!(run.status == if from == "in.parquet" { 3 } else { 0 }, "{}", run.err);
    }
    let noted = rows_of(&folder.path("noted.parquet"));
    assert_eq!((noted.len(), &noted), (49, &rows_of(&folder.path("again.parquet"))));
    let own = all[7].trim_end_matches('}');
    assert!(
        noted[7].starts_with(own) && noted[7].contains("wirecopy_keep: false, wirecopy_nearest: \"6\""),
        "{}",
        noted[7]
    );
    assert!(noted[0].contains("wirecopy_cluster: null, wirecopy_keep: true, wirecopy_nearest: null"), "{}", noted[0]);

    // Packed, and one whose texts cannot be read in one group.
    folder.gzip("in.parquet.gz", &fs::read(folder.path("in.parquet")).expect("it is there"));
    let run = folder.run(&["dedup", "in.parquet.gz", "-o", "out.gz", "--quiet"]);
    assert_eq!(run.status, 3, "{}", run.err);
    let mut plain = Vec::new();
    let packed = fs::read(folder.path("out.gz")).expect("it was written");
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut plain).expect("packed as it was");
    folder.write("plain", plain);
    assert_eq!(rows_of(&folder.path("plain")), found);
    let mut bytes = fs::read(folder.path("in.parquet")).expect("it is there");
    let (start, length) = was.metadata().row_group(1).column(1).byte_range();
    bytes[start as usize..(start + length) as usize].fill(0xff);
    folder.write("broken.parquet", bytes);
    let run = folder.run(&["dedup", "broken.parquet", "-o", "out.broken", "--quiet"]);
    assert!(run.status == 3 && run.err.contains("rows 21 to 40, in row group 2"), "{}", run.err);
    let expected: Vec<&String> =
        (0..50).filter(|row| is_kept(row) && !(20..40).contains(row)).map(|row| &all[row]).collect();
    assert_eq!(rows_of(&folder.path("out.broken")).iter().collect::<Vec<_>>(), expected);
    let rejected = SerializedFileReader::new(File::open(folder.path("out.broken.rejected")).expect("a file"));
    assert_eq!(rejected.expect("Parquet").metadata().file_metadata().num_rows(), 20, "as they were");

    // One whose tags, which nobody reads, could not be written again in one group.
    let mut bytes = fs::read(folder.path("in.parquet")).expect("it is there");
    let (start, length) = was.metadata().row_group(0).column(3).byte_range();
    let damaged = start as usize..(start + length) as usize;
    bytes[damaged.clone()].fill(0xff);
    folder.write("stuck.parquet", &bytes);
    let run = folder.run(&["dedup", "stuck.parquet", "-o", "out.stuck"]);
    assert!(run.status == 3 && run.err.contains("a row group stays whole"), "{}", run.err);
    let summary: Value =
        serde_json::from_slice(&fs::read(folder.path("out.stuck.summary.json")).expect("it was written"))
            .expect("it is JSON");
    let account = &summary["account"];
    assert_eq!((&account["kept"], &account["removed"], &account["rejected"]), (&46.into(), &3.into(), &1.into()));
    let removed = fs::read_to_string(folder.path("out.stuck.removed.jsonl")).expect("it was written");
    assert_eq!(removed.lines().count(), 3, "what stays is not said to be gone");
    let stuck = fs::read(folder.path("out.stuck")).expect("it was written");
    assert!(stuck.windows(damaged.len()).any(|window| *window == bytes[damaged.clone()]), "damaged as it was");
}

#[test]
fn what_an_archive_hides_is_said() {
    let folder = Folder::new();
    let lines = |seed| json_line(&[("text", &story(seed, 9))]);
    let both = zipped(&vec![member("a.jsonl", lines(1)), member("b.jsonl", lines(2))]);
    let twice = String::from_utf8_lossy(&both).contains("b.jsonl").then(|| replaced(&both, b"b.jsonl", b"a.jsonl"));
    folder.write("twice.zip", twice.expect("names stand there as they are"));
    let run = folder.run(&["dedup", "twice.zip", "-o", "out"]);
    assert!(run.status == 2 && run.err.contains("several of its members have one name"), "{}", run.err);

    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("a.jsonl", stored).expect("in memory");
    zip.write_all(lines(1).as_bytes()).expect("in memory");
    let whole = zip.finish().expect("in memory").into_inner();
    folder.write("whole.zip", &whole).write("damaged.zip", replaced(&whole, b"w1x8y11", b"w1x8y77"));
    assert!(folder.scan(&["whole.zip"], 0).skipped().is_empty());
    assert!(folder.scan(&["damaged.zip"], 3).skipped()[0].contains("its checksum is another"));

    // What is there once it is unpacked is the last of one name.
    let updated = tarred(&vec![member("a.jsonl", lines(1)), member("a.jsonl", lines(1) + &lines(2))]);
    folder.write("updated.tar", &updated);
    let results = folder.scan(&["updated.tar"], 0);
    assert_eq!(results.summary()["counts"]["articles"], 2);
    assert_eq!(results.skipped(), ["updated.tar/a.jsonl a later member of the archive takes its place"]);
    assert_eq!(folder.run(&["dedup", "updated.tar", "-o", "out.tar", "-q"]).status, 0);
    assert_eq!(untarred(&fs::read(folder.path("out.tar")).expect("it was written")), untarred(&updated));

    // Two names for the same bytes.
    let mut again = zip::ZipWriter::new_append(Cursor::new(whole.clone())).expect("an archive");
    again.shallow_copy_file("a.jsonl", "b.jsonl").expect("in memory");
    folder.write("over.zip", again.finish().expect("in memory").into_inner());
    let run = folder.run(&["scan", "over.zip"]);
    assert!(run.status == 2 && run.err.contains("its members lie over each other"), "{}", run.err);

    let one = tarred(&day().0);
    folder.write("two.tar", [&one[..], &one].concat());
    let skipped = folder.scan(&["two.tar"], 3).skipped();
    assert!(skipped.iter().any(|skip| skip.contains("something stands behind its end")), "{skipped:?}");

    folder.write("day.zip", zipped(&day().0));
    let compared = folder.run(&["compare", "day.zip/day/one.txt", "day.zip/day/lines.jsonl:2", "--format", "json"]);
    assert!(compared.out.contains("\"identical\""), "a member by its name: {}{}", compared.out, compared.err);
}

/// Bytes with others of the same number instead of some.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

#[test]
fn a_response_that_is_not_what_it_says_is_listed() {
    let folder = Folder::new();
    let long = response("http://a.example/1", &page("One", &story(1, 20)));
    let length = long.len() - long.find("HTTP/1.1").expect("it is there") - 4;
    let over = long.replace(&format!("Content-Length: {length}"), &format!("Content-Length: {}", length + long.len()));
    assert_ne!(over, long);
    let packed = |coding: &str, body: &[u8]| {
        let http = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: {coding}\r\n\r\n");
        let length = http.len() + body.len();
        let head = format!(
            "WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: {length}\r\n\r\n{http}"
        );
        [head.as_bytes(), body, b"\r\n\r\n"].concat()
    };
    let two = page("Two", &story(2, 20));
    let once = gzipped(two.as_bytes());
    folder.write("over.warc", [over, long.clone(), long].concat()).write(
        "packed.warc",
        [packed("gzip, gzip", &gzipped(&once)), packed("gzip;q=1", &once), packed("x-unknown", &once)].concat(),
    );
    assert_eq!(folder.scan(&["over.warc"], 3).skipped(), ["over.warc:1 other records stand within its length"]);
    let results = folder.scan(&["packed.warc"], 3);
    assert_eq!(results.relations(), ["packed.warc:1 packed.warc:2 identical"]);
    assert!(results.skipped()[0].starts_with("packed.warc:3 the response is packed in another way"));
}

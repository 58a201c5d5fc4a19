//! The program as a person or a script meets it: arguments, outputs, exit codes.

use crate::util::{Folder, json_line, story};
use std::process::Stdio;

/// Two alike and one other.
fn three() -> Folder {
    let folder = Folder::new();
    let text = story(1, 20);
    folder.write("a.txt", &text).write("b.txt", format!("{text} and some more")).write("c.txt", story(2, 20));
    folder
}

#[test]
fn scan_shows_a_summary_and_the_pairs() {
    let run = three().run(&["scan", "."]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("3 articles from 3 sources"), "{}", run.out);
    assert!(run.out.contains("near-duplicate"), "{}", run.out);
    assert!(run.err.is_empty(), "nothing on standard error where it is no terminal: {}", run.err);
}

#[test]
fn json_lines_go_to_standard_output_and_the_summary_to_standard_error() {
    let run = three().run(&["scan", ".", "--format", "jsonl"]);
    let pair: serde_json::Value = serde_json::from_str(run.out.trim_end()).expect("one line of JSON");
    assert_eq!((pair["a"].as_str(), pair["b"].as_str()), (Some("a.txt"), Some("b.txt")));
    assert!(run.err.contains("3 articles"));
}

#[test]
fn every_line_fits_the_width() {
    let folder = three();
    for columns in ["40", "60", "90", "200"] {
        let output = folder.program(&["scan", "."]).env("COLUMNS", columns).output().expect("it runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let most: usize = columns.parse().expect("a number");
        for line in text.lines() {
            assert!(line.chars().count() <= most, "{columns} columns: {line}");
        }
    }
}

#[test]
fn what_a_run_will_need_is_said_before_it_begins() {
    let folder = Folder::new();
    let lines: String = (0..50).map(|n| json_line(&[("id", &n.to_string()), ("text", &story(n, 9))])).collect();
    folder.write("dump.jsonl", &lines).gzip("dump.jsonl.gz", lines.as_bytes());
    for command in [&["scan"][..], &["dedup", "--dry-run"], &["explain", "1", "2"], &["evaluate", "--sample", "9"]] {
        let said = |dump: &str, memory: &str| {
            let run = folder.run(&[command, &[dump, "-v", "--memory", memory]].concat());
            assert_eq!(run.status, 0, "{}", run.err);
            run.err.lines().find(|line| line.starts_with("about 50 articles: ")).expect(&run.err).to_owned()
        };
        assert!(said("dump.jsonl", "1G").contains(" of memory, 0 B of temporary files in "));
        assert!(!said("dump.jsonl", "4K").contains(" 0 B of temporary files"));
        let for_packed = ", and at most ";
        assert!(said("dump.jsonl.gz", "4K").contains(for_packed), "they may have to be unpacked into one");
        assert!(!said("dump.jsonl.gz", "1G").contains(for_packed));
    }
}

#[test]
fn check_says_whether_there_are_duplicates() {
    let folder = three();
    assert_eq!(folder.run(&["scan", ".", "--check"]).status, 1);
    assert_eq!(folder.run(&["scan", "a.txt", "c.txt", "--check"]).status, 0);
    folder.write("bad.jsonl", "{\"text\": \"x\"}\nbroken\n");
    assert_eq!(folder.run(&["scan", ".", "--check"]).status, 1, "1 goes before 3");
}

#[test]
fn wrong_usage_and_nothing_to_read_are_2() {
    let folder = three();
    for arguments in [
        &["scan"][..],
        &["scan", "missing.txt"],
        &["scan", ".", "--threshold", "1.5"],
        &["scan", ".", "--recall", "1"],
        &["scan", ".", "--bands", "5"],
        &["scan", ".", "--threads", "0"],
        &["scan", ".", "--threads", "100000"],
        &["scan", ".", "--include", "[", "-q"],
        &["scan", ".", "--max-record", "many"],
        &["scan", ".", "--memory", "plenty"],
        &["scan", ".", "--temp-dir", "missing"],
        &["compare", "a.txt", "missing.txt"],
        &["compare", "a.txt", "."],
        &["tune", "--threshold", "0.0001"],
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
        assert!(!run.err.is_empty() && run.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_folder_that_is_there_is_replaced_only_by_force() {
    let folder = three();
    assert_eq!(folder.run(&["scan", "a.txt", "c.txt", "-o", "out"]).status, 0);
    let run = folder.run(&["scan", "a.txt", "b.txt", "-o", "out"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("--force"), "{}", run.err);
    let pairs = || std::fs::read_to_string(folder.path("out/pairs.jsonl")).expect("it is there");
    assert!(pairs().is_empty());
    assert_eq!(folder.run(&["scan", "a.txt", "b.txt", "-o", "out", "--force"]).status, 0);
    assert!(!pairs().is_empty());
    folder.write("out/mine.txt", "keep me");
    let run = folder.run(&["scan", "a.txt", "b.txt", "-o", "out", "--force"]);
    assert!(run.status == 2 && run.err.contains("mine.txt"), "{}", run.err);
    assert!(folder.path("out/mine.txt").exists());
    let left: Vec<_> = std::fs::read_dir(folder.path(".")).expect("it is there").collect();
    assert_eq!(left.len(), 4, "nothing else is left: {left:?}");
}

#[test]
fn a_broken_pipe_ends_quietly() {
    let folder = Folder::new();
    let text = story(1, 30);
    let lines: String = (0..3_000).map(|id| json_line(&[("id", &id.to_string()), ("text", &text)])).collect();
    folder.write("dump.jsonl", lines);
    let mut child = folder
        .program(&["scan", "dump.jsonl", "--format", "jsonl", "--passages", "full"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_reader_who_leaves_changes_no_result() {
    let folder = three();
    let run = |arguments: &[&str]| {
        let mut child =
            folder.program(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        drop(child.stdout.take());
        child.wait().expect("it ends").code()
    };
    assert_eq!(run(&["scan", ".", "--check"]), Some(1));
    assert_eq!(run(&["scan", ".", "--check", "--format", "jsonl"]), Some(1));
    assert_eq!(run(&["scan", ".", "--format", "jsonl", "-o", "out"]), Some(0));
    assert!(folder.path("out/pairs.jsonl").exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_nothing() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    // Somebody holds the pipe open and writes nothing, so the run waits for input.
    for signal in ["-INT", "-TERM"] {
        let child = folder.program(&["scan", "pipe", "-o", "out"]).stderr(Stdio::piped()).spawn().expect("it starts");
        let writer = std::fs::OpenOptions::new().write(true).open(&pipe).expect("the program opened the other end");
        let sent =
            std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(130), "{signal}");
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), "wirecopy: interrupted");
        drop(writer);
    }
    let left: Vec<_> = std::fs::read_dir(folder.path(".")).expect("it is there").collect();
    assert_eq!(left.len(), 1, "only the pipe: {left:?}");
}

#[test]
fn compare_shows_both_sides() {
    let folder = three();
    folder.write("one.jsonl", [json_line(&[("text", &story(9, 3))]), json_line(&[("text", &story(1, 20))])].concat());
    let run = folder.run(&["compare", "a.txt", "one.jsonl:2"]);
    assert!(run.out.contains("identical") && run.out.contains("[1] 240 equal words"), "{}", run.out);
    let run = folder.run(&["compare", "a.txt", "c.txt"]);
    assert!(run.out.contains("none: they share no passage"), "{}", run.out);
    let run = folder.run(&["compare", "a.txt", "one.jsonl"]);
    assert!(run.err.contains("name one as one.jsonl:RECORD"), "{}", run.err);
    let run = folder.run(&["compare", "a.txt", "one.jsonl:3"]);
    assert!(run.err.contains("has 2 records"), "{}", run.err);
    let run = folder.run_with_input(&["compare", "-", "a.txt", "--format", "json"], story(1, 20).as_bytes());
    assert!(run.out.contains("\"identical\""), "{}{}", run.out, run.err);
}

#[test]
fn tune_shows_a_curve() {
    let folder = Folder::new();
    let run = folder.run(&["tune", "--threshold", "0.5", "--recall", "0.999"]);
    assert!(run.out.contains("52 bands of 3 rows, signatures of k = 156 values"), "{}", run.out);
    assert!(run.out.contains("0.999035") && run.out.contains("threshold"), "{}", run.out);
    let preset = folder.run(&["tune", "--bands", "14", "--rows", "8"]);
    assert!(preset.out.contains("14 bands of 8 rows, signatures of k = 112 values"));
    // 1 − (1 − 0.8^8)^14
    assert!(preset.out.contains("0.923"), "{}", preset.out);
}

#[test]
fn help_is_there_for_each_command() {
    let folder = Folder::new();
    for command in [&["--help"][..], &["scan", "--help"], &["compare", "--help"], &["tune", "--help"], &["--version"]] {
        let run = folder.run(command);
        assert_eq!(run.status, 0);
        assert!(!run.out.is_empty() && run.err.is_empty());
    }
}

#[test]
fn passages_are_as_short_as_asked() {
    let folder = three();
    let passages = |detail: &str| {
        let run = folder.run(&["scan", ".", "--format", "jsonl", "--quiet", "--passages", detail]);
        let pair: serde_json::Value = serde_json::from_str(run.out.trim_end()).expect("JSON");
        pair.get("passages").map(|passages| passages[0].clone())
    };
    let text = |detail: &str| passages(detail).and_then(|passage| passage["text_a"].as_str().map(str::len));
    assert!(text("full").expect("there") > 300);
    assert_eq!(text("short"), Some(300));
    assert_eq!(text("spans"), None);
    assert_eq!(passages("spans").expect("there")["words"], 240);
    assert_eq!(passages("none"), None);
}

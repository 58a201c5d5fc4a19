//! Runs that nobody watches: stopped and resumed, two at once, logged for programs, over inputs that change.

use crate::corpus::Corpus;
use crate::util::{Folder, Results, json_line, story};
use serde_json::Value;
use std::fs::{self, File};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

/// A dump of generated articles, and an archive with pages.
fn dumps(folder: &Folder) {
    let corpus = Corpus::new(7);
    let lines: String = (0..300)
        .map(|number| json_line(&[("id", &number.to_string()), ("text", &corpus.article(number).text)]))
        .collect();
    folder.write("in/dump.jsonl", &lines).gzip("in/packed.jsonl.gz", lines.as_bytes());
    for number in 0..20 {
        let text = story(number / 2, 12);
        folder
            .write(&format!("in/{number}.html"), format!("<html><body><article><p>{text}</p></article></body></html>"));
    }
}

/// A scan that reads everything and cannot write its result.
#[cfg(target_os = "linux")]
fn stopped(folder: &Folder) {
    let full = File::options().write(true).open("/dev/full").expect("a device that is always full");
    let mut program = folder.program(&["scan", "in", "--work-dir", "work", "--format", "jsonl", "--quiet"]);
    let status = program.stdout(full).stderr(Stdio::null()).status().expect("it runs");
    assert_eq!(status.code(), Some(2));
    assert!(folder.path("work/wirecopy.read").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn a_stopped_run_is_resumed_with_the_same_result() {
    let folder = Folder::new();
    dumps(&folder);
    let expected = folder.scan(&["in"], 0).files();
    let resume = |out: &str| {
        let run = folder.run(&["scan", "in", "--work-dir", "work", "--resume", "-o", out]);
        assert_eq!(run.status, 0, "{}", run.err);
        assert_eq!(fs::read_dir(folder.path("work")).expect("it stays").count(), 0, "nothing is left in it");
        (Results::of(folder.path(out)).files(), run.err.contains("nothing to resume"))
    };
    stopped(&folder);
    assert_eq!(resume("one"), (expected.clone(), false));
    assert_eq!(resume("two"), (expected.clone(), true));
    stopped(&folder);
    let kept = folder.path("work/wirecopy.read");
    let mut bytes = fs::read(&kept).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&kept, bytes).expect("it can be written");
    assert_eq!(resume("three"), (expected, true), "what is damaged is not used");
    stopped(&folder);
    folder.write("in/one_more.txt", story(0, 12));
    let (files, has_begun_again) = resume("four");
    assert!(has_begun_again, "other files are another run");
    assert_eq!(files, folder.scan(&["in"], 0).files());
    let other = folder.run_with_input(&["scan", "-", "--work-dir", "work"], b"{\"text\": \"x\"}\n");
    assert!(other.status == 2 && other.err.contains("cannot be read a second time"), "{}", other.err);
}

#[test]
fn a_run_goes_on_from_its_last_finished_stage() {
    use wirecopy::cluster::stays::Rules;
    use wirecopy::pipeline::needs::Budget;
    use wirecopy::pipeline::resume::WorkDir;
    use wirecopy::pipeline::scan::{Found, Scan};
    use wirecopy::pipeline::{Progress, Stage};
    use wirecopy::{Config, input};

    /// The stages that a run began.
    #[derive(Default)]
    struct Begun(Mutex<Vec<Stage>>);

    impl Progress for Begun {
        fn begin(&self, stage: Stage, _: Option<u64>) {
            self.0.lock().expect("nothing panicked").push(stage);
        }

        fn advance(&self, _: u64) {}
    }

    let folder = Folder::new();
    dumps(&folder);
    let run = |rules: &Rules| {
        let options = input::InputOptions::default();
        let plan = input::Plan::new(&[folder.path("in")], &[], &options).expect("no setting is wrong");
        let work = Arc::new(WorkDir::new(&folder.path("work"), true).expect("nobody else uses it"));
        let begun = Begun::default();
        let read = Scan::read(plan, options, Config::default(), (Budget::default(), Some(work)), &begun);
        let (scan, sketches) = read.expect("it can be read");
        let found: Found = scan.find_removable(sketches, None, rules, &begun).expect("it goes on");
        (format!("{:?} {:?} {:?}", found.removed, found.pairs, found.boilerplate.passages()), begun.0.into_inner())
    };
    let rules = Rules::default();
    let (expected, first) = run(&rules);
    let (again, second) = run(&rules);
    assert_eq!(again, expected);
    assert!(first.expect("no panic").contains(&Stage::Score));
    assert_eq!(second.expect("no panic"), [Stage::Read], "nothing is done again");
    fs::remove_file(folder.path("work/wirecopy.found")).expect("it was kept");
    let (again, third) = run(&rules);
    let third = third.expect("no panic");
    assert_eq!(again, expected);
    assert!(third.contains(&Stage::Score) && !third.contains(&Stage::Candidates), "{third:?}");
    let (other, fourth) = run(&Rules { threshold: 0.95, ..rules });
    assert!(other != expected && fourth.expect("no panic").contains(&Stage::Candidates), "other rules are another run");
}

#[test]
fn two_runs_do_not_write_one_output() {
    let folder = Folder::new();
    folder.write("a.jsonl", json_line(&[("text", &story(1, 5))]));
    fs::create_dir(folder.path(".wirecopy-out")).expect("a folder");
    let lock = File::create(folder.path(".wirecopy-out/lock")).expect("a file");
    lock.try_lock().expect("nobody else holds it");
    for command in ["scan", "dedup"] {
        let run = folder.run(&[command, "a.jsonl", "-o", "out"]);
        assert!(run.status == 2 && run.err.contains("out: another run is writing it"), "{}", run.err);
    }
    drop(lock);
    assert_eq!(folder.run(&["dedup", "a.jsonl", "-o", "out", "--quiet"]).status, 0);
    assert!(!folder.path(".wirecopy-out").exists(), "nothing is left of either");
}

#[test]
fn a_log_for_programs_is_an_object_a_line() {
    let folder = Folder::new();
    folder.write("a.jsonl", format!("{}not json\n", json_line(&[("text", &story(1, 5))])));
    let events = |arguments: &[&str]| -> Vec<Value> {
        let run = folder.run(&[arguments, &["--log-format", "json"]].concat());
        run.err.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    };
    let all = events(&["dedup", "a.jsonl", "-o", "out"]);
    assert!(all.iter().all(|event| event["time"].as_str().is_some_and(|time| time.ends_with('Z'))));
    let stages: Vec<&Value> =
        all.iter().filter(|event| event["event"] == "stage").map(|event| &event["stage"]).collect();
    assert_eq!((stages[0], stages[stages.len() - 1]), (&Value::from("read"), &Value::from("dump")));
    let skipped = all.iter().find(|event| event["event"] == "skipped").expect("one was");
    assert_eq!((&skipped["source"], &skipped["record"]), (&Value::from("a.jsonl"), &Value::from(2)));
    assert_eq!(all[all.len() - 1]["status"], 3);
    let failed = events(&["scan", "missing.jsonl"]);
    assert!(failed.iter().any(|event| event["event"] == "error" && event["message"] == "nothing could be read"));
}

#[test]
fn inputs_that_change_during_a_run_are_listed() {
    use wirecopy::pipeline::Quiet;
    use wirecopy::pipeline::needs::Budget;
    use wirecopy::pipeline::scan::Scan;
    use wirecopy::{Config, input};
    let folder = Folder::new();
    for (name, seed) in [("a.txt", 1), ("b.txt", 1), ("c.txt", 2)] {
        folder.write(&format!("in/{name}"), story(seed, 9));
    }
    let options = input::InputOptions::default();
    let plan = input::Plan::new(&[folder.path("in")], &[], &options).expect("no setting is wrong");
    let (scan, sketches) =
        Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet).expect("it can be read");
    fs::remove_file(folder.path("in/b.txt")).expect("it was there");
    folder.write("in/c.txt", story(2, 10));
    let rules = wirecopy::cluster::stays::Rules::default();
    let found = scan.find_removable(sketches, None, &rules, &Quiet).expect("it goes on");
    let listed: Vec<String> = found.skipped.iter().map(|skip| format!("{} {}", skip.source, skip.reason)).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0].starts_with("b.txt") && listed[1].starts_with("c.txt changed while it was read"), "{listed:?}");
    let (kept, rejected) = (folder.path("kept"), folder.path("rejected"));
    let target =
        wirecopy::pipeline::dedup::Target { kept: &kept, rejected: &rejected, is_file: false, annotate: false };
    let error = scan.write_without(&found, target, &Quiet).expect_err("nothing is written of what is not there");
    assert!(error.to_string().contains("nothing was written"), "{error}");
}

#[test]
fn a_file_that_is_gone_before_it_is_read_is_listed_once() {
    use wirecopy::pipeline::Quiet;
    use wirecopy::pipeline::needs::Budget;
    use wirecopy::pipeline::scan::Scan;
    use wirecopy::{Config, input};
    let folder = Folder::new();
    let line = json_line(&[("text", &story(1, 200))]);
    // Long enough to be read in several stretches.
    folder.write("in/a.jsonl", line.repeat((8 << 20) / line.len())).write("in/b.txt", story(2, 9));
    let options = input::InputOptions::default();
    let plan = input::Plan::new(&[folder.path("in")], &[], &options).expect("no setting is wrong");
    fs::remove_file(folder.path("in/a.jsonl")).expect("it was there");
    let (scan, sketches) =
        Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet).expect("it can be read");
    assert!(scan.skipped().len() > 1, "each stretch misses it");
    let rules = wirecopy::cluster::stays::Rules::default();
    let found = scan.find_removable(sketches, None, &rules, &Quiet).expect("it goes on");
    let listed: Vec<&str> = found.skipped.iter().map(|skip| skip.source.as_str()).collect();
    assert_eq!((listed, found.summary.counts.articles), (vec!["a.jsonl"], 1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_target_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    folder.write("a.jsonl", json_line(&[("text", &story(1, 5))]));
    let run = folder.run(&["dedup", "a.jsonl", "-o", "/proc/none.jsonl"]);
    assert!(run.status == 2 && run.err.starts_with("wirecopy: /proc/none.jsonl: "), "{}", run.err);
    let inside = folder.run(&["dedup", "a.jsonl", "-o", "a.jsonl/out"]);
    assert!(inside.status == 2 && inside.err.contains("a.jsonl/out"), "{}", inside.err);
}

#[test]
fn where_nothing_is_to_be_read_it_is_said_why() {
    let folder = Folder::new();
    folder.write("in/a.txt", story(1, 9)).write("other/a.jpg", "").write("truth.csv", "a,b,label\n");
    let because = |arguments: &[&str]| {
        let run = folder.run(arguments);
        assert_eq!(run.status, 2, "{}", run.err);
        run.err
    };
    for of_others in [
        &["scan", "other"] as &[&str],
        &["dedup", "other", "-o", "out"],
        &["find", "in/a.txt", "other"],
        &["explain", "a", "b", "other"],
        &["evaluate", "other", "--truth", "truth.csv"],
    ] {
        assert!(because(of_others).contains("passed over: 1 jpg"), "{of_others:?}");
    }
    assert!(because(&["explain", "a", "b", "missing"]).starts_with("skipped missing: "));
    assert!(because(&["scan", "other", "--against", "in"]).ends_with("nothing could be read but references\n"));
    assert!(because(&["dedup", "in", "-o", "in"]).contains("in: is what is read; name another place"));
}

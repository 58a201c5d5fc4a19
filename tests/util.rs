//! A folder for each test, and the program run in it.

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that goes when the test ends.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders that it is in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
        self
    }

    pub fn gzip(&self, name: &str, content: &[u8]) -> &Self {
        self.write(name, gzipped(content))
    }

    /// The program, to be run in this folder.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("wirecopy").expect("the program");
        command.current_dir(self.0.path()).args(arguments).env_remove("COLUMNS").env("NO_COLOR", "1");
        command
    }

    /// Runs the program and returns what it printed and how it ended.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.program(arguments).stdin(Stdio::null()).output().expect("it runs"))
    }

    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self
            .program(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        child.stdin.take().expect("it was piped").write_all(input).expect("it reads its input");
        Run::of(child.wait_with_output().expect("it ends"))
    }

    /// Scans into the folder `out` and expects an exit status.
    pub fn scan(&self, arguments: &[&str], status: i32) -> Results {
        let run = self.run(&[&["scan", "-o", "out", "--force", "--quiet"], arguments].concat());
        assert_eq!(run.status, status, "{}", run.err);
        Results(self.path("out"))
    }
}

pub fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

pub struct Run {
    pub out: String,
    pub err: String,
    pub status: i32,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints UTF-8");
        Self { out: text(output.stdout), err: text(output.stderr), status: output.status.code().unwrap_or(-1) }
    }
}

/// An output folder.
pub struct Results(PathBuf);

impl Results {
    pub fn of(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.0.join(name)).expect("the file is there");
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    pub fn pairs(&self) -> Vec<Value> {
        self.lines("pairs.jsonl")
    }

    /// The pairs as "a b relation".
    pub fn relations(&self) -> Vec<String> {
        let field = |pair: &Value, name: &str| pair[name].as_str().expect("a string").to_owned();
        self.pairs().iter().map(|pair| ["a", "b", "relation"].map(|name| field(pair, name)).join(" ")).collect()
    }

    pub fn summary(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.0.join("summary.json")).expect("it is there")).expect("JSON")
    }

    pub fn run_info(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.0.join("run.json")).expect("it was written")).expect("JSON")
    }

    /// What was skipped, as "source:record reason".
    pub fn skipped(&self) -> Vec<String> {
        self.lines("skipped.jsonl")
            .iter()
            .map(|skip| {
                let record = skip["record"].as_u64().map_or(String::new(), |record| format!(":{record}"));
                format!("{}{record} {}", skip["source"].as_str().expect("text"), skip["reason"].as_str().expect("text"))
            })
            .collect()
    }

    /// The content of each file but `run.json` and the report, which tells how long the run took, by name.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&self.0)
            .expect("it is there")
            .map(|entry| entry.expect("it can be read").path())
            .filter(|path| !path.ends_with("run.json") && !path.ends_with("report.html"))
            .map(|path| {
                (
                    path.file_name().expect("a file").to_string_lossy().into_owned(),
                    std::fs::read(&path).expect("it can be read"),
                )
            })
            .collect();
        files.sort();
        files
    }

    pub fn table(&self, name: &str) -> Vec<Vec<String>> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).from_path(self.0.join(name)).expect("it is there");
        reader
            .records()
            .map(|row| row.expect("each row has as many cells").iter().map(str::to_owned).collect())
            .collect()
    }
}

/// The project's own folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A story of about `sentences` × 12 words; stories of different seeds share nothing.
pub fn story(seed: u32, sentences: u32) -> String {
    (0..sentences)
        .map(|sentence| {
            let words: Vec<String> = (0..12).map(|word| format!("w{seed}x{sentence}y{word}")).collect();
            format!("{}. ", words.join(" "))
        })
        .collect()
}

pub fn json_line(fields: &[(&str, &str)]) -> String {
    let object: serde_json::Map<String, Value> =
        fields.iter().map(|&(name, value)| (name.to_owned(), Value::from(value))).collect();
    format!("{}\n", Value::Object(object))
}

//! The README against the program: its help, its sample run, its defaults.

use crate::util::{Folder, project};
use std::fs;

fn readme() -> String {
    fs::read_to_string(project().join("README.md")).expect("it is there")
}

/// The block of the README that begins with this command line, without it.
fn block(command: &str) -> String {
    let text = readme();
    let start = text.find(&format!("```text\n$ {command}\n")).unwrap_or_else(|| panic!("no block of {command}"));
    let inside = &text[start..];
    let body = inside.split_once(&format!("$ {command}\n")).expect("just found").1;
    body.split("```").next().expect("there is a first part").to_owned()
}

#[test]
fn runs_in_the_readme_print_what_it_says() {
    let folder = Folder::new();
    let samples = project().join("samples");
    let copy = |from: &str| {
        for entry in fs::read_dir(samples.join(from)).expect("it is there") {
            let path = entry.expect("it can be read").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            folder.write(&format!("samples/{from}/{name}"), fs::read(&path).expect("it can be read"));
        }
    };
    copy("articles");
    for command in [
        "wirecopy scan samples/articles",
        "wirecopy compare samples/articles/06-report-one.txt samples/articles/07-report-two.txt",
        "wirecopy dedup samples/articles -o clean",
        "wirecopy find samples/articles/03-abridged.txt samples/articles",
        "wirecopy explain 01-wire.txt 05-rewritten.txt samples/articles",
        "wirecopy --help",
    ] {
        let arguments: Vec<&str> = command.split(' ').skip(1).collect();
        let run = folder.run(&arguments);
        assert_eq!(run.out.trim_end(), block(command).trim_end(), "$ {command}");
    }
}

#[test]
fn defaults_in_the_readme_and_the_help_are_those_of_the_code() {
    use wirecopy::config::{PARTIAL_COPY, RECALL, SHINGLE, THRESHOLD};
    let help = Folder::new().run(&["scan", "--help"]).out;
    let words: String = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (option, default) in [
        ("--threshold <J>", THRESHOLD.to_string()),
        ("--containment <C|off>", PARTIAL_COPY.to_string()),
        ("--recall <P>", RECALL.to_string()),
        ("--shingle <WORDS>", SHINGLE.to_string()),
    ] {
        let after = words.split_once(option).unwrap_or_else(|| panic!("{option} in the help")).1;
        let said = after.split_once("[default: ").expect("a default").1.split(']').next().expect("its end");
        assert_eq!(said, default, "{option}");
        let row = format!("| `{}` | {default} |", option.split(' ').next().expect("a name"));
        assert!(readme().contains(&row), "{row}");
    }
}

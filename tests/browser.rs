//! What a browser makes of reports. `tests/browser/report.mjs` drives it; where Node.js, Chromium or the packages of
//! `tests/browser` are missing, this says so, and fails if `WIRECOPY_BROWSER` is `required`.

use crate::util::project;
use std::path::Path;
use std::process::Command;

#[test]
fn reports_work_in_a_browser() {
    let folder = project().join("tests/browser");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let has_node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    let missing: Vec<&str> = [
        (has_node, "Node.js"),
        (Path::new(&chromium).is_file(), "Chromium (its path in CHROMIUM)"),
        (folder.join("node_modules/axe-core").is_dir(), "packages: npm ci --prefix tests/browser"),
    ]
    .into_iter()
    .filter_map(|(is_there, what)| (!is_there).then_some(what))
    .collect();
    if !missing.is_empty() {
        let message = format!("THE REPORT IS NOT TESTED IN A BROWSER, for lack of {}", missing.join(" and "));
        assert!(std::env::var_os("WIRECOPY_BROWSER").is_none_or(|value| value != "required"), "{message}");
        // Captured output is shown of failed tests only.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("\n{message}\n\n").as_bytes());
        return;
    }
    let run = Command::new("node").arg(folder.join("report.mjs")).arg(env!("CARGO_BIN_EXE_wirecopy")).output();
    let run = run.expect("Node.js is there");
    let told = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{told}");
}

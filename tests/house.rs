//! The rooms of the house: each uses the shared vocabulary and earlier rooms, never later ones.

use crate::util::project;
use std::fs;
use std::path::{Path, PathBuf};

const SHARED: [&str; 6] = ["article", "config", "error", "saved", "scratch", "simd"];
const ROOMS: [&str; 11] = [
    "input",
    "text",
    "shingle",
    "sketch",
    "candidates",
    "boilerplate",
    "score",
    "cluster",
    "report",
    "pipeline",
    "cli",
];

/// What a room uses against its place in the row, each with a reason.
const EXCEPTIONS: [(&str, &str); 1] = [
    // Settings hold a number of bands and rows.
    ("config", "candidates"),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(path);
        }
    }
    files
}

fn room_of(file: &Path, src: &Path) -> String {
    let relative = file.strip_prefix(src).expect("it is in src");
    let first = relative.iter().next().expect("it has a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn each_room_uses_earlier_rooms_only() {
    let src = project().join("src");
    let place = |room: &str| ROOMS.iter().position(|&name| name == room);
    for file in sources(&src) {
        let room = room_of(&file, &src);
        if ["lib", "main"].contains(&room.as_str()) {
            continue;
        }
        assert!(place(&room).is_some() || SHARED.contains(&room.as_str()), "{room} is no room of the design");
        let text = fs::read_to_string(&file).expect("it can be read");
        for used in text.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|ch| ch.is_alphanumeric() || *ch == '_').collect();
            let (Some(used_place), Some(own_place)) = (place(&used), place(&room).or(Some(0))) else { continue };
            let allowed = used == room || used_place < own_place || EXCEPTIONS.contains(&(&room, &used));
            assert!(allowed, "{}: {room} uses {used}, which comes later", file.display());
        }
    }
}

#[test]
fn only_the_pipeline_loops_in_parallel_and_only_vector_code_is_unsafe() {
    let src = project().join("src");
    for file in sources(&src) {
        let text = fs::read_to_string(&file).expect("it can be read");
        let room = room_of(&file, &src);
        assert!(!text.contains("rayon::prelude") || room == "pipeline", "{} loops in parallel", file.display());
        let is_unsafe = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("unsafe {"));
        let may_be = file.ends_with("simd.rs");
        assert_eq!(is_unsafe, may_be, "{}", file.display());
    }
}

//! Writes a generated corpus: `cargo run --release --example generate -- ARTICLES [--folder DIR] [--seed N] > dump.jsonl`.

#![allow(unreachable_pub, reason = "what is public in a module here is so for its neighbours")]

mod corpus;

use corpus::Corpus;
use rayon::prelude::*;
use std::io::Write;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut count, mut folder, mut seed) = (10_000, None, 1);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--folder" => folder = args.next().map(PathBuf::from),
            "--seed" => seed = args.next().unwrap_or_default().parse()?,
            number => count = number.parse()?,
        }
    }
    let corpus = Corpus::new(seed);
    // What is written in large pieces lies in such in the cache, too, and every tool reads it faster.
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder)?;
    }
    for start in (0..count).step_by(4096) {
        let articles: Vec<_> =
            (start..count.min(start + 4096)).into_par_iter().map(|index| corpus.article(index)).collect();
        for article in articles {
            if let Some(folder) = &folder {
                std::fs::write(folder.join(format!("{}.txt", article.id)), &article.text)?;
            } else {
                let line = serde_json::json!({
                    "id": article.id, "title": article.title, "text": article.text,
                    "publisher": article.publisher, "date": article.date,
                });
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(out.flush()?)
}

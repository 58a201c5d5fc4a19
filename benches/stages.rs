//! Throughput of each room and of the whole run, in bytes and in articles, over generated news of several sizes and scripts.
//!
//! Texts are generated outside the timed part. Everything runs on one thread but the groups `input` and `pipeline`.
//! Banding and clustering have no face of their own; `run.json` of a scan has the seconds of each stage.

#![allow(unreachable_pub, reason = "what is public in a module here is so for its neighbours")]

mod corpus;

use corpus::{Corpus, Script, planted};
use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use wirecopy::input::{InputOptions, Plan};
use wirecopy::pipeline::Quiet;
use wirecopy::pipeline::needs::Budget;
use wirecopy::pipeline::scan::Scan;
use wirecopy::report::pairs::{self, Detail};
use wirecopy::score::{Prepared, Side, compare, shared_if_similar};
use wirecopy::shingle::shingles;
use wirecopy::sketch::{MinHasher, Winnower};
use wirecopy::text::{word_hashes, words_into};
use wirecopy::{Article, Bands, Config, Detector};

const ARTICLES: usize = 2_000;
/// Words of an article of each size. Generated ones have some 700.
const SIZES: [(&str, usize); 3] = [("60 words", 60), ("700 words", 700), ("20,000 words", 20_000)];

fn texts() -> Vec<String> {
    let corpus = Corpus::new(1);
    (0..ARTICLES).map(|index| corpus.article(index).text).collect()
}

/// The same words in articles of so many.
fn sized(texts: &[String], count: usize) -> Vec<String> {
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split(' ')).collect();
    words.chunks(count).map(|words| words.join(" ")).collect()
}

fn bytes(texts: &[String]) -> Throughput {
    Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum())
}

/// What is made of each item, in a buffer that is kept.
fn made<I>(items: &[I], mut make: impl FnMut(&I, &mut Vec<u64>)) -> Vec<Vec<u64>> {
    let of = |item| {
        let mut hashes = Vec::new();
        make(item, &mut hashes);
        hashes
    };
    items.iter().map(of).collect()
}

/// The time to make something of every item.
fn each<I>(bencher: &mut Bencher<'_>, items: &[I], mut make: impl FnMut(&I, &mut Vec<u64>)) {
    let mut buffer = Vec::new();
    bencher.iter(|| {
        for item in items {
            buffer.clear();
            make(item, &mut buffer);
            black_box(&buffer);
        }
    });
}

fn text(criterion: &mut Criterion) {
    let ascii = texts();
    let mut group = criterion.benchmark_group("text");
    for script in Script::ALL {
        let texts: Vec<String> = ascii.iter().map(|text| script.write(text)).collect();
        group.throughput(bytes(&texts));
        group.bench_function(format!("hashes/{script:?}"), |bencher| {
            each(bencher, &texts, |text, hashes| word_hashes(text, hashes));
        });
    }
    group.throughput(bytes(&ascii));
    group.bench_function("spans/Ascii", |bencher| {
        let (mut hashes, mut spans) = (Vec::new(), Vec::new());
        bencher.iter(|| {
            for text in &ascii {
                hashes.clear();
                spans.clear();
                words_into(text, &mut hashes, &mut spans);
                black_box((&hashes, &spans));
            }
        });
    });
    group.finish();
}

fn sketch(criterion: &mut Criterion) {
    let ascii = texts();
    let hasher = MinHasher::new(Config::default().bands.k()).expect("the default k is valid");
    let winnower = Winnower::new(5, 13).expect("a run is longer than a shingle");
    for (size, count) in SIZES {
        let texts = sized(&ascii, count);
        let hashed = made(&texts, |text, hashes| word_hashes(text, hashes));
        let shingled = made(&hashed, |words, hashes| shingles(words, 5, hashes));

        let mut group = criterion.benchmark_group("shingle");
        group.throughput(bytes(&texts));
        group.bench_function(format!("shingles/{size}"), |bencher| {
            each(bencher, &hashed, |words, hashes| shingles(words, 5, hashes));
        });
        group.finish();

        let mut group = criterion.benchmark_group("sketch");
        group.throughput(bytes(&texts));
        group.bench_function(format!("signature/{size}"), |bencher| {
            each(bencher, &shingled, |shingles, _| drop(black_box(hasher.signature(shingles))));
        });
        group.bench_function(format!("fingerprints/{size}"), |bencher| {
            each(bencher, &shingled, |shingles, _| drop(black_box(winnower.fingerprints(shingles))));
        });
        group.finish();
    }
    let mut group = criterion.benchmark_group("text+shingle+signature");
    let mut all = |name: String, texts: &[String]| {
        group.throughput(bytes(texts));
        let mut hashes = Vec::new();
        group.bench_function(name, |bencher| {
            each(bencher, texts, |text, of_text| {
                hashes.clear();
                word_hashes(text, &mut hashes);
                shingles(&hashes, 5, of_text);
                black_box(hasher.signature(of_text));
            });
        });
    };
    for script in Script::ALL {
        let texts: Vec<String> = ascii.iter().map(|text| script.write(text)).collect();
        all(format!("{script:?}"), &texts);
    }
    for (size, count) in SIZES {
        all(size.to_owned(), &sized(&ascii, count));
    }
    group.finish();
}

fn candidates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("candidates");
    for recall in [0.9, 0.999] {
        group.bench_function(format!("choose bands/{recall}"), |bencher| {
            bencher.iter(|| Bands::choose(black_box(0.5), recall));
        });
    }
    group.finish();
}

fn score(criterion: &mut Criterion) {
    let config = Config::default();
    let mut group = criterion.benchmark_group("score");
    for (name, share) in [("verbatim", 0.0), ("5% edited", 0.05), ("15% edited", 0.15)] {
        let pair = planted(7, 3, share);
        let (a, b) = (Prepared::new(&pair.a, &config), Prepared::new(&pair.b, &config));
        group.throughput(Throughput::Bytes((pair.a.len() + pair.b.len()) as u64));
        group.bench_function(format!("compare/{name}"), |bencher| {
            bencher.iter(|| compare(black_box(&a), black_box(&b), &config));
        });
    }
    let prepared: Vec<Prepared> = texts().iter().map(|text| Prepared::new(text, &config)).collect();
    group.throughput(Throughput::Elements(prepared.len() as u64 - 1));
    group.bench_function("verify/unrelated", |bencher| {
        bencher
            .iter(|| prepared.windows(2).filter(|pair| shared_if_similar(&pair[0], &pair[1], 0.5).is_some()).count());
    });
    let repeated = "all work and no play ".repeat(2_000);
    let prepared = Prepared::new(&repeated, &config);
    group.throughput(Throughput::Bytes(2 * repeated.len() as u64));
    group.bench_function("compare/hostile repeats", |bencher| {
        bencher.iter(|| compare(black_box(&prepared), black_box(&prepared), &config));
    });
    group.finish();
}

/// A dump of so many articles as a file, packed in two ways, and as a folder of texts.
fn dumps(folder: &Path, count: usize) -> (Throughput, [(&'static str, PathBuf); 4]) {
    let corpus = Corpus::new(1);
    let paths =
        [("jsonl", "dump.jsonl"), ("jsonl.gz", "dump.jsonl.gz"), ("jsonl.zst", "dump.jsonl.zst"), ("folder", "texts")]
            .map(|(name, path)| (name, folder.join(path)));
    let [(_, plain), (_, gzip), (_, zstd), (_, texts)] = &paths;
    fs::create_dir(texts).expect("a folder");
    let lines: String = (0..count)
        .map(|index| {
            let article = corpus.article(index);
            fs::write(texts.join(format!("{}.txt", article.id)), &article.text).expect("a file");
            format!("{}\n", serde_json::json!({"id": article.id, "text": article.text, "date": article.date}))
        })
        .collect();
    fs::write(plain, &lines).expect("a file");
    fs::write(zstd, zstd::encode_all(lines.as_bytes(), 3).expect("memory does not fail")).expect("a file");
    let mut encoder = flate2::write::GzEncoder::new(fs::File::create(gzip).expect("a file"), Compression::default());
    encoder.write_all(lines.as_bytes()).and_then(|()| encoder.finish()).expect("a file");
    (Throughput::Bytes(lines.len() as u64), paths)
}

fn input(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("input");
    group.sample_size(20);
    for count in [200, ARTICLES] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (throughput, paths) = dumps(folder.path(), count);
        group.throughput(throughput);
        for (name, path) in paths {
            group.bench_function(format!("read and sketch/{name}/{count}"), |bencher| {
                bencher.iter(|| {
                    let options = InputOptions::default();
                    let plan = Plan::new(std::slice::from_ref(&path), &[], &options).expect("it is there");
                    Scan::read(plan, options, Config::default(), (Budget::default(), None), &Quiet)
                        .expect("it can be read")
                        .0
                        .catalogue()
                        .cards
                        .len()
                });
            });
        }
    }
    group.finish();
}

fn report(criterion: &mut Criterion) {
    let config = Config::default();
    let pair = planted(7, 3, 0.05);
    let (a, b) = (Prepared::new(&pair.a, &config), Prepared::new(&pair.b, &config));
    let comparison = compare(&a, &b, &config);
    let sides = (Side { text: &pair.a, prepared: &a }, Side { text: &pair.b, prepared: &b });
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(1));
    group.bench_function("line of pairs.jsonl", |bencher| {
        bencher.iter(|| pairs::line(("a", "b"), black_box(&comparison), sides.0, sides.1, Detail::Short));
    });
    group.finish();
}

fn pipeline(criterion: &mut Criterion) {
    let corpus = Corpus::new(1);
    let articles: Vec<Article> = (0..4 * ARTICLES)
        .map(|index| {
            let article = corpus.article(index);
            Article::new(article.id, article.text)
        })
        .collect();
    let defaults = || Detector::builder();
    let detectors = [
        ("default", defaults()),
        ("jaccard alone", defaults().containment(None)),
        ("exhaustive", defaults().exhaustive(true)),
    ]
    .map(|(name, builder)| (name, builder.build().expect("valid")));
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(10);
    for count in [ARTICLES / 4, ARTICLES, 4 * ARTICLES] {
        let articles = &articles[..count];
        group.throughput(Throughput::Bytes(articles.iter().map(|article| article.text.len() as u64).sum()));
        for (name, detector) in &detectors {
            group.bench_function(format!("{name}/{count}"), |bencher| {
                bencher.iter(|| detector.detect(black_box(articles)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, input, text, sketch, candidates, score, report, pipeline);
criterion_main!(benches);

//! Throughput of each room and of the whole run, in bytes and in articles, over generated ASCII news.
//!
//! Texts are generated outside the timed part. Everything runs on one thread but the groups `input` and `pipeline`.
//! Banding and clustering have no face of their own; `run.json` of a scan has the seconds of each stage.

#![allow(unreachable_pub, reason = "what is public in a module here is so for its neighbours")]

mod corpus;

use corpus::{Corpus, planted};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wirecopy::input::{InputOptions, Plan};
use wirecopy::pipeline::Quiet;
use wirecopy::pipeline::scan::Scan;
use wirecopy::report::pairs::{self, Detail};
use wirecopy::score::{Prepared, Side, compare, shared_if_similar};
use wirecopy::shingle::shingles;
use wirecopy::sketch::{MinHasher, Winnower};
use wirecopy::text::{word_hashes, words};
use wirecopy::{Article, Bands, Config, Detector};

const ARTICLES: usize = 2_000;

fn texts() -> Vec<String> {
    let corpus = Corpus::new(1);
    (0..ARTICLES).map(|index| corpus.article(index).text).collect()
}

fn bytes(texts: &[String]) -> Throughput {
    Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum())
}

fn text(criterion: &mut Criterion) {
    let texts = texts();
    let mut group = criterion.benchmark_group("text");
    group.throughput(bytes(&texts));
    let mut buffer = Vec::new();
    group.bench_function("hashes/ascii", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                buffer.clear();
                word_hashes(text, &mut buffer);
                black_box(&buffer);
            }
        });
    });
    group.bench_function("spans/ascii", |bencher| {
        bencher.iter(|| texts.iter().map(|text| words(text).len()).sum::<usize>());
    });
    let folds: [(&str, [(char, char); 5]); 3] = [
        ("latin", [('a', 'á'), ('e', 'é'), ('o', 'ö'), ('u', 'ü'), ('n', 'ñ')]),
        ("cyrillic", [('a', 'а'), ('e', 'е'), ('o', 'о'), ('t', 'т'), ('r', 'р')]),
        ("han", [('a', '新'), ('e', '闻'), ('o', '社'), ('t', '报'), ('r', '道')]),
    ];
    for (name, fold) in folds {
        let texts: Vec<String> = texts
            .iter()
            .map(|text| {
                let fold_char = |ch| fold.iter().find(|(from, _)| *from == ch).map_or(ch, |&(_, to)| to);
                text.chars().filter(|ch| name != "han" || "aeotr.".contains(*ch)).map(fold_char).collect()
            })
            .collect();
        group.throughput(bytes(&texts));
        group.bench_function(format!("hashes/{name}"), |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    buffer.clear();
                    word_hashes(text, &mut buffer);
                    black_box(&buffer);
                }
            });
        });
    }
    group.finish();
}

fn sketch(criterion: &mut Criterion) {
    let texts = texts();
    let hashed: Vec<Vec<u64>> = texts
        .iter()
        .map(|text| {
            let mut hashes = Vec::new();
            word_hashes(text, &mut hashes);
            hashes
        })
        .collect();
    let shingled: Vec<Vec<u64>> = hashed
        .iter()
        .map(|words| {
            let mut hashes = Vec::new();
            shingles(words, 5, &mut hashes);
            hashes
        })
        .collect();
    let hasher = MinHasher::new(Config::default().bands.k()).expect("the default k is valid");

    let mut group = criterion.benchmark_group("shingle");
    group.throughput(bytes(&texts));
    let mut buffer = Vec::new();
    group.bench_function("shingles", |bencher| {
        bencher.iter(|| {
            for words in &hashed {
                buffer.clear();
                shingles(words, 5, &mut buffer);
                black_box(&buffer);
            }
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("sketch");
    group.throughput(bytes(&texts));
    group.bench_function("signature", |bencher| {
        bencher.iter(|| {
            for shingles in &shingled {
                black_box(hasher.signature(shingles));
            }
        });
    });
    let winnower = Winnower::new(5, 13).expect("a run is longer than a shingle");
    group.bench_function("fingerprints", |bencher| {
        bencher.iter(|| shingled.iter().map(|shingles| winnower.fingerprints(shingles).len()).sum::<usize>());
    });
    let mut hashes = Vec::new();
    group.bench_function("text+shingle+signature", |bencher| {
        bencher.iter(|| {
            for text in &texts {
                hashes.clear();
                buffer.clear();
                word_hashes(text, &mut hashes);
                shingles(&hashes, 5, &mut buffer);
                black_box(hasher.signature(&buffer));
            }
        });
    });
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

fn input(criterion: &mut Criterion) {
    let corpus = Corpus::new(1);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("dump.jsonl");
    let lines: String = (0..ARTICLES)
        .map(|index| {
            let article = corpus.article(index);
            format!("{}\n", serde_json::json!({"id": article.id, "text": article.text, "date": article.date}))
        })
        .collect();
    std::fs::write(&path, &lines).expect("a file");
    let packed = folder.path().join("dump.jsonl.zst");
    std::fs::write(&packed, zstd::encode_all(lines.as_bytes(), 3).expect("memory does not fail")).expect("a file");
    let mut group = criterion.benchmark_group("input");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(lines.len() as u64));
    for (name, path) in [("jsonl", path), ("jsonl.zst", packed)] {
        group.bench_function(format!("read and sketch/{name}"), |bencher| {
            bencher.iter(|| {
                let options = InputOptions::default();
                let plan = Plan::new(std::slice::from_ref(&path), &[], &options).expect("it is there");
                Scan::read(plan, options, Config::default(), None, &Quiet)
                    .expect("it can be read")
                    .0
                    .catalogue()
                    .cards
                    .len()
            });
        });
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
    let articles: Vec<Article> = (0..ARTICLES)
        .map(|index| {
            let article = corpus.article(index);
            Article::new(article.id, article.text)
        })
        .collect();
    let detector = Detector::builder().build().expect("the defaults are valid");
    let mut group = criterion.benchmark_group("pipeline");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(articles.iter().map(|article| article.text.len() as u64).sum()));
    group.bench_function("detect/bytes", |bencher| bencher.iter(|| detector.detect(black_box(&articles))));
    group.throughput(Throughput::Elements(ARTICLES as u64));
    group.bench_function("detect/articles", |bencher| bencher.iter(|| detector.detect(black_box(&articles))));
    let exhaustive = Detector::builder().exhaustive(true).build().expect("valid");
    group.bench_function("exhaustive/articles", |bencher| bencher.iter(|| exhaustive.detect(black_box(&articles))));
    group.finish();
}

criterion_group!(benches, input, text, sketch, candidates, score, report, pipeline);
criterion_main!(benches);

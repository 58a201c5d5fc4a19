//! Words that are nobody's own: learnt, told from stories, kept, given, and counted all the same.

use crate::util::{Folder, json_line, story};
use std::collections::BTreeSet;
use wirecopy::{Article, Detector};

const FOOTER: u32 = 9_000;

/// `count` unrelated articles of about `sentences` × 12 words with the same footer of 36 words.
fn with_footer(count: u32, sentences: u32) -> Vec<Article> {
    let footer = story(FOOTER, 3);
    (0..count).map(|seed| Article::new("", format!("{} {footer}", story(seed, sentences)))).collect()
}

fn detect(articles: &[Article]) -> wirecopy::Detection {
    Detector::builder().build().expect("valid").detect(articles).expect("it fits")
}

#[test]
fn a_footer_in_fifty_unrelated_articles_is_boilerplate() {
    // Footers are more than half of each article.
    let detection = detect(&with_footer(50, 2));
    assert_eq!(detection.boilerplate().passages().len(), 1);
    let known = &detection.boilerplate().passages()[0];
    assert_eq!((known.text.as_str(), known.articles), (story(FOOTER, 3).trim_end().trim_end_matches('.'), 50));
    assert!(detection.pairs().is_empty(), "a footer is no reason to report a pair");
}

#[test]
fn a_story_reprinted_five_hundred_times_is_not() {
    let wire = story(1, 30);
    let reprint = |seed| Article::new("", format!("{} {wire} {}", story(seed, 1), story(seed + 1, 2)));
    let articles: Vec<Article> = (1..501).map(|number| reprint(number * 10)).collect();
    let detection = detect(&articles);
    assert!(detection.boilerplate().is_empty());
    assert!((1..500).all(|article| detection.representative(wirecopy::ArticleId(article)).0 == 0));
}

#[test]
fn ten_articles_of_one_publisher_will_do() {
    let mut articles = with_footer(12, 2);
    assert!(detect(&articles).boilerplate().is_empty(), "too few without a publisher");
    for article in &mut articles {
        article.publisher = Some("Gazette".into());
    }
    let detection = detect(&articles);
    assert_eq!(detection.boilerplate().passages()[0].publisher.as_deref(), Some("Gazette"));
}

/// Two thirds of each page are the site's own menus, and two pages of it tell one story in other sites' furniture.
#[test]
fn pages_that_are_mostly_furniture_are_judged_without_it() {
    let page = |site: u32, seed: u32| {
        let furniture = story(FOOTER + site, 12);
        Article::new("", format!("{furniture} {}", story(seed, 6))).published_by(format!("site{site}.example"))
    };
    let mut articles: Vec<Article> =
        (0..2).flat_map(|site| (0..20).map(move |seed| page(site, 100 * site + seed))).collect();
    articles[25] = page(1, 5);
    let detection = detect(&articles);
    assert_eq!(detection.boilerplate().passages().len(), 2);
    let pairs: Vec<(u32, u32)> = detection.pairs().iter().map(|pair| (pair.a.0, pair.b.0)).collect();
    assert_eq!(pairs, [(5, 25)], "the only two that tell one story");
    let core = detection.pairs()[0].core.expect("both have furniture");
    assert!(core.jaccard() > 0.85 && detection.pairs()[0].overlap.jaccard() < 0.5);
}

/// Thirty articles with a footer, two of them one story, as a dump.
fn dump(folder: &Folder) -> BTreeSet<String> {
    let mut articles = with_footer(40, 4);
    articles[7].text = articles[3].text.replace("w3x0y0", "another");
    let lines =
        articles.iter().zip(0..).map(|(article, id)| json_line(&[("id", &format!("x{id}")), ("text", &article.text)]));
    folder.write("dump.jsonl", lines.collect::<String>());
    ["x3 x7 near-duplicate".to_owned()].into()
}

#[test]
fn a_list_of_yesterday_decides_today() {
    let folder = Folder::new();
    let expected = dump(&folder);
    let results = folder.scan(&["dump.jsonl"], 0);
    let pairs = |results: &crate::util::Results| results.relations().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(pairs(&results), expected);
    assert_eq!(results.summary()["boilerplate"]["passages"], 1);
    let passages = &results.pairs()[0]["passages"];
    assert!(passages.as_array().expect("a list").iter().any(|passage| passage["boilerplate"].as_u64() > Some(30)));
    std::fs::rename(folder.path("out/boilerplate.jsonl"), folder.path("known.jsonl")).expect("it is there");

    // Ten of the articles teach nothing, and the list tells.
    let few: String = std::fs::read_to_string(folder.path("dump.jsonl")).expect("it is there");
    folder.write("few.jsonl", few.lines().take(10).map(|line| format!("{line}\n")).collect::<String>());
    let taught = folder.scan(&["few.jsonl", "--boilerplate", "known.jsonl", "--passage", "20"], 0);
    assert_eq!(pairs(&taught), expected);
    let untaught = folder.scan(&["few.jsonl", "--passage", "20"], 0);
    assert_eq!(untaught.pairs().len(), 10 * 9 / 2);
    let counted = folder.scan(&["dump.jsonl", "--count-boilerplate", "--passage", "20"], 0);
    assert_eq!(counted.pairs().len(), 40 * 39 / 2);
    assert_eq!(counted.lines("boilerplate.jsonl").len(), 0);

    folder.write("broken.jsonl", "{\"text\": \"fine\"}\n{\"texts\": 1}\n");
    let broken = folder.run(&["scan", "few.jsonl", "--boilerplate", "broken.jsonl"]);
    assert_eq!(broken.status, 2);
    assert!(broken.err.contains("broken.jsonl:2"), "{}", broken.err);
}

#[test]
fn compare_marks_what_a_list_names() {
    let folder = Folder::new();
    folder.write("known.jsonl", json_line(&[("text", &story(FOOTER, 3))]));
    for (name, article) in ["a.txt", "b.txt"].iter().zip(with_footer(2, 4)) {
        folder.write(name, article.text);
    }
    let run = folder.run(&["compare", "a.txt", "b.txt", "--boilerplate", "known.jsonl"]);
    assert!(run.out.contains("36 equal words, boilerplate") && run.out.contains("without"), "{}", run.out);
}

//! `wirecopy find ARTICLE PATH...`: who shares passages with an article.

use super::args::{Find, OneFormat};
use super::progress::Bars;
use super::{Exit, check_input, command_line, log, next, output_error, width, write_whole};
use crate::article::ArticleId;
use crate::boilerplate::Boilerplate;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{One, Plan, place_of, read_one};
use crate::pipeline::find::Search;
use crate::report::find::{Answer, Answers, Question, write_json, write_text};
use crate::report::html::few::{Few, Named};
use crate::report::html::{self, Listed, Material, Pairs, Shown};
use crate::report::terminal::{plural, write_next};
use crate::text::words;
use ahash::AHashMap;
use std::io::Write;
use std::path::Path;

pub(super) fn run(arguments: &Find) -> Result<Exit> {
    let config = arguments.config()?;
    let options = arguments.input.options();
    let one = read_one(&arguments.article, &options)?;
    // Of an article shorter than a shingle all words are looked for, wherever they stand.
    let config = Config { shingle: words(&one.text).len().clamp(1, config.shingle), ..config };
    let boilerplate = arguments.boilerplate(config.shingle)?;
    let search = Search::new(&one, arguments.passage, &config, &boilerplate).keeping_texts(arguments.html.is_some());
    if search.run() == 0 {
        return Err(Error::input("has no words").at(&arguments.article));
    }
    let plan = Plan::new(&arguments.paths, &[], &options)?;
    check_input(&plan, arguments.common.verbose)?;
    let bars = Bars::new(arguments.common.quiet);
    let found = search.run_over(plan, &options, &bars)?;
    bars.finish();
    log::skipped(&found.skipped, arguments.common.verbose);
    if found.articles == 0 {
        return Err(Error::input("nothing could be read"));
    }
    if let Some(path) = &arguments.html {
        write_page(path, &arguments.article, &one, &search, &found, (&config, &boilerplate), arguments.force)?;
    }
    let question = Question { name: &arguments.article, article: search.article(), run: search.run() };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match arguments.format {
        OneFormat::Text => write_text(&mut out, question, &found, arguments.top, width()).and_then(|()| {
            let instead = "--html FILE writes each answer beside the article, to look at and to hand on";
            write_next(&mut out, &next(arguments.html.as_deref(), instead), width())
        }),
        OneFormat::Json => write_json(&mut out, question, &found),
    }
    .and_then(|()| out.flush())
    .map_err(output_error)?;
    Ok(arguments.input.exit(&found.skipped, found.articles))
}

/// Writes the page of the article and its answers.
fn write_page(
    path: &Path,
    name: &str,
    one: &One,
    search: &Search<'_>,
    found: &Answers,
    (config, boilerplate): (&Config, &Boilerplate),
    is_forced: bool,
) -> Result<()> {
    let words = search.article().prepared.spans().len() as u32;
    let mut articles = vec![Named { id: name.to_owned(), card: one.card.clone(), words }];
    let mut pairs = Vec::new();
    for (answer, number) in found.answers.iter().zip(1..) {
        let article = ArticleId(number);
        articles.push(Named {
            id: answer.id.clone(),
            card: answer.card.clone(),
            words: answer.comparison.overlap.words_b,
        });
        let comparison = &answer.comparison;
        pairs.push(Listed::new(ArticleId(0), article, &comparison.overlap, comparison.relation));
    }
    unique(&mut articles, &found.answers);
    let articles = Few(articles);
    let pairs = Pairs::Listed(pairs);
    let text = |article: &ArticleId| match article.index().checked_sub(1) {
        None => Some(one.text.clone()),
        Some(answer) => found.answers[answer].text.clone(),
    };
    let known =
        |articles: &[ArticleId]| Ok(articles.iter().filter_map(|article| Some((*article, text(article)?))).collect());
    // Those who share most come first.
    let chosen: Vec<u32> = (0..pairs.len().min(html::PAIRS) as u32).collect();
    let shown = Shown::of(&pairs, &chosen, known)?;
    let material = Material {
        heading: format!("Who shares {} with {name}", plural(search.run() as u64, "word")),
        command: Some(command_line()),
        articles: &articles,
        pairs,
        groups: Vec::new(),
        shown,
        config,
        known: boilerplate,
        whole: None,
    };
    write_whole(path, is_forced, |out| html::write(out, &material))
}

/// Names answers of one id by where they are. The first of all is the article that was asked about.
fn unique(articles: &mut [Named], answers: &[Answer]) {
    let mut times: AHashMap<String, usize> = AHashMap::new();
    articles.iter().for_each(|article| *times.entry(article.id.clone()).or_default() += 1);
    for (article, answer) in articles[1..].iter_mut().zip(answers) {
        if times[&article.id] > 1 {
            article.id = format!("{} ({})", article.id, place_of(&answer.source, answer.record));
        }
    }
}

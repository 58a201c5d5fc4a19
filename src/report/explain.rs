//! Why two articles are reported, or why they are not: each rule with the numbers that it looks at.

use super::terminal::{align, count, escape, percent, plural, relation_style, wrapped};
use crate::config::Config;
use crate::score::{Core, Overlap, Reason, Relation};
use console::Style;
use std::io::{self, Write};

/// What is known of two articles of a run.
pub struct Explained {
    /// Their ids.
    pub ids: [String; 2],
    /// How the two are related; `None` if they share nothing.
    pub relation: Option<Relation>,
    /// The counts behind every number.
    pub overlap: Overlap,
    /// Counts without boilerplate, where there was some.
    pub core: Option<Core>,
    /// The rule that holds, if one does.
    pub reason: Option<Reason>,
    /// Words of the longest verbatim run that they share without boilerplate.
    pub run: u32,
    /// Whether the run listed them.
    pub is_listed: bool,
    /// Of each, the article whose exact copy it is and that stands for it in pairs.
    pub stand_ins: [Option<String>; 2],
    /// Why such a pair was not sought, if it was not.
    pub not_sought: Vec<String>,
}

/// A rule, what it asks for, what there is, and whether it holds.
struct Rule {
    name: &'static str,
    text: String,
    holds: bool,
}

/// Writes the explanation.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut impl Write, explained: &Explained, config: &Config, width: usize) -> io::Result<()> {
    let Explained { ids, overlap, .. } = explained;
    let bold = Style::new().bold();
    for (name, id, words) in [("A", &ids[0], overlap.words_a), ("B", &ids[1], overlap.words_b)] {
        let field = bold.apply_to(align(name, 11, false));
        writeln!(out, "{field} {}, {}", escape(id), plural(u64::from(words), "word"))?;
    }
    let verdict = verdict(explained, config);
    let style = relation_style(explained.relation.filter(|_| explained.is_listed)).bold();
    let head = if explained.is_listed { "reported" } else { "not listed" };
    writeln!(
        out,
        "{} {}\n",
        style.apply_to(align(head, 11, false)),
        wrapped(&verdict, width.saturating_sub(12).max(20), 12)
    )?;
    writeln!(out, "{}", Style::new().dim().apply_to("A pair is reported if one of these holds:"))?;
    for Rule { name, text, holds } in rules(explained, config) {
        let mark = if holds { Style::new().green().apply_to("yes") } else { Style::new().dim().apply_to("no ") };
        let text = wrapped(&text, width.saturating_sub(18).max(20), 18);
        writeln!(out, "  {mark}  {} {text}", bold.apply_to(align(name, 11, false)))?;
    }
    if let Some(core) = explained.core {
        let all = explained.overlap.sets();
        let hidden = (all.shingles_a - core.shingles_a, all.shingles_b - core.shingles_b);
        let text = format!(
            "{} of A's shingles and {} of B's are boilerplate, and decide nothing",
            count(u64::from(hidden.0)),
            count(u64::from(hidden.1))
        );
        writeln!(out, "\n{}", wrapped(&text, width, 0))?;
    }
    for reason in explained.not_sought.iter().filter(|_| !explained.is_listed) {
        writeln!(out, "\n{}", wrapped(&escape(reason), width, 0))?;
    }
    Ok(())
}

/// The numbers that decide.
fn decisive(explained: &Explained) -> Core {
    explained.core.unwrap_or_else(|| explained.overlap.sets())
}

fn rules(explained: &Explained, config: &Config) -> Vec<Rule> {
    let sets = decisive(explained);
    let identical = explained.relation == Some(Relation::Identical);
    let jaccard = sets.jaccard();
    let union = u64::from(sets.shingles_a) + u64::from(sets.shingles_b) - u64::from(sets.shared);
    let long = |words: usize| explained.run as usize >= words;
    let shortest = explained.overlap.words_a.min(explained.overlap.words_b);
    let mut rules = vec![
        Rule {
            name: "identical",
            text: if identical { "all words are the same" } else { "their words are not the same" }.to_owned(),
            holds: identical,
        },
        Rule {
            name: "Jaccard",
            text: format!(
                "{}, {} of {}; {} is asked for",
                percent(jaccard),
                count(u64::from(sets.shared)),
                plural(union, "shingle"),
                percent(config.threshold)
            ),
            holds: sets.shared > 0 && jaccard >= config.threshold,
        },
    ];
    if let Some(bound) = config.containment {
        let is_short = crate::candidates::passages::is_short(shortest);
        let enough = sets.shared > 0 && sets.containment() >= bound;
        let run = if is_short {
            "as one of them is short, any shared shingle will do".to_owned()
        } else {
            format!(
                "{} in a row are the same, {} are asked for",
                plural(u64::from(explained.run), "word"),
                config.run()
            )
        };
        rules.push(Rule {
            name: "containment",
            text: format!(
                "{} of A's shingles are in B, {} of B's in A; {} is asked for, and {run}",
                percent(sets.containment_a()),
                percent(sets.containment_b()),
                percent(bound)
            ),
            holds: enough && (is_short || long(config.run())),
        });
    }
    if let Some(words) = config.passage {
        let text = format!("{} in a row are the same, {words} are asked for", plural(u64::from(explained.run), "word"));
        rules.push(Rule { name: "--passage", text, holds: long(words) });
    }
    rules
}

/// Why it is as it is, in a sentence.
fn verdict(explained: &Explained, config: &Config) -> String {
    let relation = explained.relation.map_or("", Relation::name);
    if explained.is_listed {
        return match explained.reason {
            Some(Reason::Identical) => format!("as {relation}: they have the same words"),
            Some(Reason::Jaccard) => format!("as {relation}, for its Jaccard"),
            Some(Reason::Containment) => format!("as {relation}, for its containment"),
            Some(Reason::Passage) => {
                format!("as {relation}, for a passage of {}", plural(u64::from(explained.run), "word"))
            }
            None => format!("as {relation}"),
        };
    }
    if explained.overlap.words_a == 0 || explained.overlap.words_b == 0 {
        return "an article without words is nobody's duplicate".to_owned();
    }
    if explained.reason.is_none() {
        return "none of the rules below holds".to_owned();
    }
    if !explained.not_sought.is_empty() {
        return "it was not sought, as is said below".to_owned();
    }
    let copies: Vec<String> = explained
        .stand_ins
        .iter()
        .zip(&explained.ids)
        .filter_map(|(stand_in, id)| {
            Some(format!("{} stands for {id} in pairs, as it has the same words", stand_in.as_ref()?))
        })
        .collect();
    if !copies.is_empty() {
        return escape(&format!("though a rule holds: {} (--list-all lists every copy)", copies.join("; ")));
    }
    let found = config.bands.found(explained.overlap.jaccard());
    let mut causes = Vec::new();
    if explained.reason == Some(Reason::Jaccard) && !config.exhaustive && found < 1.0 {
        causes.push(format!(
            "it may have been missed, as its signatures meet with probability {found:.6} (--exhaustive finds all)"
        ));
    }
    causes.push(
        "both may be in a crowd, where each is listed with the leader that it matches, or match none, and overflow \
         (--list-all lists all)"
            .to_owned(),
    );
    causes.push("a text may not have been there any more".to_owned());
    format!("though a rule holds: {}", causes.join("; or "))
}

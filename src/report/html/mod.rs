//! Results as one page that a person looks at: it opens from disk, needs no network, and carries all that it shows.
//!
//! **Takes** what is known of a run, or of one pair or one article's answers ([`Material`]). **Gives** HTML: an overview
//! that needs no script, lists that can be searched and sorted, and pairs with both texts side by side.
//!
//! Everything from articles is escaped: the template does it for the overview, and the page's script puts texts into the
//! page as text only. A Content-Security-Policy lets nothing run but that script, known by its hash, and nothing load.
//!
//! Lists hold up to [`MOST_LISTED`] pairs, and both texts of a few of them, of at most [`MOST_OF_ONE`] bytes each and
//! [`MOST_TEXT`] together: the strongest of each relation in turn. What is left out is counted on the page. Cost: O(n) for n
//! articles and pairs, and a comparison of each two texts that are shown.

mod choice;
mod contents;
pub mod few;
mod matrix;
mod overview;
mod plots;
pub mod stored;
mod view;

use crate::article::{ArticleId, Timestamp};
use crate::boilerplate::{Boilerplate, KnownPassage};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::Skipped;
use crate::score::{Overlap, Relation, ScoredPair};
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
pub use choice::{Pairs, Shown, strongest};
use contents::Contents;
use overview::Overview;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::Write;

/// Most pairs in the list.
pub const MOST_LISTED: usize = 100_000;
/// Most articles in clusters that are listed. A browser has no longer lists.
pub const MOST_MEMBERS: usize = 100_000;
/// Most bytes of an article's text that is shown.
pub const MOST_OF_ONE: usize = 1 << 18;
/// Most bytes of all texts that are shown.
pub const MOST_TEXT: usize = 24 << 20;
/// Pairs of which both texts are shown, unless set.
pub const PAIRS: usize = 500;

/// What the page says of an article.
pub struct Entry<'a> {
    /// What results call it.
    pub id: Cow<'a, str>,
    /// Its title.
    pub title: Option<&'a str>,
    /// When it was published.
    pub date: Option<Timestamp>,
    /// Who published it.
    pub publisher: Option<&'a str>,
    /// Where it was.
    pub url: Option<&'a str>,
    /// How many words it has.
    pub words: u32,
}

/// The articles of a run, by their numbers.
pub trait Entries: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// What is known of one.
    fn entry(&self, article: ArticleId) -> Entry<'_>;

    /// When it was published.
    fn date(&self, article: ArticleId) -> Option<Timestamp> {
        self.entry(article).date
    }
}

/// A pair in the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Listed {
    /// The one that comes first.
    pub a: ArticleId,
    /// The other.
    pub b: ArticleId,
    /// How the two are related; `None` if they share nothing.
    pub relation: Option<Relation>,
    /// Their Jaccard.
    pub jaccard: f64,
    /// How much of the shingles of each is in the other.
    pub containment: [f64; 2],
    /// How much of the words of each is in shared shingles.
    pub coverage: [f64; 2],
}

impl From<&ScoredPair> for Listed {
    fn from(pair: &ScoredPair) -> Self {
        Self::new(pair.a, pair.b, &pair.overlap, Some(pair.relation))
    }
}

impl Listed {
    /// Two articles that were compared.
    #[must_use]
    pub fn new(a: ArticleId, b: ArticleId, overlap: &Overlap, relation: Option<Relation>) -> Self {
        let containment = [overlap.containment_a(), overlap.containment_b()];
        let coverage = [overlap.coverage_a(), overlap.coverage_b()];
        Self { a, b, relation, jaccard: overlap.jaccard(), containment, coverage }
    }

    /// The larger of the two coverages.
    fn overlap(&self) -> f64 {
        self.coverage[0].max(self.coverage[1])
    }

    /// The stronger pair first: by overlap, then by Jaccard, then by place.
    fn strength(&self, other: &Self) -> Ordering {
        let by_overlap = other.overlap().total_cmp(&self.overlap());
        by_overlap.then(other.jaccard.total_cmp(&self.jaccard)).then((self.a, self.b).cmp(&(other.a, other.b)))
    }
}

/// A member of a cluster, compared with the representative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// The member.
    pub article: ArticleId,
    /// How it is related to the representative.
    pub relation: Relation,
    /// The Jaccard of the two.
    pub jaccard: f64,
    /// How much of its shingles the representative has.
    pub containment: f64,
    /// The share of its words in shared shingles.
    pub coverage: f64,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The article that the others were compared with.
    pub representative: ArticleId,
    /// The others.
    pub members: Vec<Member>,
}

/// What is known of a run as a whole.
pub struct Whole<'m> {
    /// `summary.json`.
    pub summary: Value,
    /// Seconds of each stage, as far as it had come.
    pub stages: Vec<(String, f64)>,
    /// What counted for nobody, those in the most articles first.
    pub boilerplate: &'m [KnownPassage],
    /// What was skipped.
    pub skipped: &'m [Skipped],
}

/// What a page is made of.
pub struct Material<'m> {
    /// What stands at its top.
    pub heading: String,
    /// The command that made it, if that is known.
    pub command: Option<String>,
    /// The articles.
    pub articles: &'m dyn Entries,
    /// The pairs.
    pub pairs: Pairs<'m>,
    /// The clusters.
    pub groups: Vec<Group>,
    /// Those of which both texts are shown.
    pub shown: Shown,
    /// How texts are compared.
    pub config: &'m Config,
    /// What counts for nobody.
    pub known: &'m Boilerplate,
    /// The run, if the page is of one.
    pub whole: Option<Whole<'m>>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'p> {
    heading: &'p str,
    version: &'static str,
    command: Option<&'p str>,
    overview: Option<Overview>,
    has_clusters: bool,
    policy: String,
    style: &'static str,
}

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str =
    concat!(include_str!("show.js"), include_str!("list.js"), include_str!("pair.js"), include_str!("main.js"));

/// Writes the page.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut impl Write, material: &Material<'_>) -> Result<()> {
    let overview = || material.whole.as_ref().map(|whole| Overview::new(whole, material));
    let (contents, mut overview) = rayon::join(|| Contents::new(material), overview);
    if let Some(overview) = &mut overview {
        overview.left_out = contents.left_out(material);
    }
    let page = Page {
        heading: &material.heading,
        version: env!("CARGO_PKG_VERSION"),
        command: material.command.as_deref(),
        overview,
        has_clusters: material.whole.is_some(),
        policy: format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
            hash(SCRIPT),
            hash(STYLE)
        ),
        style: STYLE,
    };
    page.write_into(out).map_err(|error| Error::output(&error))?;
    contents.write(out)?;
    let end = write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>");
    end.and_then(|()| out.flush()).map_err(|error| Error::output(&error))
}

/// How a policy names a script or a style.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_hashes_what_we_hash() {
        // It reads every line end as a line feed.
        assert!(!SCRIPT.contains('\r') && !STYLE.contains('\r'));
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
    }

    #[test]
    fn the_strongest_of_each_relation_come_in_turn() {
        let pair = |at: u32, relation: Relation, coverage: f64| Listed {
            a: ArticleId(at),
            b: ArticleId(at + 1),
            relation: Some(relation),
            jaccard: coverage / 2.0,
            containment: [coverage; 2],
            coverage: [coverage; 2],
        };
        let copies = (0..50).map(|at| pair(at, Relation::Identical, 1.0));
        let others =
            [pair(60, Relation::Excerpt, 0.8), pair(61, Relation::Excerpt, 0.9), pair(62, Relation::Variant, 0.6)];
        let pairs = Pairs::Listed(copies.chain(others).collect());
        assert_eq!(strongest(&pairs, 6), [0, 51, 52, 1, 50, 2]);
        assert_eq!(strongest(&pairs, 1), [0]);
        assert_eq!(strongest(&pairs, 100).len(), 53);
    }
}

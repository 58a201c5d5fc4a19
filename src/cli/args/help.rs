//! What stands below the options in the help of each command.

/// What a relation is, for several helps.
macro_rules! relations {
    () => {
        "\
The overlap of A in B is the share of A's words that stand in B in runs of five or more.
The relation of a pair is the first of these that holds:
  identical       the same words in the same order
  near-duplicate  Jaccard 0.7 and above, and at the threshold and above
  excerpt         0.8 of the shingles of one are in the other
  variant         Jaccard at the threshold and above
  partial-copy    0.5 of the shingles of one are in the other (--containment)
  shared-passage  the rest: a run of --passage words; with compare, any run of five words
Clusters form around the earliest dated article, else the first; every member was compared with it."
    };
}

pub(super) const EXAMPLES: &str = "\
Examples:
  wirecopy scan dump.jsonl.gz                    pairs and a summary on the terminal
  wirecopy scan news/ -o result                  all of it in a folder: open result/report.html
  wirecopy scan today/ --against archive/        today's articles against older ones
  zcat dump.gz | wirecopy scan - --format jsonl  pairs as a stream of JSON lines
  wirecopy dedup dump.jsonl -o clean.jsonl       the dump without its duplicates, and an audit
  wirecopy compare a.txt dump.jsonl:17           two articles, passage by passage
  wirecopy find mine.txt archive/                who copied my article
  wirecopy explain ID ID dump.jsonl              why two articles are reported, or why not
  wirecopy evaluate dump.jsonl --truth t.csv     how good the result is, and why not better
  wirecopy tune --threshold 0.7                  what a threshold costs and finds

Exit status: 0 done; 1 a duplicate was found (only with --check); 2 wrong usage, or nothing could be
read or written; 3 done, but something could not be read (each is listed); 130 interrupted.";

pub(super) const SCANS: &str = concat!(
    "\
Examples:
  wirecopy scan news/                            a summary, and the strongest pairs
  wirecopy scan dump.csv -o result               tables, and result/report.html to look at
  wirecopy scan today/ --against archive/        only pairs with a side in today/
  wirecopy scan dump.jsonl --threshold 0.8       stricter; --passage 25 finds long quotations, too
  wirecopy scan a/ --across-publishers --within 3  who reprints whom, within three days

",
    relations!()
);

pub(super) const COMPARES: &str = concat!(
    "\
Examples:
  wirecopy compare a.txt b.txt                   numbers and passages
  wirecopy compare dump.jsonl:3 dump.jsonl:17    two records of one file
  wirecopy compare a.txt b.txt --html pair.html  both texts side by side, to hand on

",
    relations!()
);

pub(super) const FINDS: &str = "\
Examples:
  wirecopy find mine.txt archive/                who shares 12 words in a row with it
  wirecopy find mine.txt archive/ --html who.html  the same, side by side in a browser
  pbpaste | wirecopy find - archive/             of what is copied to the clipboard";

pub(super) const EXPLAINS: &str = "\
Example:
  wirecopy explain 01-wire.txt 05-rewritten.txt samples/articles

Settings are those of scan: what it would do with the same, is explained.";

pub(super) const TUNES: &str = "\
Examples:
  wirecopy tune                                  the curve of the defaults
  wirecopy tune --threshold 0.8 --recall 0.99    fewer bands, less time
  wirecopy tune --bands 20 --rows 5              what another tool's settings find";

pub(super) const REPORTS: &str = "\
Examples:
  wirecopy report result                         result/report.html, made anew
  wirecopy report result -o small.html --report-pairs 20  a smaller one to send

scan -o writes a report, too; compare and find write one with --html.";

pub(super) const WHO_GOES: &str = "\
Examples:
  wirecopy dedup dump.jsonl.gz -o clean.jsonl.gz            the same dump without its duplicates
  wirecopy dedup today/ --against archive/ -o archive/today only what the archive has not
  wirecopy dedup dump.csv --dry-run                         what would go
  wirecopy dedup dump.parquet -o noted.parquet --annotate   all rows, with what was found of each

An article is removed only as a duplicate of one that stays, with which it was compared word for word:
  identical       the same words in the same order
  near-duplicate  Jaccard at --threshold and above
  excerpt         it is in the other, at a lower Jaccard; only on request, as it may be the original
and only if at least 0.8 of its shingles are in the one that stays. Footers and the like do not count.
Of duplicates, one of --against stays, then one of a publisher of --prefer, then
  longest   the one with the most words that are not boilerplate, of several the earliest
  earliest  the earliest dated           latest  the latest dated           first  the first read
Beside OUT: OUT.removed.jsonl (each article that is gone, the one that stays for it, and why),
OUT.rejected (records that could not be read, as they were), OUT.skipped.jsonl (why), OUT.summary.json.
Kept, removed and rejected are together what was read; that is checked before anything appears.";

pub(super) const LABELS: &str = "\
Examples:
  wirecopy evaluate dump.jsonl --sample 50 > pairs.csv      pairs to be labelled by people
  wirecopy evaluate dump.jsonl --truth pairs.csv --svg curve.svg

Ids are those that scan gives. Columns are found by name (a, b, label; id1, id2; id, cluster); others
are passed over. Of labelled pairs only those count. Without labels, or with clusters, every other
pair of the articles named is one that ought not to be found.";

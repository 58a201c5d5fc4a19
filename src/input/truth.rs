//! What people say of articles: pairs with labels, or clusters.
//!
//! CSV, TSV or JSON lines, with or without a header. **Pairs**: two ids and a label; without labels every pair of the file
//! is a positive one and every other pair is not. **Clusters**: an id and the name of its cluster. Columns are found by
//! their names (`a`, `b`, `id1`, `id2`, `label` …; `id`, `cluster` …), others are passed over; without a header they
//! come in this order. A pair with an empty label is not labelled.

use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Two ids and a label; the label is `None` throughout where there are none.
    Pairs(Vec<(String, String, Option<String>)>),
    /// An id and the name of its cluster.
    Clusters(Vec<(String, String)>),
}

const FIRST: [&str; 9] = ["a", "id1", "id_a", "id_1", "ida", "left", "left_id", "article_a", "document_id_1"];
const SECOND: [&str; 9] = ["b", "id2", "id_b", "id_2", "idb", "right", "right_id", "article_b", "document_id_2"];
const LABEL: [&str; 8] = ["label", "gold", "class", "match", "duplicate", "is_duplicate", "verdict", "relation"];
const ID: [&str; 5] = ["id", "article", "article_id", "doc_id", "document_id"];
const CLUSTER: [&str; 7] = ["cluster", "cluster_id", "group", "group_id", "story", "label", "class"];

/// Where what is wanted stands in a row.
enum Columns {
    Pairs(usize, usize, Option<usize>),
    Clusters(usize, usize),
}

/// Reads a file of labels. `is_id` says whether a text is the id of an article, which tells data from a header.
///
/// # Errors
/// If it cannot be read, or its columns are not understood.
pub fn read_truth(path: &Path, is_id: impl Fn(&str) -> bool) -> Result<Truth> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::input(error.to_string()).at(path))?;
    let text = text.trim_start_matches('\u{feff}');
    let has_names = text.trim_start().starts_with('{');
    let rows = if has_names { objects(text) } else { table(text) };
    let rows = rows.map_err(|error| error.at(path))?;
    let Some((first, rest)) = rows.split_first().filter(|(first, _)| !first.is_empty()) else {
        return Err(Error::input("holds no labels").at(path));
    };
    // Articles may be called a and b, but nobody's label is that it is one.
    let are_ids = is_id(first[0].trim()) && first.get(1).is_some_and(|cell| is_id(cell.trim()));
    let has_label = first.iter().any(|cell| cell.trim().eq_ignore_ascii_case("label"));
    let columns = if are_ids && !has_label { None } else { named(first) };
    let header = columns.is_some();
    let Some(columns) = columns.or_else(|| if has_names { None } else { unnamed(&rows, &is_id) }) else {
        let message =
            "its first line names neither a pair (a, b, label), nor a cluster (id, cluster), nor articles of the input";
        return Err(Error::input(message).at(path));
    };
    let rows = if header { rest } else { &rows[..] };
    let cell = |row: &[String], at: usize| {
        let cell = row.get(at).map_or("", String::as_str);
        if is_id(cell) { cell } else { cell.trim() }.to_owned()
    };
    Ok(match columns {
        Columns::Pairs(a, b, label) => Truth::Pairs(
            rows.iter().map(|row| (cell(row, a), cell(row, b), label.map(|label| cell(row, label)))).collect(),
        ),
        Columns::Clusters(id, cluster) => {
            Truth::Clusters(rows.iter().map(|row| (cell(row, id), cell(row, cluster))).collect())
        }
    })
}

fn named(header: &[String]) -> Option<Columns> {
    let find = |names: &[&str]| {
        names.iter().find_map(|name| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name)))
    };
    if let (Some(a), Some(b)) = (find(&FIRST), find(&SECOND)) {
        return Some(Columns::Pairs(a, b, find(&LABEL)));
    }
    find(&ID).zip(find(&CLUSTER)).map(|(id, cluster)| Columns::Clusters(id, cluster))
}

/// What rows without a header hold, by which cells of the first hundred are ids.
fn unnamed(rows: &[Vec<String>], is_id: impl Fn(&str) -> bool) -> Option<Columns> {
    let known = |row: &[String], at: usize| row.get(at).is_some_and(|cell| is_id(cell.trim()));
    let some = &rows[..rows.len().min(100)];
    let firsts = some.iter().filter(|row| known(row, 0) && row.len() > 1).count();
    let both = some.iter().filter(|row| known(row, 0) && known(row, 1)).count();
    match (firsts, 2 * both > firsts) {
        (0, _) => None,
        (_, true) => Some(Columns::Pairs(0, 1, some.iter().any(|row| row.len() > 2).then_some(2))),
        (_, false) => Some(Columns::Clusters(0, 1)),
    }
}

fn table(text: &str) -> Result<Vec<Vec<String>>> {
    let delimiter = if text.lines().next().is_some_and(|line| line.contains('\t')) { b'\t' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (row, number) in reader.records().zip(1..) {
        let row = row.map_err(|error| Error::input(format!("line {number}: {error}")))?;
        rows.push(row.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

/// The rows of objects; the first gives the names.
fn objects(text: &str) -> Result<Vec<Vec<String>>> {
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let object: serde_json::Map<String, Value> =
            serde_json::from_str(line).map_err(|error| Error::input(format!("line {number}: {error}")))?;
        if names.is_empty() {
            names = object.keys().cloned().collect();
            rows.push(names.clone());
        }
        let cell = |name: &String| match object.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        rows.push(names.iter().map(cell).collect());
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Truth> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), content).expect("it is written");
        read_truth(file.path(), |id| id.starts_with('x'))
    }

    fn pair(label: Option<&str>) -> Truth {
        Truth::Pairs(vec![("x1".into(), "x2".into(), label.map(str::to_owned))])
    }

    #[test]
    fn columns_are_found_by_name_or_place() {
        for content in [
            "id1\tid2\tlabel\tfile\nx1\tx2\tyes\tf\n",
            "label,b,a\nyes,x2,x1\n",
            "x1,x2,yes\n",
            "a,relation,b,label\nx1,variant,x2,yes\n",
            "{\"a\": \"x1\", \"b\": \"x2\", \"label\": \"yes\"}\n",
        ] {
            assert_eq!(read(content).expect("understood"), pair(Some("yes")), "{content}");
        }
        assert_eq!(read("x1,x2\n").expect("understood"), pair(None));
        let some_unknown = read("x1,unknown,yes\nx1,x2,yes\nx2,x1,no\n").expect("understood");
        assert!(matches!(some_unknown, Truth::Pairs(rows) if rows.len() == 3));
        let clusters = Truth::Clusters(vec![("x1".into(), "7".into())]);
        for content in ["id,cluster\nx1,7\n", "x1\t7\n", "{\"id\": \"x1\", \"cluster\": 7}"] {
            assert_eq!(read(content).expect("understood"), clusters, "{content}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for content in ["", "one,two\nthree,four\n", "{\"id\": \"x1\", \"text\": \"y\"}\n", "{\"a\": \n"] {
            assert!(read(content).is_err(), "{content}");
        }
    }
}

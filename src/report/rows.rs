//! The rows of a file, made by all threads and written in their order.
//!
//! A few pieces of the file are in memory at a time: those that are being made, and those before them, which are being
//! written.

use crate::error::{Error, Result};
use std::io::Write;
use std::ops::Range;

/// Rows that are made at a time.
const PIECE: usize = if cfg!(test) { 3 } else { 1 << 10 };
/// Pieces a thread that are made while others are written.
const PIECES: usize = 2;

/// Writes so many rows: what `make` makes of each stretch of them.
///
/// # Errors
/// If they cannot be made or written.
pub(super) fn write(
    out: &mut (impl Write + Send),
    rows: usize,
    make: impl Fn(Range<usize>) -> Result<Vec<u8>> + Sync,
) -> Result<()> {
    let pieces: Vec<Range<usize>> = (0..rows).step_by(PIECE).map(|start| start..rows.min(start + PIECE)).collect();
    let mut ready = Vec::new();
    for some in pieces.chunks(PIECES * rayon::current_num_threads()) {
        let (written, made) = rayon::join(|| write_all(out, &ready), || each(some, &|rows| make(Range::clone(rows))));
        written?;
        ready = made?;
    }
    write_all(out, &ready)
}

fn write_all(out: &mut impl Write, pieces: &[Vec<u8>]) -> Result<()> {
    pieces.iter().try_for_each(|piece| out.write_all(piece)).map_err(|error| Error::output(&error))
}

/// What is made of each of some items, by all threads.
pub(super) fn each<T: Sync, M: Send, E: Send>(
    items: &[T],
    make: &(impl Fn(&T) -> std::result::Result<M, E> + Sync),
) -> std::result::Result<Vec<M>, E> {
    if let [] | [_] = items {
        return items.iter().map(make).collect();
    }
    let (some, others) = items.split_at(items.len() / 2);
    let (some, others) = rayon::join(|| each(some, make), || each(others, make));
    let mut all = some?;
    all.append(&mut others?);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_their_order() {
        for rows in [0, 1, 3, 4, 200] {
            let mut written = Vec::new();
            let make = |some: Range<usize>| Ok(some.map(|row| format!("{row}\n")).collect::<String>().into_bytes());
            write(&mut written, rows, make).expect("in memory");
            let expected: String = (0..rows).map(|row| format!("{row}\n")).collect();
            assert_eq!(String::from_utf8(written).expect("ASCII"), expected);
        }
    }
}

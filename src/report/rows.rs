//! Rows and lines of a file, made by whichever threads are free and written in their order.
//!
//! **Cost** memory for the rows that are made while those before them are written: some thousands a thread.

use crate::error::{Error, Result};
use std::io::Write;
use std::ops::Range;

/// Rows that a thread makes at a time.
const PIECE: usize = if cfg!(test) { 3 } else { 1024 };

/// Writes so many rows. `make` appends those of a range to a buffer.
pub(super) fn write_rows(
    out: &mut (impl Write + Send),
    rows: usize,
    make: &(impl Fn(Range<usize>, &mut Vec<u8>) -> Result<()> + Sync),
) -> Result<()> {
    let at_once = 2 * PIECE * rayon::current_num_threads();
    let (mut made, mut next) = (Vec::new(), Vec::new());
    for start in (0..rows).step_by(at_once) {
        let some = start..rows.min(start + at_once);
        next.resize_with(some.len().div_ceil(PIECE), Vec::new);
        let (written, filled) = rayon::join(|| write(out, &made), || fill(some, &mut next, make));
        written.and(filled)?;
        std::mem::swap(&mut made, &mut next);
    }
    write(out, &made)?;
    out.flush().map_err(|error| Error::output(&error))
}

/// Makes rows, [`PIECE`] in each of the pieces.
fn fill(
    rows: Range<usize>,
    pieces: &mut [Vec<u8>],
    make: &(impl Fn(Range<usize>, &mut Vec<u8>) -> Result<()> + Sync),
) -> Result<()> {
    if let [piece] = pieces {
        piece.clear();
        return make(rows, piece);
    }
    let half = pieces.len() / 2;
    let (pieces, others) = pieces.split_at_mut(half);
    let middle = rows.start + half * PIECE;
    let (some, rest) = rayon::join(|| fill(rows.start..middle, pieces, make), || fill(middle..rows.end, others, make));
    some.and(rest)
}

fn write(out: &mut impl Write, pieces: &[Vec<u8>]) -> Result<()> {
    pieces.iter().try_for_each(|piece| out.write_all(piece)).map_err(|error| Error::output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: every row is there once and in its place, however many there are.
        #[test]
        fn rows_come_in_their_order(rows in 0usize..200) {
            let mut out = Vec::new();
            let make = |some: Range<usize>, piece: &mut Vec<u8>| {
                some.for_each(|row| piece.extend_from_slice(format!("{row} ").as_bytes()));
                Ok(())
            };
            write_rows(&mut out, rows, &make).expect("in memory");
            let expected: String = (0..rows).map(|row| format!("{row} ")).collect();
            prop_assert_eq!(String::from_utf8(out).expect("digits"), expected);
        }
    }

    #[test]
    fn a_row_that_fails_ends_the_rest() {
        let make = |rows: Range<usize>, _: &mut Vec<u8>| {
            if rows.contains(&50) { Err(Error::setting("no such row".to_owned())) } else { Ok(()) }
        };
        assert!(write_rows(&mut Vec::new(), 100, &make).is_err());
    }
}

//! Sixty-four bytes of text at a time, as bit masks: which belong to a run of word characters; and where runs begin and end.

use super::hash::SHORT;
use crate::simd::{Bytes, Lanes};

/// Bytes a block.
pub(super) const BLOCK: usize = 64;

/// Bit `i` of each mask speaks of byte `i` of the block.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// ASCII letters, ASCII digits, and all bytes of non-ASCII characters.
    pub(super) run: u64,
    /// Bytes of non-ASCII characters.
    pub(super) other: u64,
    /// Apostrophe and full stop, which belong to a run when they stand inside it.
    pub(super) joiner: u64,
}

impl Block {
    #[inline(always)]
    pub(super) fn of(lanes: impl Lanes, bytes: &[u8; BLOCK]) -> Self {
        let bytes = lanes.bytes(bytes);
        let other = bytes.between(0x80, 0xff);
        let run = bytes.lower().between(b'a', b'z') | bytes.between(b'0', b'9') | other;
        Self { run, other, joiner: bytes.are(b'\'') | bytes.are(b'.') }
    }
}

/// Where the characters of a block are that are not ASCII; none by default.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(super) struct Characters {
    /// Bytes with which no character begins.
    pub(super) inner: u64,
    /// First bytes of those of three bytes or four.
    pub(super) wide: u64,
}

impl Characters {
    #[inline(always)]
    pub(super) fn of(lanes: impl Lanes, bytes: &[u8; BLOCK]) -> Self {
        let bytes = lanes.bytes(bytes);
        Self { inner: bytes.between(0x80, 0xbf), wide: bytes.between(0xe0, 0xff) }
    }
}

/// Blocks whose edges are found together.
pub(super) const TOGETHER: usize = 8;
/// Runs that may begin in so many blocks, one that began before, and room to write beyond the last.
const ROOM: usize = TOGETHER * BLOCK / 2 + 1 + BLOCK;

/// Places in a text, ascending.
pub(super) struct Places {
    places: [u32; ROOM],
    count: usize,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { places: [0; ROOM], count: 0 }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        &self.places[..self.count]
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds one.
    pub(super) fn push(&mut self, place: u32) {
        self.places[self.count] = place;
        self.count += 1;
    }

    /// Adds those of bits, of which no two follow each other, counted from `base`.
    #[inline(always)]
    pub(super) fn add(&mut self, lanes: impl Lanes, base: u32, bits: u64) {
        debug_assert_eq!(bits & bits >> 1, 0, "then there may be more than there is room for");
        if let Some(room) = self.places[self.count..].first_chunk_mut() {
            self.count += lanes.places(bits, base, room);
        }
    }
}

/// The ASCII letters and digits of some blocks, one after the other.
pub(super) struct Letters {
    bytes: [u8; SHORT + (TOGETHER + 1) * BLOCK],
    count: usize,
}

impl Letters {
    pub(super) fn new() -> Self {
        Self { bytes: [0; SHORT + (TOGETHER + 1) * BLOCK], count: 0 }
    }

    /// All of them, and room to read beyond the last.
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds the beginning of a word, at most [`SHORT`] bytes.
    pub(super) fn begin(&mut self, word: &[u8]) {
        self.bytes[self.count..][..word.len()].copy_from_slice(word);
        self.count += word.len();
    }

    /// Adds those of a block.
    #[inline(always)]
    pub(super) fn add(&mut self, lanes: impl Lanes, block: &[u8; BLOCK], run: u64) {
        if let Some(room) = self.bytes[self.count..].first_chunk_mut() {
            self.count += lanes.gather(lanes.bytes(block), run, room);
        }
    }
}

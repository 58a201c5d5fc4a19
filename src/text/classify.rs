//! Sixty-four bytes of text at a time, as bit masks: which belong to a run of word characters; and where runs begin and end.
//!
//! The scalar versions are the definition; the SIMD ones are held to them by property tests. Which ones run is chosen
//! once, by what the CPU has. The only other file of the crate with `unsafe` code is `simd.rs`.

#![allow(unsafe_code)]

/// Bytes a block.
pub(crate) const BLOCK: usize = 64;

/// Bit `i` of each mask speaks of byte `i` of the block.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// ASCII letters, ASCII digits, and all bytes of non-ASCII characters.
    pub(crate) run: u64,
    /// Bytes of non-ASCII characters.
    pub(crate) other: u64,
    /// Apostrophe and full stop, which belong to a run when they stand inside it.
    pub(crate) joiner: u64,
}

/// Fills one block for each (begun) 64 bytes and returns how many; bits beyond the end are 0.
pub(crate) type Classifier = fn(&[u8], &mut [Block]) -> usize;

/// The fastest classifier that this CPU can run.
pub(crate) fn best() -> Classifier {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        return avx2;
    }
    scalar
}

const RUN: u8 = 1;
const OTHER: u8 = 2;
const JOINER: u8 = 4;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => RUN,
            b'\'' | b'.' => JOINER,
            0x80.. => RUN | OTHER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Whether a byte belongs to a run wherever it stands.
pub(crate) fn is_run(byte: u8) -> bool {
    CLASSES[byte as usize] & RUN != 0
}

/// The definition, a table look-up a byte.
pub(crate) fn scalar(bytes: &[u8], blocks: &mut [Block]) -> usize {
    let mut used = 0;
    for (chunk, block) in bytes.chunks(BLOCK).zip(blocks.iter_mut()) {
        *block = Block::default();
        for (bit, &byte) in chunk.iter().enumerate() {
            let class = u64::from(CLASSES[byte as usize]);
            block.run |= (class & 1) << bit;
            block.other |= (class >> 1 & 1) << bit;
            block.joiner |= (class >> 2) << bit;
        }
        used += 1;
    }
    used
}

#[cfg(target_arch = "x86_64")]
fn avx2(bytes: &[u8], blocks: &mut [Block]) -> usize {
    let whole = bytes.len() / BLOCK;
    let (body, tail) = bytes.split_at(whole * BLOCK);
    // SAFETY: `best` hands this function out only where the CPU has AVX2.
    unsafe { avx2_blocks(body, &mut blocks[..whole]) };
    if tail.is_empty() { whole } else { whole + scalar(tail, &mut blocks[whole..=whole]) }
}

/// # Safety
/// The CPU must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2_blocks(bytes: &[u8], blocks: &mut [Block]) {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi8, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set1_epi8,
    };

    #[allow(clippy::cast_ptr_alignment, reason = "the load is an unaligned one")]
    let masks = |half: &[u8]| {
        debug_assert_eq!(half.len(), 32);
        // SAFETY: `half` is 32 bytes, and an unaligned load reads just those.
        let input = unsafe { _mm256_loadu_si256(half.as_ptr().cast::<__m256i>()) };
        // A range test by one signed comparison: shift the range to the low end of the signed bytes.
        let below = |value: __m256i, first: u8, len: i8| {
            let shifted = _mm256_add_epi8(value, _mm256_set1_epi8((0x80 - first).cast_signed()));
            _mm256_cmpgt_epi8(_mm256_set1_epi8(i8::MIN + len), shifted)
        };
        let folded = _mm256_or_si256(input, _mm256_set1_epi8(0x20));
        let letter = below(folded, b'a', 26);
        let digit = below(input, b'0', 10);
        let apostrophe = _mm256_cmpeq_epi8(input, _mm256_set1_epi8(b'\''.cast_signed()));
        let stop = _mm256_cmpeq_epi8(input, _mm256_set1_epi8(b'.'.cast_signed()));
        let bits = |vector| u64::from(_mm256_movemask_epi8(vector).cast_unsigned());
        (bits(_mm256_or_si256(letter, digit)), bits(input), bits(_mm256_or_si256(apostrophe, stop)))
    };
    for (chunk, block) in bytes.chunks_exact(BLOCK).zip(blocks) {
        let (low, high) = chunk.split_at(BLOCK / 2);
        let (word_low, other_low, joiner_low) = masks(low);
        let (word_high, other_high, joiner_high) = masks(high);
        let other = other_low | other_high << 32;
        *block = Block { run: word_low | word_high << 32 | other, other, joiner: joiner_low | joiner_high << 32 };
    }
}

/// Blocks whose edges are found together.
pub(crate) const CHUNK: usize = 8;
/// Runs that may begin in so many blocks, one that began before, and room to write beyond the last.
const PLACES: usize = CHUNK * BLOCK / 2 + 1 + BLOCK / 2;

/// Where a block begins, and the bytes of it with which runs begin, or behind which they end.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Edges {
    pub(crate) base: u32,
    pub(crate) starts: u64,
    pub(crate) ends: u64,
}

/// Places in a text, ascending.
pub(crate) struct Places {
    places: [u32; PLACES],
    count: usize,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { places: [0; PLACES], count: 0 }
    }

    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.places[..self.count]
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }

    pub(crate) fn push(&mut self, place: u32) {
        self.places[self.count] = place;
        self.count += 1;
    }
}

/// Adds where runs start, and where they end, in up to [`CHUNK`] blocks, to places of which there is one at most.
pub(crate) type Finder = fn(&[Edges], &mut Places, &mut Places);

/// The fastest finder that this CPU can run.
pub(crate) fn finder() -> Finder {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("popcnt")
    {
        return compressing;
    }
    bit_by_bit
}

/// The definition.
pub(crate) fn bit_by_bit(edges: &[Edges], starts: &mut Places, ends: &mut Places) {
    for edges in edges {
        for (mut bits, places) in [(edges.starts, &mut *starts), (edges.ends, &mut *ends)] {
            while bits != 0 {
                places.push(edges.base + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn compressing(edges: &[Edges], starts: &mut Places, ends: &mut Places) {
    // SAFETY: `finder` hands this function out only where the CPU has these instructions.
    unsafe { compress_all(edges, starts, ends) }
}

/// # Safety
/// The CPU must have AVX-512 F, BW and VBMI2, and count bits.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
unsafe fn compress_all(edges: &[Edges], starts: &mut Places, ends: &mut Places) {
    for edges in edges {
        // SAFETY: the CPU has these instructions.
        unsafe {
            compress(edges.base, edges.starts, starts);
            compress(edges.base, edges.ends, ends);
        }
    }
}

/// Adds `base` and the number of each bit that is set, of which no two follow each other.
///
/// # Safety
/// As [`compress_all`].
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
unsafe fn compress(base: u32, bits: u64, places: &mut Places) {
    use std::arch::x86_64::{
        _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_epi8,
        _mm512_maskz_compress_epi8, _mm512_set1_epi32, _mm512_storeu_epi32,
    };

    const NUMBERS: [u8; BLOCK] = {
        let mut numbers = [0; BLOCK];
        let mut number = 0;
        while number < BLOCK {
            numbers[number] = number as u8;
            number += 1;
        }
        numbers
    };
    debug_assert_eq!(bits & bits >> 1, 0, "then there may be more than are written");
    // SAFETY: 64 numbers of a byte are loaded.
    let numbers = unsafe { _mm512_loadu_epi8(NUMBERS.as_ptr().cast::<i8>()) };
    let set = _mm512_maskz_compress_epi8(bits, numbers);
    let base = _mm512_set1_epi32(base.cast_signed());
    let quarters = [_mm512_castsi512_si128(set), _mm512_extracti32x4_epi32::<1>(set)];
    let (room, _) = places.places[places.count..].as_chunks_mut::<16>();
    for (quarter, room) in quarters.into_iter().zip(&mut room[..2]) {
        let places = _mm512_add_epi32(_mm512_cvtepu8_epi32(quarter), base);
        // SAFETY: there is room for 16 numbers of four bytes.
        unsafe { _mm512_storeu_epi32(room.as_mut_ptr().cast::<i32>(), places) };
    }
    places.count += bits.count_ones() as usize;
}

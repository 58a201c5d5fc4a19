//! Sixty-four bytes of text at a time, as bit masks: which belong to a run of word characters.
//!
//! The scalar version is the definition; the SIMD ones are held to it by a property test. Which one runs is chosen
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

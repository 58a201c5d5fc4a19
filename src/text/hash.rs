//! The hash of a normalised word. It decides results, so it is the same on every platform, run and version of ours.

use crate::simd::{Bytes, Lanes};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Words of up to this many bytes are hashed by two multiplications, longer ones by xxh3.
pub(super) const SHORT: usize = 16;

/// The seed of all hashes of words.
const SEED: u64 = 0x7769_7265_636f_7079;
const LOW: u64 = 0x9e37_79b9_7f4a_7c15;
const HIGH: u64 = 0xd1b5_4a32_d192_ed03;

/// Masks that keep the first `n` of 16 bytes, as two little-endian halves.
const KEEP: [(u64, u64); SHORT + 1] = {
    let mut keep = [(0, 0); SHORT + 1];
    let mut n = 1;
    while n <= SHORT {
        keep[n] = if n <= 8 { (u64::MAX >> (64 - 8 * n), 0) } else { (u64::MAX, u64::MAX >> (128 - 8 * n)) };
        n += 1;
    }
    keep
};

/// The hash of a word given in normalised form (NFKD of the case-folded text, no apostrophes).
///
/// Up to 16 bytes are read as two little-endian 64-bit halves padded with zeros, which no word contains; both are
/// multiplied into one (the 128-bit product folded) and mixed once more. Longer words are hashed by xxh3 under a fixed seed.
#[must_use]
pub fn word_hash(normalised: &str) -> u64 {
    let bytes = normalised.as_bytes();
    if bytes.len() > SHORT {
        return long_word_hash(bytes);
    }
    let mut padded = [0; SHORT];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded_word_hash(&padded, bytes.len())
}

/// The hash of the word that the first `len` bytes are, at most [`SHORT`], in normalised form. Whatever follows it is left out.
#[inline(always)]
pub(super) fn padded_word_hash<const N: usize>(bytes: &[u8; N], len: usize) -> u64 {
    let (low, high) = bytes.first_chunk().map_or((0, 0), halves);
    mix(low & KEEP[len].0, high & KEEP[len].1)
}

/// The hash of a longer word in normalised form.
pub(super) fn long_word_hash(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, SEED)
}

/// The hash of the word `bytes[start..end]`, ASCII letters and digits of either case, at most 16.
#[inline(always)]
pub(super) fn ascii_word_hash(bytes: &[u8], start: usize, end: usize) -> u64 {
    let (low, high) = ascii_word(bytes, start, end);
    mix(lower(low), lower(high))
}

/// Words whose hashes are made together.
const TOGETHER: usize = 64;

/// What takes the hashes of words that follow each other. (A closure would not be compiled for the widest instructions.)
pub(super) trait Taker {
    /// Takes the next ones. To be marked `#[inline(always)]`.
    fn take(&mut self, hashes: &[u64]);
}

/// The hashes of words of ASCII letters and digits of either case, of at most 16 bytes, by where they start and end.
#[inline(always)]
pub(super) fn ascii_word_hashes(bytes: &[u8], starts: &[u32], ends: &[u32], mut taker: impl Taker) {
    let mut hashes = [0; TOGETHER];
    for (starts, ends) in starts.chunks(TOGETHER).zip(ends.chunks(TOGETHER)) {
        let hashes = &mut hashes[..starts.len()];
        for (hash, (&start, &end)) in hashes.iter_mut().zip(starts.iter().zip(ends)) {
            *hash = ascii_word_hash(bytes, start as usize, end as usize);
        }
        taker.take(hashes);
    }
}

/// The same of words that follow each other in `letters`; behind the last are 64 bytes more.
#[inline(always)]
pub(super) fn spread_word_hashes<L: Lanes>(
    lanes: L,
    mut letters: &[u8],
    starts: &[u32],
    ends: &[u32],
    mut taker: impl Taker,
) {
    let (mut masks, mut words, mut hashes) = ([0u16; TOGETHER], [[0; 2]; TOGETHER], [0; TOGETHER]);
    for (starts, ends) in starts.chunks(TOGETHER).zip(ends.chunks(TOGETHER)) {
        masks.fill(0);
        masks.iter_mut().zip(starts.iter().zip(ends)).for_each(|(mask, (start, end))| {
            *mask = ((1u32 << (end - start)) - 1) as u16;
        });
        let (fours, _) = words.as_chunks_mut::<4>();
        for (four, &[a, b, c, d]) in fours.iter_mut().zip(masks.as_chunks().0).take(starts.len().div_ceil(4)) {
            let bits = u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48;
            let Some(some) = letters.first_chunk() else { break };
            // Digits have that bit, too.
            lanes.spread(lanes.bytes(some).lower(), bits, four);
            letters = &letters[bits.count_ones() as usize..];
        }
        let hashes = &mut hashes[..starts.len()];
        for (hash, [low, high]) in hashes.iter_mut().zip(&words) {
            *hash = mix_by(*low, *high, fold_by_quarters);
        }
        taker.take(hashes);
    }
}

/// The bytes of a word of at most 16, padded with zeros.
#[inline(always)]
fn ascii_word(bytes: &[u8], start: usize, end: usize) -> (u64, u64) {
    let (low, high) = if let Some(window) = bytes.get(start..start + SHORT) {
        halves(window.try_into().unwrap_or(&[0; SHORT]))
    } else {
        let mut padded = [0; SHORT];
        padded[..end - start].copy_from_slice(&bytes[start..end]);
        halves(&padded)
    };
    let (keep_low, keep_high) = KEEP[end - start];
    (low & keep_low, high & keep_high)
}

fn halves(bytes: &[u8; SHORT]) -> (u64, u64) {
    let both = u128::from_le_bytes(*bytes);
    (both as u64, (both >> 64) as u64)
}

/// Lower-cases eight ASCII letters and digits: among these, bit 6 is set in letters alone, and bit 5 makes them small.
fn lower(bytes: u64) -> u64 {
    bytes | (bytes & 0x4040_4040_4040_4040) >> 1
}

fn mix(low: u64, high: u64) -> u64 {
    mix_by(low, high, fold)
}

#[inline(always)]
fn mix_by(low: u64, high: u64, fold: impl Fn(u64, u64) -> u64) -> u64 {
    let folded = fold(low ^ SEED, high ^ LOW);
    (folded ^ folded >> 32).wrapping_mul(HIGH)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The same by products of 32 bits, which vectors have.
#[inline(always)]
fn fold_by_quarters(a: u64, b: u64) -> u64 {
    const HALF: u64 = u32::MAX as u64;
    let (a, b) = ([a & HALF, a >> 32], [b & HALF, b >> 32]);
    let (low, high) = (a[0] * b[0], a[1] * b[1]);
    let across = [a[0] * b[1], a[1] * b[0]];
    let middle = (low >> 32) + (across[0] & HALF) + (across[1] & HALF);
    let lower = middle << 32 | low & HALF;
    let upper = high + (across[0] >> 32) + (across[1] >> 32) + (middle >> 32);
    lower ^ upper
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Law: both ways to fold a product are one.
        #[test]
        fn products_fold_alike(a: u64, b: u64) {
            for (a, b) in [(a, b), (a | !0 << 32, b), (!0, !0), (a, 0)] {
                prop_assert_eq!(fold_by_quarters(a, b), fold(a, b));
            }
        }
    }
}

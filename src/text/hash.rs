//! The hash of a normalised word. It decides results, so it is the same on every platform, run and version of ours.

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
    let (low, high) = if let Some(window) = bytes.get(start..start + SHORT) {
        halves(window.try_into().unwrap_or(&[0; SHORT]))
    } else {
        let mut padded = [0; SHORT];
        padded[..end - start].copy_from_slice(&bytes[start..end]);
        halves(&padded)
    };
    let (keep_low, keep_high) = KEEP[end - start];
    mix(lower(low & keep_low), lower(high & keep_high))
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
    let folded = fold(low ^ SEED, high ^ LOW);
    (folded ^ folded >> 32).wrapping_mul(HIGH)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

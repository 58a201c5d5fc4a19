//! Loops compiled once for the instructions that every CPU has, and once or twice for those that most have; and the few
//! steps that compilers do not make of a loop.
//!
//! What runs is the same safe code, so the results are the same; for which instructions is chosen once the program runs.
//! Where an instruction has to be named, [`Lanes`] does: that of [`Plain`] is the definition, the others are held to it by
//! property tests. No other file of the crate has `unsafe` code.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, __m512i, _mm_cvtsi32_si128, _mm256_add_epi8, _mm256_castsi256_pd, _mm256_castsi256_ps, _mm256_cmpeq_epi32,
    _mm256_cmpgt_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_movemask_pd, _mm256_movemask_ps,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_sll_epi64, _mm256_storeu_si256, _mm512_add_epi32, _mm512_castsi512_si128,
    _mm512_cmpeq_epi32_mask, _mm512_cmple_epu8_mask, _mm512_cvtepu8_epi32, _mm512_loadu_epi8, _mm512_loadu_epi32,
    _mm512_loadu_epi64, _mm512_mask_blend_epi8, _mm512_maskz_compress_epi8, _mm512_maskz_expand_epi8, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_shuffle_i32x4,
    _mm512_storeu_epi8, _mm512_storeu_epi32, _mm512_sub_epi8, _mm512_test_epi64_mask,
};
#[cfg(target_arch = "x86_64")]
use std::sync::LazyLock;

/// A loop over vectors, which may use the widest instructions of the CPU.
pub(crate) trait Work {
    /// Does it. To be marked `#[inline(always)]`, lest it be compiled for every CPU.
    fn run<L: Lanes>(self, lanes: L);
}

/// What is done to 64 values at once and gives a bit of each, that of the first being the lowest; and what is done to such
/// bits.
pub(crate) trait Lanes: Copy {
    /// Whether eight 64-bit numbers are multiplied at once; where they are not, one by one is as fast.
    const MULTIPLIES: bool;

    /// Whether bytes are gathered and spread at once; where they are not, words are faster loaded one by one.
    const SPREADS: bool;

    /// 64 bytes.
    type Bytes: Bytes;

    /// Takes 64 bytes.
    fn bytes(self, bytes: &[u8; 64]) -> Self::Bytes;

    /// Which numbers are equal.
    #[inline(always)]
    fn equal(self, ones: &[u32; 64], others: &[u32; 64]) -> u64 {
        of_bits(ones.iter().zip(others).map(|(one, other)| one == other))
    }

    /// One bit of each number.
    #[inline(always)]
    fn bit<const BIT: u32>(self, numbers: &[u64; 64]) -> u64 {
        of_bits(numbers.iter().map(|number| number >> BIT & 1 == 1))
    }

    /// Writes the places of the bits that are set, counted from `base`, ascending, and returns how many. What is behind
    /// them may be overwritten.
    #[inline(always)]
    fn places(self, mut bits: u64, base: u32, places: &mut [u32; 64]) -> usize {
        // Eight are told without a branch on how many there are.
        const STEP: usize = 8;
        let count = bits.count_ones() as usize;
        let (steps, _) = places.as_chunks_mut::<STEP>();
        for step in &mut steps[..count.div_ceil(STEP)] {
            for place in step {
                *place = base.wrapping_add(bits.trailing_zeros());
                bits &= bits.wrapping_sub(1);
            }
        }
        count
    }

    /// These, where bits are set with what a table has in their place: that of the lower seven bits.
    #[cfg_attr(not(feature = "formats"), allow(dead_code, reason = "only JSON is put together so"))]
    #[inline(always)]
    fn translated(self, bytes: Self::Bytes, mut bits: u64, table: &[u8; 128]) -> Self::Bytes {
        let mut array = bytes.array();
        while bits != 0 {
            let byte = &mut array[bits.trailing_zeros() as usize];
            *byte = table[usize::from(*byte & 0x7f)];
            bits &= bits - 1;
        }
        self.bytes(&array)
    }

    /// Writes those bytes whose bits are set, one after the other, and returns how many. What is behind them may be
    /// overwritten.
    #[inline(always)]
    fn gather(self, bytes: Self::Bytes, mut bits: u64, gathered: &mut [u8; 64]) -> usize {
        let (bytes, count) = (bytes.array(), bits.count_ones() as usize);
        for gathered in &mut gathered[..count] {
            *gathered = bytes[bits.trailing_zeros() as usize];
            bits &= bits - 1;
        }
        count
    }

    /// Puts bytes, one after the other, where bits are set, and 0 elsewhere, in 64 bytes: as four times 16, of which the
    /// first eight are one number and the others another, the lowest byte first.
    #[inline(always)]
    fn spread(self, bytes: Self::Bytes, mut bits: u64, spread: &mut [[u64; 2]; 4]) {
        *spread = [[0; 2]; 4];
        for &byte in &bytes.array()[..bits.count_ones() as usize] {
            let place = bits.trailing_zeros() as usize;
            spread[place / 16][place / 8 % 2] |= u64::from(byte) << (place % 8 * 8);
            bits &= bits - 1;
        }
    }
}

/// 64 bytes, and which of them are of some kind.
pub(crate) trait Bytes: Copy {
    /// All of them.
    fn array(self) -> [u8; 64];

    /// These with bit 5 set: letters are small then.
    fn lower(self) -> Self;

    /// Which are from `first` to `last`.
    fn between(self, first: u8, last: u8) -> u64;

    /// Which are this one.
    #[inline(always)]
    fn are(self, byte: u8) -> u64 {
        self.between(byte, byte)
    }
}

/// As a number, the first lowest.
#[inline(always)]
fn of_bits(bits: impl Iterator<Item = bool>) -> u64 {
    bits.zip(0u32..).fold(0, |number, (bit, place)| number | u64::from(bit) << place)
}

/// Every CPU.
#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    const MULTIPLIES: bool = false;
    const SPREADS: bool = false;
    type Bytes = [u8; 64];

    #[inline(always)]
    fn bytes(self, bytes: &[u8; 64]) -> [u8; 64] {
        *bytes
    }
}

impl Bytes for [u8; 64] {
    #[inline(always)]
    fn array(self) -> [u8; 64] {
        self
    }

    #[inline(always)]
    fn lower(self) -> Self {
        self.map(|byte| byte | 0x20)
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        of_bits(self.iter().map(|&byte| byte.wrapping_sub(first) <= last - first))
    }
}

/// A CPU that has AVX2: only such a one is given this.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx2 {
    const MULTIPLIES: bool = false;
    const SPREADS: bool = false;
    type Bytes = [__m256i; 2];

    #[inline(always)]
    fn bytes(self, bytes: &[u8; 64]) -> [__m256i; 2] {
        let (halves, _) = bytes.as_chunks::<32>();
        // SAFETY: the CPU has this instruction; either load is of 32 bytes, and need not be aligned.
        unsafe { [_mm256_loadu_si256(halves[0].as_ptr().cast()), _mm256_loadu_si256(halves[1].as_ptr().cast())] }
    }

    #[inline(always)]
    fn equal(self, ones: &[u32; 64], others: &[u32; 64]) -> u64 {
        let ((ones, _), (others, _)) = (ones.as_chunks::<8>(), others.as_chunks::<8>());
        ones.iter().zip(others).zip(0u32..).fold(0, |equal, ((ones, others), chunk)| {
            // SAFETY: the CPU has these instructions; either load is of 8 numbers, and need not be aligned.
            let mask = unsafe {
                let others = _mm256_loadu_si256(others.as_ptr().cast());
                let equal = _mm256_cmpeq_epi32(_mm256_loadu_si256(ones.as_ptr().cast()), others);
                _mm256_movemask_ps(_mm256_castsi256_ps(equal))
            };
            equal | u64::from(mask.cast_unsigned()) << (8 * chunk)
        })
    }

    #[inline(always)]
    fn bit<const BIT: u32>(self, numbers: &[u64; 64]) -> u64 {
        let (chunks, _) = numbers.as_chunks::<4>();
        chunks.iter().zip(0u32..).fold(0, |bits, (numbers, chunk)| {
            // The bit is moved to where the sign is.
            // SAFETY: the CPU has these instructions; the load is of 4 numbers, and need not be aligned.
            let mask = unsafe {
                let by = _mm_cvtsi32_si128(63 - BIT.cast_signed());
                let moved = _mm256_sll_epi64(_mm256_loadu_si256(numbers.as_ptr().cast()), by);
                _mm256_movemask_pd(_mm256_castsi256_pd(moved))
            };
            bits | u64::from(mask.cast_unsigned()) << (4 * chunk)
        })
    }
}

#[cfg(target_arch = "x86_64")]
impl Bytes for [__m256i; 2] {
    #[inline(always)]
    fn array(self) -> [u8; 64] {
        let mut array = [0; 64];
        for (half, vector) in array.as_chunks_mut::<32>().0.iter_mut().zip(self) {
            // SAFETY: whoever has such a vector has AVX2; the store is of 32 bytes, and need not be aligned.
            unsafe { _mm256_storeu_si256(half.as_mut_ptr().cast(), vector) };
        }
        array
    }

    #[inline(always)]
    fn lower(self) -> Self {
        let [low, high] = self;
        // SAFETY: whoever has such a vector has AVX2.
        unsafe {
            let bit = _mm256_set1_epi8(0x20);
            [_mm256_or_si256(low, bit), _mm256_or_si256(high, bit)]
        }
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        let [low, high] = self;
        // By one signed comparison: the range is moved to the low end of the signed bytes.
        // SAFETY: whoever has such a vector has AVX2.
        let [low, high] = unsafe {
            let by = _mm256_set1_epi8(0x80u8.wrapping_sub(first).cast_signed());
            let last = _mm256_set1_epi8(0x80u8.wrapping_add(last - first).cast_signed());
            let [low, high] = [_mm256_add_epi8(low, by), _mm256_add_epi8(high, by)];
            let [low, high] = [_mm256_cmpgt_epi8(low, last), _mm256_cmpgt_epi8(high, last)];
            [!_mm256_movemask_epi8(low), !_mm256_movemask_epi8(high)]
        };
        u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
    }
}

/// A CPU that has AVX-512 F, BW, DQ, VL, VBMI and VBMI2: only such a one is given this.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx512;

#[cfg(target_arch = "x86_64")]
impl Lanes for Avx512 {
    const MULTIPLIES: bool = true;
    const SPREADS: bool = true;
    type Bytes = __m512i;

    #[inline(always)]
    fn bytes(self, bytes: &[u8; 64]) -> __m512i {
        // SAFETY: the CPU has this instruction; the load is of 64 bytes.
        unsafe { _mm512_loadu_epi8(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn equal(self, ones: &[u32; 64], others: &[u32; 64]) -> u64 {
        let ((ones, _), (others, _)) = (ones.as_chunks::<16>(), others.as_chunks::<16>());
        ones.iter().zip(others).zip(0u32..).fold(0, |equal, ((ones, others), chunk)| {
            // SAFETY: the CPU has these instructions; either load is of 16 numbers.
            let mask = unsafe {
                let others = _mm512_loadu_epi32(others.as_ptr().cast());
                _mm512_cmpeq_epi32_mask(_mm512_loadu_epi32(ones.as_ptr().cast()), others)
            };
            equal | u64::from(mask) << (16 * chunk)
        })
    }

    #[inline(always)]
    fn bit<const BIT: u32>(self, numbers: &[u64; 64]) -> u64 {
        let (chunks, _) = numbers.as_chunks::<8>();
        chunks.iter().zip(0u32..).fold(0, |bits, (numbers, chunk)| {
            // SAFETY: the CPU has these instructions; the load is of 8 numbers.
            let mask = unsafe {
                _mm512_test_epi64_mask(_mm512_loadu_epi64(numbers.as_ptr().cast()), _mm512_set1_epi64(1 << BIT))
            };
            bits | u64::from(mask) << (8 * chunk)
        })
    }

    #[inline(always)]
    fn places(self, bits: u64, base: u32, places: &mut [u32; 64]) -> usize {
        const NUMBERS: [u8; 64] = {
            let mut numbers = [0; 64];
            let mut number = 0;
            while number < 64 {
                numbers[number] = number as u8;
                number += 1;
            }
            numbers
        };
        let count = bits.count_ones() as usize;
        let (quarters, _) = places.as_chunks_mut::<16>();
        // SAFETY: the CPU has these instructions; the load is of 64 bytes, and each store of 16 numbers.
        unsafe {
            let mut set = _mm512_maskz_compress_epi8(bits, _mm512_loadu_epi8(NUMBERS.as_ptr().cast()));
            let base = _mm512_set1_epi32(base.cast_signed());
            for quarter in &mut quarters[..count.div_ceil(16)] {
                let of_quarter = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set));
                _mm512_storeu_epi32(quarter.as_mut_ptr().cast(), _mm512_add_epi32(of_quarter, base));
                // The next quarter comes first.
                set = _mm512_shuffle_i32x4::<0b00_11_10_01>(set, set);
            }
        }
        count
    }

    #[inline(always)]
    fn translated(self, bytes: __m512i, bits: u64, table: &[u8; 128]) -> __m512i {
        let (halves, _) = table.as_chunks::<64>();
        // SAFETY: the CPU has these instructions; either load is of 64 bytes.
        unsafe {
            let (low, high) = (self.bytes(&halves[0]), self.bytes(&halves[1]));
            _mm512_mask_blend_epi8(bits, bytes, _mm512_permutex2var_epi8(low, bytes, high))
        }
    }

    #[inline(always)]
    fn gather(self, bytes: __m512i, bits: u64, gathered: &mut [u8; 64]) -> usize {
        // SAFETY: the CPU has these instructions; the store is of 64 bytes.
        unsafe {
            let compressed = _mm512_maskz_compress_epi8(bits, bytes);
            _mm512_storeu_epi8(gathered.as_mut_ptr().cast(), compressed);
        }
        bits.count_ones() as usize
    }

    #[inline(always)]
    fn spread(self, bytes: __m512i, bits: u64, spread: &mut [[u64; 2]; 4]) {
        // SAFETY: the CPU has these instructions; the store is of 64 bytes, and the lowest byte of a number comes first here.
        unsafe {
            let expanded = _mm512_maskz_expand_epi8(bits, bytes);
            _mm512_storeu_epi8(spread.as_mut_ptr().cast(), expanded);
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Bytes for __m512i {
    #[inline(always)]
    fn array(self) -> [u8; 64] {
        let mut array = [0; 64];
        // SAFETY: whoever has such a vector has AVX-512; the store is of 64 bytes.
        unsafe { _mm512_storeu_epi8(array.as_mut_ptr().cast(), self) };
        array
    }

    #[inline(always)]
    fn lower(self) -> Self {
        // SAFETY: whoever has such a vector has AVX-512.
        unsafe { _mm512_or_si512(self, _mm512_set1_epi8(0x20)) }
    }

    #[inline(always)]
    fn between(self, first: u8, last: u8) -> u64 {
        // SAFETY: whoever has such a vector has AVX-512 with instructions for bytes.
        unsafe {
            let moved = _mm512_sub_epi8(self, _mm512_set1_epi8(first.cast_signed()));
            _mm512_cmple_epu8_mask(moved, _mm512_set1_epi8((last - first).cast_signed()))
        }
    }
}

/// Bytes as a string, without a copy; as they are if they are no UTF-8.
#[cfg(feature = "formats")]
pub(crate) fn string(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    match simdutf8::basic::from_utf8(&bytes) {
        // SAFETY: they were found to be UTF-8 just now.
        Ok(_) => Ok(unsafe { String::from_utf8_unchecked(bytes) }),
        Err(_) => Err(bytes),
    }
}

/// Does `work` with the widest instructions that this CPU has.
pub(crate) fn widest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    match *WIDEST {
        // SAFETY: the CPU has these instructions.
        Widest::Avx512 => return unsafe { with_avx512(work) },
        // SAFETY: the CPU has these instructions.
        Widest::Avx2 => return unsafe { with_avx2(work) },
        Widest::Plain => {}
    }
    work.run(Plain);
}

/// What a CPU has.
#[cfg(target_arch = "x86_64")]
enum Widest {
    Plain,
    Avx2,
    Avx512,
}

/// What this CPU has.
#[cfg(target_arch = "x86_64")]
static WIDEST: LazyLock<Widest> = LazyLock::new(|| {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2");
    match (avx2, avx512) {
        (true, true) => Widest::Avx512,
        (true, false) => Widest::Avx2,
        (false, _) => Widest::Plain,
    }
});

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx512(work: impl Work) {
    work.run(Avx512);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2(work: impl Work) {
    work.run(Avx2);
}

/// What `work` does with the instructions that every CPU has, and with all others that this one has.
#[cfg(test)]
pub(crate) fn at_every_width<W: Work>(mut work: impl FnMut() -> W) {
    work().run(Plain);
    #[cfg(target_arch = "x86_64")]
    if !matches!(*WIDEST, Widest::Plain) {
        // SAFETY: the CPU has at least these instructions.
        unsafe { with_avx2(work()) };
    }
    widest(work());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::RefCell;

    /// All that lanes can do.
    struct All<'n> {
        bytes: &'n [u8; 64],
        range: [u8; 2],
        numbers: &'n [u64; 64],
        of_pairs: [&'n [u32; 64]; 2],
        bits: u64,
        found: &'n RefCell<Vec<(Vec<u64>, Vec<u32>)>>,
    }

    impl Work for All<'_> {
        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) {
            let Self { bytes: of, range: [first, last], numbers, of_pairs: [ones, others], bits, found } = self;
            let bytes = lanes.bytes(of);
            let table = std::array::from_fn(|at| of[at % 64].wrapping_add(at as u8));
            let of_bytes = [bytes, bytes.lower()].map(|bytes| [bytes.between(first, last), bytes.are(first)]);
            let of_numbers = [lanes.equal(ones, others), lanes.bit::<40>(numbers), lanes.bit::<63>(numbers)];
            let mut places = [0; 64];
            let count = lanes.places(bits, 70, &mut places);
            let (mut gathered, mut spread) = ([0; 64], [[1; 2]; 4]);
            let some = lanes.gather(bytes, bits, &mut gathered);
            lanes.spread(lanes.bytes(&gathered), bits, &mut spread);
            let spread = spread.concat();
            let translated = lanes.translated(bytes, bits, &table).array().map(u64::from);
            found.borrow_mut().push((
                [&of_bytes.concat()[..], &of_numbers, &spread, &[some as u64], &translated].concat(),
                places[..count].to_vec(),
            ));
        }
    }

    proptest! {
        /// Law: whatever instructions a CPU has, it gives what every one gives.
        #[test]
        fn all_lanes_are_one(
            bytes in proptest::collection::vec(any::<u8>(), 64),
            [one, other]: [u8; 2],
            seed: u64,
            mask: u64,
        ) {
            let bytes: [u8; 64] = bytes.try_into().expect("64 bytes");
            let numbers = std::array::from_fn(|at| (seed ^ at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(at as u32));
            let pairs = [0, 2].map(|shift| numbers.map(|number| (number >> shift) as u32 & 3));
            let found = RefCell::default();
            at_every_width(|| All {
                bytes: &bytes,
                range: [one.min(other), one.max(other)],
                numbers: &numbers,
                of_pairs: pairs.each_ref(),
                bits: seed & mask,
                found: &found,
            });
            let found = found.into_inner();
            prop_assert!(found.windows(2).all(|two| two[0] == two[1]), "{found:?}");
            let expected: Vec<u32> = (0..64).filter(|place| seed & mask & 1 << place != 0).map(|place| 70 + place).collect();
            prop_assert_eq!(&found[0].1, &expected);
            // What was gathered and spread again stands where it stood.
            let expected: Vec<u8> = (0..64).map(|at| if seed & mask & 1 << at != 0 { bytes[at] } else { 0 }).collect();
            let spread: Vec<u8> = found[0].0[7..15].iter().flat_map(|number| number.to_le_bytes()).collect();
            prop_assert_eq!(spread, expected);
        }
    }
}

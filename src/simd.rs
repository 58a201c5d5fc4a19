//! Loops compiled once for the instructions that every CPU has, and once for those that most have.
//!
//! What runs is the same safe code, so the results are the same; which of the two is chosen once the program runs.

#![allow(unsafe_code)]

/// A loop over vectors, which may use the widest instructions of the CPU.
pub(crate) trait Work {
    /// Does it. To be marked `#[inline(always)]`, lest it be compiled for every CPU.
    fn run(self);
}

/// Does `work` with the widest instructions that this CPU has.
pub(crate) fn widest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        // SAFETY: the CPU has these instructions.
        return unsafe { with_avx512(work) };
    }
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: the CPU has these instructions.
        return unsafe { with_avx2(work) };
    }
    work.run();
}

/// Whether eight 64-bit numbers are multiplied at once; where they are not, one by one is as fast.
pub(crate) fn multiplies() -> bool {
    #[cfg(target_arch = "x86_64")]
    return has_avx512();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx512(work: impl Work) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2(work: impl Work) {
    work.run();
}

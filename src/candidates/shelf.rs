//! A shelf: numbers that are put away until they are asked for, in memory or, beyond a bound, in a temporary file.
//!
//! All that grows with the input and is matched by sorting waits here: band keys, fingerprints, sorted runs. Where they
//! lie decides nothing.

#![cfg_attr(
    not(feature = "formats"),
    allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "without temporary files nothing fails")
)]

#[cfg(feature = "formats")]
use crate::error::Error;
use crate::error::Result;
#[cfg(feature = "formats")]
use crate::scratch::{Scratch, read_exact_at};
use bytemuck::Pod;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where shelves are.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Most bytes that are held in memory; no bound if there is none.
    bound: Option<u64>,
    held: AtomicU64,
    #[cfg(feature = "formats")]
    scratch: Arc<Scratch>,
}

impl Store {
    /// One that holds at most so many bytes in memory.
    #[cfg(feature = "formats")]
    pub(crate) fn bounded(bound: u64) -> Self {
        Self { bound: Some(bound), ..Self::default() }
    }

    /// Most bytes that are held in memory.
    pub(crate) fn bound(&self) -> Option<u64> {
        self.bound
    }

    /// Puts numbers away.
    ///
    /// # Errors
    /// If the temporary file cannot be written.
    pub(crate) fn put<T: Pod>(self: &Arc<Self>, items: Vec<T>) -> Result<Shelf<T>> {
        let bytes = size_of_val(items.as_slice()) as u64;
        let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.bound.is_none_or(|bound| held <= bound) {
            return Ok(Shelf::Held(Held { items, bytes, store: Some(Arc::clone(self)) }));
        }
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.spill(&items)
    }

    #[cfg(feature = "formats")]
    fn spill<T: Pod>(&self, items: &[T]) -> Result<Shelf<T>> {
        let start = self.scratch.add(bytemuck::cast_slice(items)).map_err(|error| Error::temporary(&error))?;
        Ok(Shelf::Spilled { start, len: items.len(), scratch: Arc::clone(&self.scratch) })
    }

    #[cfg(not(feature = "formats"))]
    fn spill<T: Pod>(&self, items: &[T]) -> Result<Shelf<T>> {
        Ok(Shelf::new(items.to_vec()))
    }

    /// Bytes of the temporary file.
    #[cfg(feature = "formats")]
    pub(crate) fn spilled(&self) -> u64 {
        self.scratch.len()
    }
}

/// Numbers that were put away.
#[derive(Debug)]
pub(crate) enum Shelf<T> {
    /// In memory.
    Held(Held<T>),
    /// In the temporary file, from this byte on.
    #[cfg(feature = "formats")]
    Spilled {
        /// The first byte.
        start: u64,
        /// How many numbers.
        len: usize,
        /// The file.
        scratch: Arc<Scratch>,
    },
}

impl<T: Pod> Shelf<T> {
    /// In memory, whatever its bound.
    pub(crate) fn new(items: Vec<T>) -> Self {
        Self::Held(Held { items, bytes: 0, store: None })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Held(held) => held.items.len(),
            #[cfg(feature = "formats")]
            Self::Spilled { len, .. } => *len,
        }
    }

    /// Some of them.
    ///
    /// # Errors
    /// If the temporary file cannot be read.
    pub(crate) fn get(&self, range: Range<usize>) -> Result<Cow<'_, [T]>> {
        match self {
            Self::Held(held) => Ok(Cow::Borrowed(&held.items[range])),
            #[cfg(feature = "formats")]
            Self::Spilled { start, scratch, .. } => {
                let mut items = vec![T::zeroed(); range.len()];
                let (bytes, at) = (bytemuck::cast_slice_mut(&mut items), start + (range.start * size_of::<T>()) as u64);
                let read = scratch.file().and_then(|file| read_exact_at(file, bytes, at));
                read.map_err(|error| Error::temporary(&error))?;
                Ok(Cow::Owned(items))
            }
        }
    }

    /// All of them.
    ///
    /// # Errors
    /// If the temporary file cannot be read.
    pub(crate) fn take(self) -> Result<Vec<T>> {
        match self {
            Self::Held(mut held) => Ok(std::mem::take(&mut held.items)),
            #[cfg(feature = "formats")]
            Self::Spilled { len, .. } => Ok(self.get(0..len)?.into_owned()),
        }
    }
}

/// Numbers in memory, which count until they are gone.
#[derive(Debug)]
pub(crate) struct Held<T> {
    items: Vec<T>,
    bytes: u64,
    store: Option<Arc<Store>>,
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(store) = &self.store {
            store.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, feature = "formats"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_bound_comes_back() {
        let store = Arc::new(Store::bounded(100));
        let shelves: Vec<Shelf<u32>> =
            (0..6).map(|n| store.put((n..n + 10).collect()).expect("a temporary file")).collect();
        assert!(matches!(shelves[1], Shelf::Held(..)) && matches!(shelves[2], Shelf::Spilled { .. }));
        assert_eq!(store.spilled(), 4 * 40);
        for (n, shelf) in (0..).zip(&shelves) {
            assert_eq!(*shelf.get(3..6).expect("written before"), [n + 3, n + 4, n + 5]);
        }
        drop(shelves);
        assert!(matches!(store.put(vec![7u64; 12]).expect("room again"), Shelf::Held(..)));
    }
}

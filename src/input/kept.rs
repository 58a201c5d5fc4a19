//! What was unpacked of packed sources, kept as long as there is room for it, so that they need not be unpacked again.

use super::Drawn;
use super::reread::Extract;
use ahash::AHashMap;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Unpacked stretches of a source, each with where it begins.
type Blocks = Vec<(u64, Vec<u8>)>;

/// Packed sources while they are read for the first time.
pub(crate) struct Keeping(Mutex<SoFar>);

struct SoFar {
    /// Bytes for which there is room still.
    room: u64,
    /// Of each source what was kept so far; nothing of one that there was no room for.
    sources: AHashMap<usize, Option<Blocks>>,
}

impl Keeping {
    /// In so many bytes. Of some sources it is known that there is no room for them.
    pub(crate) fn new(room: u64, beyond: impl Iterator<Item = usize>) -> Self {
        Self(Mutex::new(SoFar { room, sources: beyond.map(|source| (source, None)).collect() }))
    }

    /// Keeps a block of a source, or gives up the whole source. Gives back what is not kept.
    pub(crate) fn keep(&self, source: usize, offset: u64, mut bytes: Vec<u8>) -> Vec<u8> {
        // A source of a few bytes was read into room for a block.
        if bytes.len() < bytes.capacity() / 2 {
            bytes.shrink_to_fit();
        }
        let mut so_far = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let SoFar { room, sources } = &mut *so_far;
        let kept = sources.entry(source).or_insert_with(|| Some(Vec::new()));
        let Some(blocks) = kept else { return bytes };
        let size = |bytes: &Vec<u8>| bytes.capacity() as u64;
        if let Some(rest) = room.checked_sub(size(&bytes)) {
            *room = rest;
            blocks.push((offset, bytes));
            Vec::new()
        } else {
            *room += blocks.iter().map(|(_, bytes)| size(bytes)).sum::<u64>();
            *kept = None;
            bytes
        }
    }

    /// What was kept.
    pub(crate) fn finish(self) -> Kept {
        let so_far = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let in_order = |(source, blocks): (usize, Option<Blocks>)| {
            let mut blocks = blocks?;
            blocks.sort_unstable_by_key(|&(offset, _)| offset);
            Some((source, blocks))
        };
        Kept { sources: so_far.sources.into_iter().filter_map(in_order).collect(), ..Kept::default() }
    }
}

/// Packed sources, unpacked, as far as there was room.
#[derive(Default)]
pub(crate) struct Kept {
    /// Of each source that is here all of it, in order.
    sources: AHashMap<usize, Blocks>,
    /// What was unpacked of others for those who needed some of their records last.
    extracts: Mutex<BTreeMap<usize, Arc<Extract>>>,
    /// The records of all these. Of a million sources, too, there is one file.
    extracted: Drawn,
}

impl Kept {
    /// Whether a source is here.
    pub(super) fn has(&self, source: usize) -> bool {
        self.sources.contains_key(&source)
    }

    /// What was unpacked of sources that are not here.
    pub(super) fn extracts(&self) -> MutexGuard<'_, BTreeMap<usize, Arc<Extract>>> {
        self.extracts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the records of extracts are.
    pub(crate) fn extracted(&self) -> &Drawn {
        &self.extracted
    }

    /// All bytes of a source, if it is here and nothing was left out between its blocks.
    pub(crate) fn reader(&self, source: usize) -> Option<impl Read + '_> {
        let blocks = self.sources.get(&source)?;
        let mut end = 0;
        let follow =
            |(offset, bytes): &(u64, Vec<u8>)| std::mem::replace(&mut end, offset + bytes.len() as u64) == *offset;
        blocks.iter().all(follow).then(|| BlocksReader { blocks, at: 0 })
    }

    /// Bytes of a source that is here. They must lie in one block, as records do.
    pub(super) fn get(&self, source: usize, offset: u64, len: usize) -> Option<&[u8]> {
        let blocks = self.sources.get(&source)?;
        let block = blocks.partition_point(|&(start, _)| start <= offset).checked_sub(1)?;
        let (start, bytes) = &blocks[block];
        let from = (offset - start) as usize;
        bytes.get(from..from.checked_add(len)?)
    }
}

/// Blocks, one after the other.
struct BlocksReader<'k> {
    blocks: &'k [(u64, Vec<u8>)],
    /// How much of the first was read.
    at: usize,
}

impl Read for BlocksReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some((first, others)) = self.blocks.split_first() {
            let read = (&first.1[self.at..]).read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.at += read;
                return Ok(read);
            }
            (self.blocks, self.at) = (others, 0);
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_kept_whole_or_not_at_all() {
        let keeping = Keeping::new(100, [3].into_iter());
        let keep = |source, offset, bytes: Vec<u8>| keeping.keep(source, offset, bytes).len();
        assert_eq!(keep(0, 40, b"later".to_vec()), 0);
        assert_eq!(keep(1, 0, vec![b'x'; 60]), 0);
        assert_eq!([keep(1, 60, vec![b'y'; 60]), keep(1, 120, vec![b'z'; 10])], [60, 10], "there is no room for it");
        assert_eq!([keep(0, 0, vec![b'.'; 40]), keep(2, 0, vec![b'-'; 55])], [0, 0]);
        let kept = keeping.finish();
        assert_eq!([kept.has(0), kept.has(1), kept.has(2), kept.has(3)], [true, false, true, false]);
        let mut whole = String::new();
        kept.reader(0).expect("it is here").read_to_string(&mut whole).expect("in memory");
        assert_eq!((whole.len(), &whole[38..]), (45, "..later"));
        assert!(kept.reader(1).is_none());
        assert_eq!(kept.get(0, 41, 3), Some(&b"ate"[..]));
        assert_eq!(kept.get(0, 39, 1), Some(&b"."[..]));
        assert_eq!(kept.get(0, 39, 2), None, "no record lies in two blocks");
        assert_eq!((kept.get(0, 45, 1), kept.get(1, 0, 1)), (None, None));
    }
}

//! Bytes to blocks of whole lines, which can be worked on in parallel.

use super::objects::ElementEnds;
use super::stream::{self, Place};
use super::table::RowEnds;
use super::warc::RecordEnds;
use super::{Limits, Packing};
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a block, but for the end of its last line.
pub(crate) const BLOCK: usize = 4 << 20;
/// Bytes of a piece of a block that is worked on while they lie in a core's cache.
pub(super) const PIECE: usize = 1 << 17;
/// Bytes that are read at a time beyond a block's end, looking for the end of its last line.
const MORE: usize = 1 << 16;

/// Some whole lines of a source.
#[derive(Debug, Default)]
pub struct Block {
    /// Where it begins in the unpacked source.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    /// A line longer than a record may be ends the block; its bytes are left out. It is that long, or longer.
    pub(super) too_long: Option<u64>,
    /// Whether its last record is a row with a quotation that no other mark ends.
    pub(super) is_open: bool,
    /// Whether it ends within a record, of which the rest could not be read.
    is_cut: bool,
    /// Why the source could not be read on, if so.
    pub(super) error: Option<String>,
}

impl Block {
    /// Where it begins in the unpacked source, and its bytes.
    pub(crate) fn into_bytes(self) -> (u64, Vec<u8>) {
        (self.offset, self.bytes)
    }

    /// Whether the record that ends there was not read to its end.
    pub(super) fn is_cut_at(&self, end: usize) -> bool {
        self.is_cut && end == self.bytes.len()
    }

    /// Whether others are likely to follow: it is no rest, and not one of the first, which are all that short sources have.
    pub(crate) fn is_one_of_many(&self) -> bool {
        self.offset >= 2 * BLOCK as u64 && self.bytes.len() >= BLOCK / 2
    }
}

/// The lines that begin in a stretch of a plain source, all in one block.
pub(super) fn range(place: &Place, stretch: Range<u64>, max_record: u64) -> Block {
    let mut whole = Block::default();
    pieces(place, stretch, (max_record, usize::MAX), &mut |piece| whole = std::mem::take(piece));
    whole
}

/// The same block by block, of `piece` bytes and a line; each is gone once it was visited. The last, and no other, may
/// have a line that is too long, or an error.
pub(super) fn pieces(
    place: &Place,
    stretch: Range<u64>,
    (max_record, piece): (u64, usize),
    visit: &mut dyn FnMut(&mut Block),
) {
    let mut block = Block { offset: stretch.start, ..Block::default() };
    if let Err(error) = walk(place, stretch, (max_record, piece), &mut block, visit) {
        block.error = Some(error.to_string());
        keep_whole_lines(&mut block.bytes);
    }
    visit(&mut block);
}

/// Visits all pieces but the last, which is left in `block`.
fn walk(
    place: &Place,
    Range { start, end }: Range<u64>,
    (max_record, piece): (u64, usize),
    block: &mut Block,
    visit: &mut dyn FnMut(&mut Block),
) -> io::Result<()> {
    // A line begins at `start` if the byte before is a line feed.
    let mut begun = start == 0;
    let mut at = start.saturating_sub(1);
    let mut reader = place.open_at(at)?;
    let mut carry = Vec::new();
    while at < end {
        let before = block.bytes.len();
        let count = usize::try_from(end - at).unwrap_or(usize::MAX).min(piece);
        let read = append(&mut reader, count, &mut block.bytes);
        if !begun {
            let first_line = line_feed(&block.bytes).map_or(block.bytes.len(), |feed| feed + 1);
            begun = first_line > 0 && block.bytes[first_line - 1] == b'\n';
            block.offset = at + first_line as u64;
            block.bytes.drain(..first_line);
        }
        if read? < count {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "became shorter while it was read"));
        }
        at += count as u64;
        let whole = if at < end { end_of_last_line(&block.bytes, before.min(block.bytes.len())) } else { 0 };
        if whole > 0 {
            carry.extend_from_slice(&block.bytes[whole..]);
            block.bytes.truncate(whole);
            visit(block);
            block.offset += whole as u64;
            block.bytes.clear();
            block.bytes.append(&mut carry);
        }
    }
    let last_line = end_of_last_line(&block.bytes, 0);
    if last_line == block.bytes.len() {
        // The stretch ends with a line feed, and the next line is another's.
        return Ok(());
    }
    loop {
        let before = block.bytes.len();
        if (before - last_line) as u64 > max_record {
            block.too_long = Some((before - last_line) as u64);
            block.bytes.truncate(last_line);
            return Ok(());
        }
        if append(&mut reader, MORE, &mut block.bytes)? == 0 {
            return Ok(());
        }
        if let Some(feed) = line_feed(&block.bytes[before..]) {
            block.bytes.truncate(before + feed + 1);
            return Ok(());
        }
    }
}

/// Reads so many bytes, or all up to the end; returns how many. Those that were read before an error are there.
fn append(reader: &mut dyn Read, count: usize, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let before = bytes.len();
    bytes.resize(before + count, 0);
    let (mut read, mut result) = (0, Ok(()));
    while read < count && result.is_ok() {
        match reader.read(&mut bytes[before + read..]) {
            Ok(0) => break,
            Ok(some) => read += some,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => result = Err(error),
        }
    }
    bytes.truncate(before + read);
    result.map(|()| read)
}

/// Where the lines of a block are, each with its line feed.
pub(super) fn each(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    memchr::memchr_iter(b'\n', bytes).map(|feed| feed + 1).chain([bytes.len()]).filter_map(move |end| {
        let start = std::mem::replace(&mut start, end);
        (start < end).then_some(start..end)
    })
}

/// One past the last line feed. Up to `searched` there is none.
fn end_of_last_line(bytes: &[u8], searched: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[searched..]).map_or(0, |feed| searched + feed + 1)
}

fn line_feed(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes)
}

fn keep_whole_lines(bytes: &mut Vec<u8>) {
    bytes.truncate(end_of_last_line(bytes, 0));
}

/// How the ends of records are found that are no lines.
pub(super) enum Ends {
    Rows(RowEnds),
    Elements(ElementEnds),
    Responses(RecordEnds),
}

impl Ends {
    /// One past the end of the first record that ends in these bytes, which follow those that were given last.
    fn first(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Rows(ends) => ends.first(bytes),
            Self::Elements(ends) => ends.first(bytes),
            Self::Responses(ends) => ends.first(bytes),
        }
    }

    /// One past the end of the last record that ends in these bytes.
    fn last(&mut self, bytes: &[u8]) -> Option<usize> {
        let (mut at, mut last) = (0, None);
        while let Some(end) = self.first(&bytes[at..]) {
            at += end;
            last = Some(at);
        }
        last
    }
}

/// Memory for the blocks of streams. To get it from the system takes a third of the time that unpacking takes, and of
/// a stream one thread unpacks at a time: so whoever is through with a block makes room for another one.
#[derive(Debug, Default)]
pub(crate) struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    /// Makes room for a block, in memory that nobody needs any more or that is new.
    pub(crate) fn add(&self, mut bytes: Vec<u8>) {
        bytes.truncate(BLOCK);
        bytes.shrink_to(BLOCK + MORE);
        bytes.reserve_exact(BLOCK + MORE - bytes.len());
        // The system gives a page when it is first written to; new zeros would not be written.
        bytes.resize(BLOCK, b' ');
        bytes.clear();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

/// The blocks of a source that can only be read from its beginning.
pub struct Blocks {
    reader: Option<Box<dyn Read + Send>>,
    /// Where there may be room for them.
    spare: Arc<Spare>,
    packing: Packing,
    /// How records end, if not where lines do.
    ends: Option<Ends>,
    max_record: u64,
    /// Bytes of a block, but for the end of its last line.
    size: usize,
    offset: u64,
    /// The beginning of a record whose end was not read yet.
    carry: Vec<u8>,
    /// How much of that was looked at for its end.
    searched: usize,
    error: Option<String>,
}

impl Blocks {
    pub(super) fn new(place: &Place, packing: Packing, ends: Option<Ends>, limits: Limits) -> Self {
        let (reader, error) = match stream::unpacked(place, packing, limits) {
            Ok(reader) => (Some(reader), None),
            Err(error) => (None, Some(stream::reason(&error, packing))),
        };
        let (max_record, size, spare) = (limits.record, BLOCK, Arc::default());
        Self { reader, spare, packing, ends, max_record, size, offset: 0, carry: Vec::new(), searched: 0, error }
    }

    /// The same where there may be room for them.
    pub(crate) fn in_spare(self, spare: &Arc<Spare>) -> Self {
        Self { spare: Arc::clone(spare), ..self }
    }

    /// The same in blocks of another size.
    pub(super) fn of_size(self, size: usize) -> Self {
        Self { size, ..self }
    }

    /// Where the last record ends that does in `bytes`, of which the first `searched` were looked at; 0 if none does.
    fn last_end(&mut self, bytes: &[u8], searched: usize) -> usize {
        match &mut self.ends {
            Some(ends) => ends.last(&bytes[searched..]).map_or(0, |end| searched + end),
            None => end_of_last_line(bytes, searched),
        }
    }

    /// Where the first record ends that does in `bytes`, which come next.
    fn first_end(&mut self, bytes: &[u8]) -> Option<usize> {
        match &mut self.ends {
            Some(ends) => ends.first(bytes),
            None => line_feed(bytes).map(|feed| feed + 1),
        }
    }

    /// Reads up to the end of a record that is too long, keeping what follows; returns its length.
    fn pass_over(&mut self, mut length: u64) -> u64 {
        let mut buffer = vec![0; MORE];
        while let Some(reader) = &mut self.reader {
            match reader.read(&mut buffer) {
                Ok(0) => self.reader = None,
                Ok(count) => {
                    if let Some(end) = self.first_end(&buffer[..count]) {
                        self.carry.extend_from_slice(&buffer[end..count]);
                        return length + end as u64;
                    }
                    length += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.stop(&error),
            }
        }
        length
    }

    /// Nothing comes behind this block, of which the first `searched` bytes were looked at. No record ends in these.
    fn end(&mut self, block: &mut Block, searched: usize) {
        self.reader = None;
        let last = self.last_end(&block.bytes, searched);
        match &self.ends {
            Some(Ends::Rows(ends)) => block.is_open = ends.is_open(&block.bytes[last..]),
            Some(Ends::Elements(ends)) if ends.is_open() => {
                self.error = Some("an array or object has no end".to_owned());
            }
            _ => {}
        }
    }

    fn stop(&mut self, error: &io::Error) {
        self.error = Some(stream::reason(error, self.packing));
        self.reader = None;
    }
}

impl Iterator for Blocks {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        if self.reader.is_none() && self.error.is_none() {
            return None;
        }
        let mut bytes = self.spare.take().unwrap_or_else(|| Vec::with_capacity(self.size + MORE));
        bytes.append(&mut self.carry);
        let mut block = Block { offset: self.offset, bytes, ..Block::default() };
        let (mut whole, mut searched) = (0, std::mem::take(&mut self.searched));
        while let Some(reader) = &mut self.reader {
            let before = block.bytes.len();
            match reader.by_ref().take((self.size - before % self.size) as u64).read_to_end(&mut block.bytes) {
                Ok(0) => self.end(&mut block, searched),
                Ok(_) if block.bytes.len() < self.size => {}
                Ok(_) => {
                    whole = self.last_end(&block.bytes, searched).max(whole);
                    searched = block.bytes.len();
                    let rest = (block.bytes.len() - whole) as u64;
                    if rest > self.max_record {
                        block.bytes.truncate(whole);
                        block.too_long = Some(self.pass_over(rest));
                        break;
                    }
                    if whole > 0 {
                        self.carry = block.bytes.split_off(whole);
                        self.searched = self.carry.len();
                        break;
                    }
                }
                Err(error) => {
                    self.stop(&error);
                    whole = self.last_end(&block.bytes, searched).max(whole);
                    block.is_cut = whole < block.bytes.len();
                }
            }
        }
        self.offset = block.offset + block.bytes.len() as u64 + block.too_long.unwrap_or(0);
        if self.reader.is_none() {
            block.error = self.error.take();
        }
        Some(block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(bytes: &[u8]) -> Place {
        stream::spool(&mut &*bytes).expect("a temporary file").0
    }

    proptest! {
        /// Law: however a source is cut into stretches and pieces, each line is in exactly one of them.
        #[test]
        fn ranges_partition_the_lines(text in "[ab\n]{0,60}", cuts in proptest::collection::vec(0u64..60, 0..5), piece in 1usize..70) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(bytes.len() as u64)).collect();
            cuts.extend([0, bytes.len() as u64]);
            cuts.sort_unstable();
            cuts.dedup();
            let place = place(bytes);
            let mut joined = Vec::new();
            for pair in cuts.windows(2) {
                let mut offsets = Vec::new();
                pieces(&place, pair[0]..pair[1], (1000, piece), &mut |block| {
                    if !block.bytes.is_empty() {
                        offsets.push((block.offset, joined.len() as u64));
                    }
                    joined.extend_from_slice(&block.bytes);
                });
                offsets.into_iter().for_each(|(told, there)| assert_eq!(told, there));
            }
            prop_assert_eq!(joined, bytes);
        }
    }

    #[test]
    fn room_for_a_block_is_no_larger_whatever_was_there() {
        let spare = Arc::new(Spare::default());
        assert!(spare.take().is_none());
        for len in [0, 5, BLOCK, 3 * BLOCK] {
            spare.add(vec![b'x'; len]);
            let room = spare.take().expect("it was made");
            assert!(room.is_empty() && (BLOCK..=BLOCK + MORE).contains(&room.capacity()), "{}", room.capacity());
        }
        // What it held before does not come again.
        spare.add(vec![b'x'; BLOCK]);
        let blocks = Blocks::new(&place(b"some\nlines"), Packing::Plain, None, Limits::default());
        let blocks: Vec<Block> = blocks.in_spare(&spare).collect();
        assert_eq!(blocks.iter().flat_map(|block| block.bytes.clone()).collect::<Vec<u8>>(), b"some\nlines");
        assert!(spare.take().is_none());
    }

    #[test]
    fn a_line_too_long_is_left_out_and_the_next_is_read() {
        let long = "x".repeat(BLOCK * 2);
        let text = format!("first\n{long}\nlast\n");
        let place = place(text.as_bytes());
        let blocks: Vec<Block> =
            Blocks::new(&place, Packing::Plain, None, Limits { record: 1000, ..Limits::default() }).collect();
        assert_eq!(blocks[0].bytes, b"first\n");
        assert_eq!(blocks[0].too_long, Some(long.len() as u64 + 1));
        assert_eq!(blocks[1].bytes, b"last\n");
        assert_eq!(blocks[1].offset, text.len() as u64 - 5);
        let in_range = range(&place, 0..8, 1000);
        assert!(in_range.bytes == b"first\n" && in_range.too_long.is_some());
    }
}

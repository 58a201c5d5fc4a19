//! Reading all articles of a run in parallel, unit by unit, and putting together what was made of them in input order.

use super::progress::Progress;
use crate::error::Result;
use crate::input::{self, Heard, InputOptions, ReadArticle, Source, Unit, Wanted};
use rayon::iter::ParallelBridge;
use rayon::prelude::*;

/// Makes something of the articles that it is given one by one.
pub(super) type Taker<'t> = dyn FnMut(ReadArticle<'_>) + 't;
/// Reads some articles, and says what was heard beside.
pub(super) type ReadSome<'r> = dyn FnOnce(&mut Taker<'_>) -> Heard + 'r;

/// What is made of the articles of a unit, or of a block of a stream.
pub(super) trait Made: Default + Send {
    /// Adds what comes next in input order. Its records are counted from the beginning of its unit or block.
    fn join(&mut self, next: Self) -> Result<()>;

    /// Begins to count the records of another source.
    fn begin_source(&mut self);
}

/// What has no use for the numbers of records.
impl<P: Default + Send> Made for Vec<P> {
    fn join(&mut self, mut next: Self) -> Result<()> {
        self.append(&mut next);
        Ok(())
    }

    fn begin_source(&mut self) {}
}

/// Adds what was heard next. Returns how many records were before.
pub(super) fn follow(heard: &mut Heard, mut next: Heard) -> u64 {
    let before = heard.lines;
    next.skipped.iter_mut().filter_map(|skip| skip.record.as_mut()).for_each(|record| *record += before);
    heard.skipped.append(&mut next.skipped);
    heard.lines += next.lines;
    heard.replaced += next.replaced;
    heard.odd_dates += next.odd_dates;
    heard.bytes += next.bytes;
    before
}

pub(super) struct Reader<'a> {
    pub(super) sources: &'a [Source],
    pub(super) options: &'a InputOptions,
    pub(super) wanted: Wanted<'a>,
    pub(super) progress: &'a dyn Progress,
}

impl Reader<'_> {
    /// Reads everything.
    pub(super) fn all<P: Made>(&self, part: &(dyn Fn(Box<ReadSome<'_>>) -> Result<P> + Sync)) -> Result<P> {
        let units = input::units(self.sources);
        let made: Vec<Result<P>> = units.par_iter().with_max_len(1).map(|unit| self.unit(unit, part)).collect();
        let mut whole = P::default();
        let mut source = 0;
        for (unit, part) in units.iter().zip(made) {
            if unit.source() != source {
                whole.begin_source();
                source = unit.source();
            }
            whole.join(part?)?;
        }
        Ok(whole)
    }

    /// Reads a unit, all at once or block by block.
    fn unit<P: Made>(&self, unit: &Unit, part: &(dyn Fn(Box<ReadSome<'_>>) -> Result<P> + Sync)) -> Result<P> {
        let told = |heard: Heard| {
            self.progress.advance(heard.bytes);
            heard
        };
        let Some(blocks) = unit.blocks(self.sources, self.options) else {
            return part(Box::new(|take| told(unit.read(self.sources, self.options, self.wanted, take))));
        };
        // A stream is read by one thread at a time, its blocks worked on by all.
        let index = unit.source();
        let mut parts: Vec<(usize, Result<P>)> = blocks
            .enumerate()
            .par_bridge()
            .map(|(number, block)| {
                let source = (index, &self.sources[index]);
                let read =
                    |take: &mut Taker<'_>| told(input::read_block(source, &block, self.options, self.wanted, take));
                (number, part(Box::new(read)))
            })
            .collect();
        parts.sort_unstable_by_key(|&(number, _)| number);
        let mut whole = P::default();
        parts.into_iter().try_for_each(|(_, part)| whole.join(part?))?;
        Ok(whole)
    }
}

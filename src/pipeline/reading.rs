//! Reading all articles of a run in parallel, unit by unit, and putting together what was made of them in input order.

use super::progress::Progress;
use crate::error::Result;
use crate::input::{self, Heard, InputOptions, Keeping, ReadArticle, Source, Spare, Unit, Wanted};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    next.encodings.into_iter().for_each(|(name, count)| *heard.encodings.entry(name).or_default() += count);
    next.others.into_iter().for_each(|(what, count)| *heard.others.entry(what).or_default() += count);
    heard.bare += next.bare;
    heard.odd_dates += next.odd_dates;
    heard.bytes += next.bytes;
    before
}

/// How packed sources are read, which have only one order.
#[derive(Clone, Copy)]
pub(super) enum Streams<'a> {
    /// To their end.
    Whole,
    /// To their end, and kept unpacked.
    Kept(&'a Keeping),
    /// Of every so manieth source the first block; of none without a number.
    Heads(Option<usize>),
}

impl Streams<'_> {
    /// The first blocks of some of these sources: a small part of all that they hold.
    pub(super) fn heads(sources: &[Source]) -> Self {
        const MOST: u64 = 4;
        const PART: u64 = 16;
        let heads = (input::in_streams(sources) / PART / input::BLOCK as u64).min(MOST) as usize;
        let streams = sources.iter().filter(|source| source.is_stream()).count();
        Self::Heads((heads > 0).then(|| streams.div_ceil(heads)))
    }

    /// How many blocks of a source are read.
    fn blocks(self, source: usize) -> usize {
        match self {
            Self::Heads(step) => usize::from(step.is_some_and(|step| source.is_multiple_of(step))),
            Self::Whole | Self::Kept(_) => usize::MAX,
        }
    }
}

pub(super) struct Reader<'a> {
    pub(super) sources: &'a [Source],
    pub(super) options: &'a InputOptions,
    pub(super) wanted: Wanted<'a>,
    pub(super) streams: Streams<'a>,
    pub(super) progress: &'a dyn Progress,
}

impl Reader<'_> {
    /// Reads everything.
    pub(super) fn all<P: Made>(&self, part: &(dyn Fn(Box<ReadSome<'_>>) -> Result<P> + Sync)) -> Result<P> {
        let units = input::units(self.sources);
        let spare = Arc::default();
        in_order(units.iter(), |unit| (unit.source(), self.unit(unit, &spare, part)))
    }

    /// Reads a unit, all at once or block by block.
    fn unit<P: Made>(
        &self,
        unit: &Unit,
        spare: &Arc<Spare>,
        part: &(dyn Fn(Box<ReadSome<'_>>) -> Result<P> + Sync),
    ) -> Result<P> {
        let told = |heard: Heard| {
            self.progress.advance(heard.bytes);
            heard
        };
        let Some(blocks) = unit.blocks(self.sources, self.options) else {
            let unit = if matches!(self.streams, Streams::Heads(_)) { unit.head() } else { unit.clone() };
            return part(Box::new(|take| told(unit.read(self.sources, self.options, self.wanted, take))));
        };
        let index = unit.source();
        in_order(blocks.in_spare(spare).take(self.streams.blocks(index)), |block| {
            let source = (index, &self.sources[index]);
            let read = |take: &mut Taker<'_>| told(input::read_block(source, &block, self.options, self.wanted, take));
            let part = part(Box::new(read));
            let is_one_of_many = block.is_one_of_many();
            let (offset, mut bytes) = block.into_bytes();
            if let (Streams::Kept(keeping), true) = (self.streams, self.sources[index].is_worth_keeping()) {
                bytes = keeping.keep(index, offset, bytes);
            }
            if is_one_of_many {
                spare.add(bytes);
            }
            (index, part)
        })
    }
}

/// Makes parts of items in parallel and joins them in order, each as soon as those before it are there. What comes one by
/// one is taken by one thread at a time. `make` also gives the source that a part is from.
fn in_order<I: Send, P: Made>(
    items: impl Iterator<Item = I> + Send,
    make: impl Fn(I) -> (usize, Result<P>) + Sync,
) -> Result<P> {
    let joined = Mutex::new(Joined { whole: Ok(None), source: None, next: 0, waiting: BTreeMap::new() });
    items.enumerate().par_bridge().for_each(|(number, item)| {
        let made = make(item);
        joined.lock().unwrap_or_else(PoisonError::into_inner).add(number, made);
    });
    joined.into_inner().unwrap_or_else(PoisonError::into_inner).whole.map(Option::unwrap_or_default)
}

/// Parts up to the first that is not there yet, and those behind it.
struct Joined<P> {
    whole: Result<Option<P>>,
    source: Option<usize>,
    next: usize,
    waiting: BTreeMap<usize, (usize, Result<P>)>,
}

impl<P: Made> Joined<P> {
    fn add(&mut self, number: usize, part: (usize, Result<P>)) {
        self.waiting.insert(number, part);
        while let Some((source, part)) = self.waiting.remove(&self.next) {
            self.next += 1;
            let Ok(whole) = &mut self.whole else { return };
            let joined = part.and_then(|part| match whole {
                None => {
                    *whole = Some(part);
                    Ok(())
                }
                Some(whole) => {
                    if self.source != Some(source) {
                        whole.begin_source();
                    }
                    whole.join(part)
                }
            });
            self.source = Some(source);
            if let Err(error) = joined {
                self.whole = Err(error);
            }
        }
    }
}

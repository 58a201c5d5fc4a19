//! What a run will need, said and compared with what is there before it begins.

use super::args::{Common, Room};
use super::log;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{InputOptions, Plan};
use crate::pipeline::needs::{Budget, Needs};
use crate::report::terminal::plural;
use indicatif::DecimalBytes;

/// Bytes of what can be put away that stay in memory unless more of it is allowed: what is put away, the system's cache
/// holds as well.
const SHELVES: u64 = 1 << 30;

/// Says what a run will need, if it is asked or the machine has too little of it. Returns how much memory it may take.
///
/// # Errors
/// If its temporary files cannot fit by far.
pub(super) fn check(
    plan: &Plan,
    (options, config): (&InputOptions, &Config),
    memory: Option<u64>,
    (room, common): (&Room, &Common),
) -> Result<Budget> {
    let needs = Needs::of(plan, options, config);
    let shelves = if room.is_given() { u64::MAX } else { SHELVES };
    let budget = memory.map_or_else(Budget::default, |memory| needs.budget(memory, shelves));
    let (temporary, extracted) = (needs.temporary(&budget), needs.extracted(&budget));
    let folder = tempfile::env::temp_dir();
    let amount = DecimalBytes;
    if temporary + extracted > 0
        && let Ok(free) = fs4::available_space(&folder)
        && free < temporary + extracted
    {
        let (are, needed) = if free < temporary { ("will", temporary) } else { ("may", temporary + extracted) };
        let message = format!(
            "about {} of temporary files {are} be needed, and {} has room for {}: name another folder with --temp-dir, or \
             allow more --memory",
            amount(needed),
            folder.display(),
            amount(free)
        );
        // It is an estimate; what will not fit by far need not be tried.
        if free < temporary / 2 {
            return Err(Error::setting(message));
        }
        if !common.quiet {
            log::notice(&message);
        }
    }
    if let Some(memory) = memory.filter(|&memory| needs.kept > memory && room.is_given() && !common.quiet) {
        let (kept, memory) = (amount(needs.kept), amount(memory));
        log::notice(&format!("about {kept} of memory will be needed, whatever is put away, and not {memory}"));
    }
    if common.verbose {
        let packed = match extracted {
            0 => String::new(),
            most => format!(", and at most {} for what is needed of packed files", amount(most)),
        };
        log::notice(&format!(
            "about {}: {} of memory, {} of temporary files in {}{packed}",
            plural(needs.articles, "article"),
            amount(needs.memory(&budget)),
            amount(temporary),
            folder.display()
        ));
    }
    Ok(budget)
}

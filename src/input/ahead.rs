//! Bytes that are about to be read, asked for all at once, so that a disk has many of them to bring and not one a thread.
//!
//! Asking costs nearly as much as reading what the system has in memory already. So two of them are looked at first, and only
//! where one has to come from a disk all are asked for. Where the system cannot tell (it can on Linux), nothing is.

use super::stream::Window;

/// Asks for the bytes of all items, which are read soon and in about this order; `window` says where they are.
#[cfg(target_os = "linux")]
pub(super) fn fetch<T>(items: &[T], window: impl Fn(&T) -> Option<Window>) {
    // One alone is there no sooner for being asked for.
    let [first, .., last] = items else { return };
    if [first, last].into_iter().filter_map(&window).any(|window| linux::is_on_disk(&window)) {
        items.iter().filter_map(window).for_each(|window| linux::ask_for(&window));
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn fetch<T>(_: &[T], _: impl Fn(&T) -> Option<Window>) {}

#[cfg(target_os = "linux")]
mod linux {
    use super::Window;
    use rustix::fs::{Advice, fadvise};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};
    use std::io::IoSliceMut;
    use std::num::NonZeroU64;

    /// Whether the byte in the middle has to come from a disk.
    pub(super) fn is_on_disk(window: &Window) -> bool {
        let (mut byte, middle) = ([0], window.start.midpoint(window.end));
        preadv2(&window.file, &mut [IoSliceMut::new(&mut byte)], middle, ReadWriteFlags::NOWAIT) == Err(Errno::AGAIN)
    }

    pub(super) fn ask_for(window: &Window) {
        if let Some(len) = NonZeroU64::new(window.len()) {
            // It is no more than advice: whoever reads hears of what is wrong.
            let _ = fadvise(&window.file, window.start, Some(len), Advice::WillNeed);
        }
    }
}

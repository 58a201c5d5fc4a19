//! What a run keeps on disk so that another can go on with it: numbers as they are in memory, one list after the other.
//!
//! It is read by the same version on the same machine only; whoever reads it checks that first.

use bytemuck::Pod;
use std::io::{self, Read, Write};

/// Can be written, and read again.
pub(crate) trait Saved: Sized {
    /// Writes it.
    fn save(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Reads what was written.
    fn load(from: &mut dyn Read) -> io::Result<Self>;
}

/// Writes numbers, and how many there are.
pub(crate) fn save_all<T: Pod>(items: &[T], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&(items.len() as u64).to_ne_bytes())?;
    out.write_all(bytemuck::cast_slice(items))
}

/// Numbers that were written.
pub(crate) fn load_all<T: Pod>(from: &mut dyn Read) -> io::Result<Vec<T>> {
    let mut count = [0; 8];
    from.read_exact(&mut count)?;
    let count = usize::try_from(u64::from_ne_bytes(count)).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut items = vec![T::zeroed(); count];
    from.read_exact(bytemuck::cast_slice_mut(&mut items))?;
    Ok(items)
}

impl<T: Saved> Saved for Vec<T> {
    fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        save_all(&[self.len() as u64], out)?;
        self.iter().try_for_each(|item| item.save(out))
    }

    fn load(from: &mut dyn Read) -> io::Result<Self> {
        let count = load_all::<u64>(from)?;
        (0..count.first().copied().unwrap_or_default()).map(|_| T::load(from)).collect()
    }
}

impl Saved for String {
    fn save(&self, out: &mut dyn Write) -> io::Result<()> {
        save_all(self.as_bytes(), out)
    }

    fn load(from: &mut dyn Read) -> io::Result<Self> {
        Self::from_utf8(load_all(from)?).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back() {
        let mut bytes = Vec::new();
        let lists = vec!["one".to_owned(), String::new(), "drei".to_owned()];
        save_all(&[7u32, 8, 9], &mut bytes).expect("in memory");
        lists.save(&mut bytes).expect("in memory");
        let mut from = &*bytes;
        assert_eq!(load_all::<u32>(&mut from).expect("it is there"), [7, 8, 9]);
        assert_eq!(Vec::<String>::load(&mut from).expect("they are there"), lists);
        assert!(from.is_empty() && load_all::<u8>(&mut from).is_err());
    }
}

//! The crate's one error type: what went wrong, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting has a value that makes no sense; the message names the setting, the value and the limit.
    Setting,
    /// Two signatures of different parameters were compared.
    Incompatible,
    /// An input could not be read or understood.
    Input,
    /// An output could not be written.
    Output,
    /// More articles, or a longer text, than 32-bit numbers can count.
    TooLarge,
    /// The reader of the output has gone away; not a fault.
    BrokenPipe,
}

/// An error: a kind, a place where there is one, and a sentence.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    path: Option<PathBuf>,
    record: Option<u64>,
    message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, path: None, record: None, message: message.into() }
    }

    pub(crate) fn setting(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Setting, message)
    }

    #[cfg(feature = "formats")]
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    #[cfg(feature = "formats")]
    pub(crate) fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    #[cfg(feature = "formats")]
    pub(crate) fn record(mut self, record: u64) -> Self {
        self.record = Some(record);
        self
    }

    /// An output error, or a broken pipe if that is what it was.
    #[cfg(feature = "formats")]
    pub(crate) fn output(error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::BrokenPipe => ErrorKind::BrokenPipe,
            _ => ErrorKind::Output,
        };
        Self::new(kind, error.to_string())
    }

    /// A temporary file could not be made, written or read.
    #[cfg(feature = "formats")]
    pub(crate) fn temporary(error: &std::io::Error) -> Self {
        Self::new(ErrorKind::Output, format!("temporary file: {error}")).at(tempfile::env::temp_dir())
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The file it concerns.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The record within the file, from 1.
    #[must_use]
    pub fn record_number(&self) -> Option<u64> {
        self.record
    }

    /// The sentence alone, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}", path.display())?;
            if let Some(record) = self.record {
                write!(f, ":{record}")?;
            }
            write!(f, ": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

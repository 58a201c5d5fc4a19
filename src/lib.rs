//! wirecopy
pub mod article;
pub mod error;
pub mod shingle;
pub mod sketch;
pub mod text;
pub use article::*;
pub use error::*;

//! Checkpoints: what their headers say, and how that suits a network. No tensor is read.

mod causes;
mod header;
mod lock;
mod matching;
mod names;
mod propose;
mod report;

pub use header::{Entry, Header, HeaderError, Located};
pub use lock::Lock;
pub use matching::match_names;
pub use names::{NameTable, NameTableError};
pub use propose::{Proposal, propose};
pub use report::{Converted, Misshaped, Named, Report, Unreadable};

//! The commands but for `run`.

mod audit;
mod check;
mod draw;
mod expand;
mod explain;
mod export;
mod fmt;
mod init;
mod ops;
mod prepare;
mod weights;
mod zoo;

pub use audit::audit;
pub use check::check;
pub use draw::draw;
pub use expand::expand;
pub use explain::explain;
pub use export::export;
pub use fmt::fmt;
pub use init::init;
pub use ops::ops;
pub use prepare::prepare;
pub use weights::weights;
pub use zoo::zoo;

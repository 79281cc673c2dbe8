//! Real Envoys: started from the shipped bootstrap, watched, asked, stopped.
//!
//! Each has its own ports, log and temporary folder, so that any number runs side by side.

mod admin;
mod bootstrap;
mod memory;
mod process;
mod setup;

pub use bootstrap::Bootstrap;
pub use process::Envoy;
pub use setup::Setup;

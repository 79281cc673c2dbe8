//! The walk: the whole story of the gate, played without a person, every exchange printed and every step checked.
//!
//! It is the demo's proof and a test at once: `tapgate serve` or real Envoy, the example application, the shipped policy. The story is in
//! [`story`]; [`actor`] is who plays it, [`script`] where it is written down, [`show`] how an exchange is printed (never a
//! secret in full), [`stage`] what it is played on. Nothing here decides what the gate does.

mod actor;
mod script;
mod show;
mod stage;
mod story;

pub use script::{Differs, Script};
pub use stage::{Kind, Stage};

/// Plays the story to its end.
///
/// # Errors
/// At the first step that differs from what the story says.
pub async fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    story::registration::play(stage, script).await?;
    story::one_time::play(stage, script).await?;
    story::deadline::play(stage, script).await?;
    story::secrets::play(stage, script)
}

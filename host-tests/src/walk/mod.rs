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

/// Plays the story of a stage to its end.
///
/// # Errors
/// At the first step that differs from what the story says.
pub async fn play(stage: &mut Stage, script: &Script) -> Result<(), Differs> {
    if stage.etcd().is_some() {
        story::two_gates::play(stage, script).await?;
        return story::secrets::play(stage, script);
    }
    story::registration::play(stage, script).await?;
    story::one_time::play(stage, script).await?;
    story::deadline::play(stage, script).await?;
    story::secrets::play(stage, script)
}

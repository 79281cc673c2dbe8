//! The last look: what was written down, by the proxy and by this very story, gives nothing away.

use super::super::script::{Differs, Script};
use super::super::stage::Stage;

/// Plays the chapter.
pub(in crate::walk) fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("Nothing that was written down gives anything away");
    let log = stage.log();
    for (what, text) in [("the gate's log", log.text()), ("the lines above", &script.all())] {
        let found = stage.secrets.found_in(text.as_bytes());
        script.check(found.is_empty(), what, "no secret", format_args!("{} lines with one", found.len()))?;
    }
    let accidents = log.accidents();
    script.check(accidents.is_empty(), "the gate's log", "no trap", accidents.join(" / "))?;
    let events = log.audit().len();
    script.check(events > 0, "the gate's log", "audit lines", "none")?;
    script.shown(format_args!("{} secrets met, none found; {events} audit lines, no trap", stage.secrets.len()));
    Ok(())
}

//! The last look: what was written down, by the proxy and by this very story, gives nothing away.

use super::super::script::{Differs, Script};
use super::super::stage::Stage;

/// Plays the chapter.
pub(in crate::walk) fn play(stage: &Stage, script: &Script) -> Result<(), Differs> {
    script.step("Nothing that was written down gives anything away");
    let logs = stage.logs();
    let lines = script.all();
    let written = logs.iter().map(|log| ("a gate's log", log.text())).chain([("the lines above", lines.as_str())]);
    for (what, text) in written {
        let found = stage.secrets.found_in(text.as_bytes());
        script.check(found.is_empty(), what, "no secret", format_args!("{} lines with one", found.len()))?;
    }
    let mut events = 0;
    for log in &logs {
        let accidents = log.accidents();
        script.check(accidents.is_empty(), "a gate's log", "no trap", accidents.join(" / "))?;
        let audited = log.audit().len();
        script.check(audited > 0, "a gate's log", "audit lines", "none")?;
        events += audited;
    }
    script.shown(format_args!("{} secrets met, none found; {events} audit lines, no trap", stage.secrets.len()));
    Ok(())
}

//! What is wrong with a policy or a file of cases, for a program: where, what was found, what is allowed, and the mend.

use serde::Serialize;
use tapgate_core::json::Json;

use super::mend;
use crate::yaml::Flaw;

/// What is wrong somewhere, for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlawReport {
    /// From 1.
    pub line: u64,
    /// From 1, in characters.
    pub column: u64,
    /// The path in the document.
    pub field: String,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
    /// What to do about it.
    pub mend: String,
}

impl FlawReport {
    /// About a policy. `tree` is what could be read of it.
    #[must_use]
    pub fn of_policy(flaw: &Flaw, tree: Option<&Json>) -> Self {
        let mend = match tree {
            None => "mend the YAML here; the rest is checked once it can be read".to_owned(),
            Some(_) => mend(&flaw.defect, tree),
        };
        Self::new(flaw, mend)
    }

    /// About a file of cases.
    #[must_use]
    pub fn of_cases(flaw: &Flaw) -> Self {
        Self::new(flaw, format!("write {}; docs/cases.md has the format", flaw.defect.expected))
    }

    fn new(flaw: &Flaw, mend: String) -> Self {
        let (position, defect) = (flaw.position, &flaw.defect);
        Self {
            line: position.line,
            column: position.column,
            field: defect.path.to_string(),
            found: defect.found.clone(),
            allowed: defect.expected.clone(),
            mend,
        }
    }
}

//! What every file says and what none says.

use super::code::lines_with;
use super::{House, Violation};

/// Marks of unfinished work, spelled so that this file does not hold them itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Every Rust file opens with a module doc.
#[must_use]
pub fn files_open_with_a_doc(house: &House) -> Vec<Violation> {
    house
        .rust("")
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| Violation {
            path: file.path.clone(),
            line: 1,
            message: "does not open with a `//!` doc that says what lives here".to_owned(),
        })
        .collect()
}

/// No file is marked as unfinished: what is left to do is an issue.
#[must_use]
pub fn nothing_is_left_unfinished(house: &House) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in &house.files {
        for mark in UNFINISHED {
            violations.extend(lines_with(&file.text, mark).into_iter().map(|line| Violation {
                path: file.path.clone(),
                line,
                message: format!("says `{mark}`"),
            }));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::planted;

    #[test]
    fn a_missing_doc_is_found() {
        for text in ["", "use std::fs;\n//! late", "// no doc", "//!"] {
            let house = planted::files(&[("cli/src/main.rs", text)]);
            assert_eq!(files_open_with_a_doc(&house).len(), 1, "{text:?}");
        }
        let house = planted::files(&[("cli/src/main.rs", "//! The door.\n"), ("README.md", "# No Rust")]);
        assert_eq!(files_open_with_a_doc(&house), []);
    }

    #[test]
    fn unfinished_work_is_found_in_any_file() {
        for mark in UNFINISHED {
            let house = planted::files(&[("README.md", &format!("fine\n{mark}: later")), ("a.sh", "mktemp abXXXXXX")]);
            let found = nothing_is_left_unfinished(&house);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found.first().map(|one| one.line), Some(2));
        }
    }
}

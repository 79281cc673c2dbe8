//! What the code of `core` and `plugin` never does: read a clock, or panic. Clippy says so too; this is the second lock,
//! for the day an exception is granted in the wrong place.

use super::code::{lines_with, shipped_files};
use super::{House, Violation};

/// Where input from outside is handled.
const FOLDERS: &[&str] = &["core", "plugin"];

/// Ways to read a clock. Time is an argument of every rule; the plugin gets it from the proxy.
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now"];

/// Ways to panic. A panic is a trap, and a trap stops a worker of the proxy.
const PANICS: &[&str] = &[".unwrap()", ".expect(", "panic!", "unreachable!"];

/// `core` and `plugin` read no clock outside their tests.
#[must_use]
pub fn nobody_reads_a_clock(house: &House) -> Vec<Violation> {
    never(house, CLOCKS)
}

/// `core` and `plugin` do not panic on purpose outside their tests.
#[must_use]
pub fn nobody_panics(house: &House) -> Vec<Violation> {
    never(house, PANICS)
}

fn never(house: &House, words: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for folder in FOLDERS {
        for (file, code) in shipped_files(house, folder) {
            for word in words {
                violations.extend(lines_with(&code, word).into_iter().map(|line| Violation {
                    path: file.path.clone(),
                    line,
                    message: format!("says `{word}`"),
                }));
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::{Rule, planted};

    /// Each of these bodies breaks the rule in shipped code, once, and in no test.
    fn check(rule: Rule, bodies: &[&str]) {
        for body in bodies {
            let shipped = format!("fn a() {{ {body} }}");
            let test = format!("#[cfg(test)]\nmod tests {{ {shipped} }}");
            for path in ["core/src/pass.rs", "plugin/src/filter.rs"] {
                assert_eq!(rule(&planted::files(&[(path, &shipped)])).len(), 1, "{shipped}");
                assert_eq!(rule(&planted::files(&[(path, &test)])), [], "{test}");
            }
        }
    }

    #[test]
    fn a_clock_is_found() {
        check(nobody_reads_a_clock, &["std::time::SystemTime::now()", "Instant::now()"]);
    }

    #[test]
    fn a_panic_is_found() {
        check(nobody_panics, &["b.unwrap()", "b.expect(\"\")", "panic!(\"\")", "unreachable!()"]);
    }

    #[test]
    fn other_folders_may() {
        let house = planted::files(&[("cli/src/main.rs", "fn a() { b.unwrap(); SystemTime::now() }")]);
        assert_eq!(nobody_panics(&house), []);
        assert_eq!(nobody_reads_a_clock(&house), []);
    }
}

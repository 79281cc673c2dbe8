//! Who may import whom, and what every member takes from the workspace.

use super::{House, Package, Violation};

/// Each member, and the members it may depend on. A member that is not here is a violation: it has no place yet.
///
/// Filters are nobody's dependency: they are used as the `.wasm` files that proxies load.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("tapgate-core", &[]),
    ("tapgate-plugin", &["tapgate-core"]),
    ("tapgate-host", &[]),
    ("tapgate-cases", &["tapgate-core"]),
    ("tapgate-gateway", &["tapgate-host"]),
    ("tapgate-cli", &["tapgate-core", "tapgate-cases", "tapgate-gateway"]),
    ("tapgate-workbench", &["tapgate-core", "tapgate-cases"]),
    (
        "tapgate-host-tests",
        &[
            "tapgate-core",
            "tapgate-cases",
            "tapgate-host",
            "tapgate-cli",
            "tapgate-example-app",
            "tapgate-passkey-app",
            "tapgate-test-clock",
        ],
    ),
    ("tapgate-model", &["tapgate-core"]),
    ("tapgate-test-clock", &[]),
    ("tapgate-bench", &["tapgate-core", "tapgate-host", "tapgate-host-tests"]),
    ("tapgate-bench-noop", &[]),
    ("tapgate-example-app", &[]),
    // Of the other example it uses the one file that reads assertions and writes receipts.
    ("tapgate-passkey-app", &["tapgate-example-app"]),
    ("xtask", &[]),
    ("tapgate-bindgen", &[]),
];

/// What each member's manifest takes from the root's, as the lines that say so.
const INHERITED: &[&str] = &["version.workspace = true", "edition.workspace = true"];

/// Members depend only on the members that [`MAY_IMPORT`] gives them, tests and build scripts included.
#[must_use]
pub fn who_may_import_whom(house: &House) -> Vec<Violation> {
    house.packages.iter().flat_map(imports).collect()
}

fn imports(package: &Package) -> Vec<Violation> {
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name) else {
        return vec![about(package, format!("`{}` has no place among the layers", package.name))];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| MAY_IMPORT.iter().any(|(name, _)| name == dependency))
        .filter(|dependency| !allowed.contains(&dependency.as_str()))
        .map(|dependency| about(package, format!("`{}` may not depend on `{dependency}`", package.name)))
        .collect()
}

/// Every member inherits the version, the edition and the one lint table.
#[must_use]
pub fn members_inherit(house: &House) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &house.packages {
        let lines: Vec<&str> = package.manifest.lines().map(str::trim).collect();
        for wanted in INHERITED {
            if !lines.contains(wanted) {
                violations.push(about(package, format!("does not say `{wanted}`")));
            }
        }
        let lints = lines.windows(2).any(|pair| matches!(pair, ["[lints]", "workspace = true"]));
        if !lints {
            violations.push(about(package, "does not inherit the workspace's lints".to_owned()));
        }
    }
    violations
}

fn about(package: &Package, message: String) -> Violation {
    Violation { path: format!("{}/Cargo.toml", package.folder), line: 0, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::planted;

    #[test]
    fn a_layer_may_not_reach_up() {
        for (name, dependency) in [
            ("tapgate-core", "tapgate-plugin"),
            ("tapgate-plugin", "tapgate-cli"),
            ("tapgate-cli", "tapgate-plugin"),
            ("tapgate-host-tests", "tapgate-plugin"),
            ("tapgate-cli", "tapgate-model"),
            ("tapgate-example-app", "tapgate-core"),
            ("tapgate-passkey-app", "tapgate-core"),
            ("tapgate-bench", "tapgate-plugin"),
            ("tapgate-bench-noop", "tapgate-core"),
            ("xtask", "tapgate-core"),
        ] {
            let found = who_may_import_whom(&planted::package(name, &["serde", dependency]));
            assert_eq!(found.len(), 1, "{name} -> {dependency}: {found:?}");
        }
    }

    #[test]
    fn allowed_imports_pass() {
        let house = planted::package("tapgate-plugin", &["tapgate-core", "proxy-wasm"]);
        assert_eq!(who_may_import_whom(&house), []);
    }

    #[test]
    fn a_member_without_a_place_is_found() {
        assert_eq!(who_may_import_whom(&planted::package("tapgate-cellar", &[])).len(), 1);
    }

    #[test]
    fn what_is_not_inherited_is_found() {
        let mut house = planted::package("tapgate-core", &[]);
        assert_eq!(members_inherit(&house).len(), 3);
        let good = "[package]\nversion.workspace = true\nedition.workspace = true\n\n[lints]\nworkspace = true\n";
        for (from, to, left) in [("", "", 0), ("version.workspace", "version", 1), ("[lints]", "[other]", 1)] {
            for package in &mut house.packages {
                package.manifest = good.replace(from, to);
            }
            assert_eq!(members_inherit(&house).len(), left, "without `{from}`");
        }
    }
}

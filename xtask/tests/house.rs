//! Holds this workspace against the rules of its house. The rules and their own tests are in `src/house`.
#![expect(clippy::unwrap_used, reason = "a house that cannot be read fails the test")]

use std::path::{Path, PathBuf};

use xtask::house::{House, Rule, crates, layers, manners, words};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Checks one rule and lists every place where it does not hold.
#[track_caller]
fn check(rule: Rule) {
    let violations = rule(&House::load(&root()).unwrap());
    let list: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(list.is_empty(), "\n{}\n", list.join("\n"));
}

#[test]
fn the_whole_house_is_looked_at() {
    let house = House::load(&root()).unwrap();
    for path in ["README.md", "Cargo.toml", ".ci/run", "core/src/lib.rs", "plugin/src/lib.rs", "xtask/tests/house.rs"] {
        assert!(house.files.iter().any(|file| file.path == path), "`{path}` was not read");
    }
    for name in ["tapgate-core", "tapgate-plugin", "xtask"] {
        assert!(house.packages.iter().any(|package| package.name == name), "`{name}` was not read");
    }
    assert!(!house.files.iter().any(|file| file.path.starts_with("target/")));
}

#[test]
fn the_lists_of_the_rules_name_files_that_exist() {
    let house = House::load(&root()).unwrap();
    for path in crates::CRYPTO_MODULES.iter().chain([&crates::HOST_CALLS]) {
        assert!(house.files.iter().any(|file| file.path == *path), "`{path}` does not exist");
    }
}

#[test]
fn layers_import_downwards() {
    check(layers::who_may_import_whom);
}

#[test]
fn members_inherit_version_edition_and_lints() {
    check(layers::members_inherit);
}

#[test]
fn only_the_crypto_modules_name_crypto_crates() {
    check(crates::crypto_has_its_place);
}

#[test]
fn only_one_file_of_the_plugin_makes_host_calls() {
    check(crates::host_calls_have_their_place);
}

#[test]
fn only_the_host_names_the_engine() {
    check(crates::the_engine_has_its_place);
}

#[test]
fn core_and_plugin_read_no_clock() {
    check(manners::nobody_reads_a_clock);
}

#[test]
fn core_and_plugin_do_not_panic() {
    check(manners::nobody_panics);
}

#[test]
fn every_file_opens_with_a_doc() {
    check(words::files_open_with_a_doc);
}

#[test]
fn nothing_is_left_unfinished() {
    check(words::nothing_is_left_unfinished);
}

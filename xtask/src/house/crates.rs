//! Who may name which crate: cryptography, the proxy's host calls and the wasm engine each have one place.

use std::collections::BTreeSet;

use super::code::{lines_with, only, shipped_files};
use super::{House, Violation};

/// The modules of `core` that may name a crypto crate; everything else asks them.
pub const CRYPTO_MODULES: &[&str] = &["core/src/key.rs", "core/src/jws.rs", "core/src/seal.rs", "core/src/digest.rs"];
/// The crypto crates.
const CRYPTO_CRATES: &[&str] = &["hmac", "sha2", "hkdf", "chacha20poly1305", "subtle"];
/// The package that may depend on them.
const CRYPTO_PACKAGE: &str = "tapgate-core";

/// The file of `plugin` that makes host calls.
pub const HOST_CALLS: &str = "plugin/src/host.rs";
/// What a host call looks like in code, besides names that begin with `proxy_`.
const HOST_CALL_WORDS: &[&str] = &["extern", "unsafe", "hostcalls"];

/// The wasm engine, and the member that may use it.
const ENGINE: &str = "wasmtime";
const ENGINE_PACKAGE: &str = "tapgate-host";
const ENGINE_FOLDER: &str = "host";

/// Only [`CRYPTO_MODULES`] name a crypto crate, and only `core` depends on one.
///
/// Tests of `core` may name one: a test that works a digest out by itself shows more than one that asks `core` for it.
#[must_use]
pub fn crypto_has_its_place(house: &House) -> Vec<Violation> {
    let mut violations = depends_on(house, CRYPTO_CRATES, CRYPTO_PACKAGE);
    for (file, code) in shipped_files(house, "").filter(|(file, _)| !CRYPTO_MODULES.contains(&file.path.as_str())) {
        for name in CRYPTO_CRATES {
            let ways = [format!("{name}::"), format!("use {name}"), format!("extern crate {name}")];
            let lines: BTreeSet<usize> = ways.iter().flat_map(|way| lines_with(&code, way)).collect();
            violations.extend(found(&file.path, lines.into_iter().collect(), &format!("names `{name}`")));
        }
    }
    violations
}

/// Only [`HOST_CALLS`] makes host calls; the rest of the plugin asks it.
#[must_use]
pub fn host_calls_have_their_place(house: &House) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (file, code) in shipped_files(house, "plugin").filter(|(file, _)| file.path != HOST_CALLS) {
        for word in HOST_CALL_WORDS {
            violations.extend(found(&file.path, lines_with(&code, word), &format!("says `{word}`")));
        }
        violations.extend(found(&file.path, host_functions(&code), "names a host function"));
    }
    violations
}

/// Lines with a name that begins with `proxy_` and is not the SDK's crate.
fn host_functions(code: &str) -> Vec<usize> {
    (1..)
        .zip(code.lines())
        .filter(|(_, line)| {
            line.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .any(|name| name.starts_with("proxy_") && name != "proxy_wasm")
        })
        .map(|(line, _)| line)
        .collect()
}

/// Only the `host` member names the wasm engine.
#[must_use]
pub fn the_engine_has_its_place(house: &House) -> Vec<Violation> {
    let mut violations = depends_on(house, &[ENGINE], ENGINE_PACKAGE);
    for file in house.rust("") {
        let inside = file.path.split('/').next() == Some(ENGINE_FOLDER);
        if !inside {
            let lines = lines_with(&only(&file.text), ENGINE);
            violations.extend(found(&file.path, lines, &format!("names `{ENGINE}`")));
        }
    }
    violations
}

/// Packages other than the one allowed that depend on one of these crates.
fn depends_on(house: &House, crates: &[&str], allowed: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in house.packages.iter().filter(|package| package.name != allowed) {
        for dependency in &package.dependencies {
            if crates.contains(&dependency.as_str()) {
                violations.push(Violation {
                    path: format!("{}/Cargo.toml", package.folder),
                    line: 0,
                    message: format!("only `{allowed}` may depend on `{dependency}`"),
                });
            }
        }
    }
    violations
}

fn found(path: &str, lines: Vec<usize>, message: &str) -> Vec<Violation> {
    lines.into_iter().map(|line| Violation { path: path.to_owned(), line, message: message.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::planted;

    #[test]
    fn a_stray_crypto_crate_is_found() {
        for code in ["use sha2::Sha256;", "fn a() { hmac::Hmac::new() }", "use hkdf as h;"] {
            let found = crypto_has_its_place(&planted::files(&[("core/src/session.rs", code)]));
            assert_eq!(found.len(), 1, "{code}: {found:?}");
        }
        assert_eq!(crypto_has_its_place(&planted::package("tapgate-cli", &["hkdf"])).len(), 1);
    }

    #[test]
    fn crypto_in_its_place_passes() {
        let house = planted::files(&[
            (CRYPTO_MODULES[0], "use hmac::Hmac;"),
            ("core/tests/pages.rs", "use sha2::Digest;"),
            ("core/src/pass.rs", "// hmac::Hmac is in `key`\nlet sha2 = 1;"),
        ]);
        assert_eq!(crypto_has_its_place(&house), []);
        assert_eq!(crypto_has_its_place(&planted::package(CRYPTO_PACKAGE, &["hmac"])), []);
    }

    #[test]
    fn a_stray_host_call_is_found() {
        for code in ["extern \"C\" { }", "unsafe { a() }", "use proxy_wasm::hostcalls;", "fn a() { proxy_log(1) }"] {
            let found = host_calls_have_their_place(&planted::files(&[("plugin/src/filter.rs", code)]));
            assert_eq!(found.len(), 1, "{code}: {found:?}");
        }
    }

    #[test]
    fn host_calls_in_their_place_pass() {
        let house = planted::files(&[
            (HOST_CALLS, "unsafe extern \"C\" { fn proxy_log(); }"),
            ("plugin/src/filter.rs", "use proxy_wasm::types::Action; // unsafe, proxy_log"),
            ("core/src/lib.rs", "fn proxy_authority() {}"),
        ]);
        assert_eq!(host_calls_have_their_place(&house), []);
    }

    #[test]
    fn a_stray_engine_is_found() {
        let house = planted::files(&[
            ("host-tests/src/lib.rs", "use wasmtime::Engine;"),
            ("host/src/lib.rs", "use wasmtime::Engine;"),
        ]);
        let found = the_engine_has_its_place(&house);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(the_engine_has_its_place(&planted::package("tapgate-cli", &["wasmtime"])).len(), 1);
    }
}

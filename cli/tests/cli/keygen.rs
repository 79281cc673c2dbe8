//! `tapgate keygen`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tapgate_cli::Exit;
use tapgate_core::key::KeyBytes;

use crate::support::tapgate;

#[test]
fn a_key_is_32_random_bytes_and_all_there_is_on_standard_output() {
    let outcome = tapgate(&["keygen"]).run().succeeded();
    let key = outcome.stdout.strip_suffix('\n').unwrap();
    assert_eq!(STANDARD.decode(key).unwrap(), (0..32).collect::<Vec<u8>>());
    assert!(key.parse::<KeyBytes>().is_ok());
    assert!(outcome.stderr.contains("id: pass-1, env: TAPGATE_PASS_KEY"));
    assert!(!outcome.stderr.contains(key));
}

#[test]
fn several_keys_differ() {
    let outcome = tapgate(&["keygen", "--count", "3"]).run().succeeded();
    let mut keys: Vec<_> = outcome.stdout.lines().collect();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn json_names_the_keys() {
    let keys = tapgate(&["keygen", "--json", "--id", "pass-1", "--id", "gw-1"]).run().succeeded().json();
    let ids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["pass-1", "gw-1"]);
    let keys = tapgate(&["keygen", "--json"]).run().succeeded().json();
    assert!(keys["keys"][0]["key"].as_str().unwrap().parse::<KeyBytes>().is_ok());
    assert!(keys["keys"][0].get("id").is_none());
}

#[test]
fn nonsense_is_refused() {
    for (arguments, words) in [
        (&["keygen", "--count", "0"][..], "--count"),
        (&["keygen", "--count", "101"], "--count"),
        (&["keygen", "--id", "a b"], "expected 1 to 64 characters of A-Z, a-z, 0-9"),
        (&["keygen", "--id", "a", "--count", "2"], "cannot be used with"),
    ] {
        tapgate(arguments).run().failed(Exit::Usage, words);
    }
}

#[test]
fn without_randomness_there_is_no_key() {
    tapgate(&["keygen"]).without_entropy().run().failed(Exit::Failed, "no randomness");
}

//! `inspect` explains what core decides. These properties hold the explanation against the decision.

use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{Index, select};
use serde_json::Value;
use tapgate_cli::Exit;
use tapgate_core::key::KeyRing;
use tapgate_core::pass::{Expected, SignedPass};
use tapgate_core::refusal::Refusal;

use crate::forge::{self, CLAIMS, HEADER};
use crate::support::{KEY, tapgate};

/// What core says of a pass, given the key that it names.
fn core_says(pass: &str) -> Option<Refusal> {
    let ring = KeyRing::new(&[("pass-1".parse().unwrap(), KEY.parse().unwrap())]).unwrap();
    let expected = Expected { issuer: "https://gate.example.com", audience: "gate.example.com" };
    SignedPass::new(pass.as_bytes()).authenticate(&ring, expected).err()
}

/// The defects that `inspect` finds without a key; its exit code says the same.
fn defects(pass: &str) -> Vec<Value> {
    let outcome = tapgate(&["inspect", "--json"]).stdin(pass).run();
    let defects = outcome.json()["defects"].as_array().unwrap().clone();
    assert_eq!(outcome.exit == Exit::Findings, !defects.is_empty(), "{}", outcome.stdout);
    defects
}

/// A header or claims with one member taken out, put in or changed.
fn edited(json: &'static str) -> impl Strategy<Value = String> {
    let members: Vec<&str> = json.trim_matches(['{', '}']).split(',').collect();
    let values = select(
        &[
            "1",
            "0",
            "-1",
            "1795500473",
            "1795504073",
            "1795500473.0",
            "1e9",
            "253402300799",
            "253402300800",
            "99999999999999999999",
            "true",
            "false",
            "null",
            "\"\"",
            "\"a\"",
            "\"a b\"",
            "\"HS256\"",
            "\"tap+jwt\"",
            "\"JWT\"",
            "\"\\u0000\"",
            "\"é\"",
            "[]",
            "[\"a\"]",
            "[\"a\",\"a\"]",
            "[\"gate.example.com\"]",
            "[1]",
            "[[\"a\"]]",
            "[[[1]]]",
            "[[[[1]]]]",
            "{}",
            "{\"a\":1,\"a\":1}",
        ][..],
    );
    let names = select(
        &["iss", "aud", "sub", "jti", "iat", "nbf", "exp", "once", "groups", "alg", "typ", "kid", "crit", "x"][..],
    );
    (any::<Index>(), any::<bool>(), names, values, 0..4_u8).prop_map(move |(place, own_name, name, value, edit)| {
        let mut members: Vec<String> = members.iter().map(ToString::to_string).collect();
        let place = place.index(members.len());
        let own = members[place].split(':').next().unwrap().to_owned();
        let member = if own_name { format!("{own}:{value}") } else { format!("\"{name}\":{value}") };
        match edit {
            0 => drop(members.remove(place)),
            1 => members.push(member),
            _ => members[place] = member,
        }
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_signed_pass_has_defects_exactly_if_core_calls_it_malformed(
        claims in edited(CLAIMS), header in edited(HEADER), which in any::<bool>(),
    ) {
        let pass = if which { forge::pass(HEADER, claims) } else { forge::pass(&header, CLAIMS) };
        // A pass of another key is turned away before its claims are read; these claims have nothing wrong with them.
        let malformed = core_says(&pass) == Some(Refusal::Malformed);
        prop_assert_eq!(malformed, !defects(&pass).is_empty(), "{} {:?}", pass, defects(&pass));
    }

    #[test]
    fn a_damaged_pass_has_defects_if_core_calls_it_malformed(
        place in any::<Index>(), byte in select(&b"aBz09-_=+/.* \n\"{}"[..]), edit in 0..3_u8,
    ) {
        let mut pass = forge::pass(HEADER, CLAIMS).into_bytes();
        let place = place.index(pass.len());
        match edit {
            0 => drop(pass.remove(place)),
            1 => pass.insert(place, byte),
            _ => pass[place] = byte,
        }
        let pass = String::from_utf8(pass).unwrap();
        // `inspect` takes white space around a pass for an accident of copying; a gate takes nothing.
        let pass = pass.trim();
        let found = defects(pass);
        match core_says(pass) {
            Some(Refusal::Malformed) => prop_assert!(!found.is_empty()),
            // Claims behind a bad signature are not read by core, so that their defects are not its reason.
            Some(Refusal::UnknownKey | Refusal::BadSignature) => {
                prop_assert!(found.iter().all(|defect| defect.as_str().is_some_and(|text| text.contains("claim") || text.contains("`exp`"))), "{:?}", found);
            }
            _ => prop_assert_eq!(found.len(), 0),
        }
    }
}

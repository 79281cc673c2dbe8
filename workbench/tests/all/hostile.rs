//! No text makes an export panic, and what it gives is JSON.

use proptest::prelude::*;

use crate::{said, shipped};

fn all(policy: &str, cases: &str, number: usize, at: f64) {
    said(&tapgate_workbench::check(policy));
    said(&tapgate_workbench::test(policy, cases));
    said(&tapgate_workbench::story(policy, cases, number));
    said(&tapgate_workbench::probe(policy, cases, number, at));
    said(&tapgate_workbench::inspect(policy, cases, Some(policy.to_owned()), at));
}

#[test]
fn odd_texts_and_numbers_are_answered() {
    let (policy, cases) = shipped("day-one");
    for at in [f64::NAN, f64::INFINITY, -1.0, 1e300, 0.0] {
        all(&policy, &cases, 0, at);
    }
    all(&policy, &cases, usize::MAX, 1.0);
    let long = "a".repeat((8 << 20) + 1);
    for text in ["", "\u{0}", "&a [*a]", "a: &a {b: *a}", "[[[[[[[[[[", "cases: [{}]", "- - - -", &long] {
        all(text, &cases, 0, 1.0);
        all(&policy, text, 0, 1.0);
    }
    assert!(tapgate_workbench::inspect(&policy, &long, None, 1.0).len() < 4000);
}

/// As many browsers as steps: what is asked of them does not grow with the square.
#[test]
fn a_story_of_two_thousand_browsers_is_told() {
    let (policy, _) = shipped("entra-default");
    let step = |number: usize| format!("  - {{wait: 1s, browser: b{number}, request: GET /x, expect: {{}}}}\n");
    let steps: String = (0..2000).map(step).collect();
    let cases = format!("passes:\n  alice: {{user: a}}\ncases:\n- name: Crowd\n  shows: ['4.3']\n  steps:\n{steps}");
    let story = said(&tapgate_workbench::story(&policy, &cases, 0));
    assert_eq!(story["steps"].as_array().unwrap().len(), 2000);
    let moment = said(&tapgate_workbench::probe(&policy, &cases, 0, 1_795_600_000.0));
    assert_eq!(moment["browsers"].as_array().unwrap().len(), 64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_one_panic(text in "\\PC{0,200}", token in "[A-Za-z0-9_.=#& -]{0,120}") {
        let (policy, cases) = shipped("entra-default");
        all(&text, &cases, 0, 1.0);
        all(&policy, &text, 0, 1.0);
        said(&tapgate_workbench::inspect(&policy, &token, Some(text), 1_795_507_200.0));
    }

    /// A shipped file with a piece cut out, or doubled, or moved.
    #[test]
    fn no_damage_makes_one_panic(which in 0..5_usize, from in 0.0..1.0_f64, length in 0..60_usize, to in 0.0..1.0_f64, number in 0..6_usize) {
        let name = ["entra-default", "one-time-strict", "help-desk", "day-one", "multi-tenant"][which];
        let (policy, cases) = shipped(name);
        let damaged = |text: &str| {
            let letters: Vec<char> = text.chars().collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
            let place = |at: f64| (at * letters.len() as f64) as usize;
            let (from, to) = (place(from), place(to));
            let piece: String = letters.iter().skip(from).take(length).collect();
            let mut rest: Vec<char> = letters.clone();
            rest.drain(from..(from + length).min(letters.len()));
            let to = to.min(rest.len());
            rest.iter().take(to).chain(&piece.chars().collect::<Vec<_>>()).chain(rest.iter().skip(to)).collect::<String>()
        };
        all(&damaged(&policy), &cases, number, 1_795_510_000.0);
        all(&policy, &damaged(&cases), number, 1_795_510_000.0);
    }
}

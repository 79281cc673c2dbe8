//! `tapgate inspect`.

use serde_json::{Value, json};
use tapgate_cli::Exit;

use crate::forge::{self, CLAIMS, HEADER};
use crate::support::{KEY, NOW, OTHER_KEY, Outcome, equipped, minted, tapgate};

/// Inspects with the key of the environment, as JSON.
fn verified(pass: &str) -> (Exit, Value) {
    let outcome = equipped(&["inspect", "--json", pass]).run();
    (outcome.exit, outcome.json())
}

fn first_line(outcome: &Outcome) -> &str {
    outcome.stdout.lines().next().unwrap_or_default()
}

#[test]
fn without_a_key_it_says_that_nothing_is_verified() {
    let pass = minted(&["--once", "--group", "staff", "--start", "+2h", "--end", "+4h"]);
    let outcome = tapgate(&["inspect", &pass]).run().succeeded();
    assert!(first_line(&outcome).starts_with("NOT VERIFIED: no key was given"));
    let expected = "
header
  alg       `HS256`
  typ       `tap+jwt`
  kid       `pass-1`

claims
  issuer    `https://gate.example.com`
  audience  `gate.example.com`
  user      `alice@example.com`
  id        `AAECAwQFBgcICQoLDA0ODw`
  issued    2026-11-24T06:07:53Z, now
  starts    2026-11-24T08:07:53Z, in 2 h
  ends      2026-11-24T10:07:53Z, in 4 h
  use       one-time
  groups    `staff`
  lifetime  120 min (2 h)

going by what it says, not yet valid: starts in 2 h
";
    outcome.says(expected);
}

#[test]
fn even_with_a_key_it_can_only_look() {
    let outcome = equipped(&["inspect", "--no-key", &minted(&[])]).env("TAPGATE_PASS_KEY", OTHER_KEY).run().succeeded();
    assert!(first_line(&outcome).starts_with("NOT VERIFIED"));
}

#[test]
fn without_a_key_time_does_not_decide() {
    let report = tapgate(&["inspect", "--json", &minted(&[])]).at(NOW + 3600).run().succeeded().json();
    assert_eq!(report["time"], "expired");
    assert_eq!(report["refusal"], Value::Null);
    assert_eq!(report["verified"], false);
}

#[test]
fn with_a_key_it_says_what_was_checked() {
    equipped(&["inspect", &minted(&[])]).run().succeeded().says(
        "VERIFIED
  signature: good, by the key in the environment variable `TAPGATE_PASS_KEY`
  key id: as expected
  issuer: as expected
  audience: as expected
  policy and ledger: not checked, only a gate knows them
",
    );
    tapgate(&["inspect", &minted(&[])]).env("TAPGATE_PASS_KEY", KEY).run().succeeded().says(
        "VERIFIED
  signature: good, by the key in the environment variable `TAPGATE_PASS_KEY`
  key id: not checked (give `--key-id`)
  issuer: not checked (give `--issuer`)
  audience: not checked (give `--audience`)
",
    );
}

#[test]
fn json_says_what_was_checked() {
    let (exit, report) = verified(&minted(&[]));
    assert_eq!(exit, Exit::Done);
    let checked = json!({"form": true, "signature": true, "keyId": true, "issuer": true, "audience": true});
    assert_eq!(report["checked"], checked);
    assert_eq!(report["verified"], true);
    assert_eq!(report["time"], "in_time");
    assert_eq!(report["start"], "2026-11-24T06:07:53Z");
    assert_eq!(report["end"], "2026-11-24T07:07:53Z");
    assert_eq!(report["defects"], json!([]));
}

#[test]
fn each_way_to_be_refused_has_its_name() {
    let pass = minted(&[]);
    let once = minted(&["--once", "--start", "+10s"]);
    let multi = minted(&["--start", "+10s"]);
    for (more, pass, now, refusal) in [
        (&["--key-env", "OTHER"][..], &pass, NOW, Some("bad_signature")),
        (&["--key-id", "pass-2"], &pass, NOW, Some("unknown_key")),
        (&["--issuer", "https://other.example.com"], &pass, NOW, Some("wrong_audience")),
        (&["--audience", "other.example.com"], &pass, NOW, Some("wrong_audience")),
        (&[], &pass, NOW + 3599, None),
        (&[], &pass, NOW + 3600, Some("expired")),
        (&[], &multi, NOW, None),
        (&[], &once, NOW, Some("not_yet_valid")),
        (&[], &once, NOW + 10, None),
        (&[], &pass, NOW - 30, None),
        (&[], &pass, NOW - 31, Some("not_yet_valid")),
    ] {
        let outcome = equipped(&[&["inspect", "--json", pass], more].concat()).env("OTHER", OTHER_KEY).at(now).run();
        assert_eq!(outcome.json()["refusal"], json!(refusal), "{more:?} {now}");
        assert_eq!(outcome.exit, if refusal.is_some() { Exit::Findings } else { Exit::Done });
    }
}

#[test]
fn a_forged_pass_is_not_trusted_in_words_either() {
    let outcome = equipped(&["inspect", &minted(&[])]).env("TAPGATE_PASS_KEY", OTHER_KEY).run().ended(Exit::Findings);
    assert_eq!(first_line(&outcome), "REFUSED (bad_signature): whatever follows may have been written by anybody");
    outcome.says("signature: not by the key in").says("going by what it says, in time");
}

#[test]
fn a_pass_is_found_wherever_it_comes_from() {
    let pass = minted(&[]);
    let link = format!("https://gate.example.com/.tap/sign-in#pass={pass}");
    for text in [pass.clone(), format!("  {pass}\r\n"), link.clone(), format!("{link}\n")] {
        equipped(&["inspect"]).stdin(text.clone()).run().succeeded();
        equipped(&["inspect", "-"]).stdin(text.clone()).run().succeeded();
        equipped(&["inspect", &text]).stdin("never read").run().succeeded();
    }
}

#[test]
fn a_person_who_types_is_told_and_done_at_the_end_of_the_line() {
    let outcome = equipped(&["inspect"]).typed().stdin(format!("{}\n", minted(&[]))).run().succeeded();
    assert!(outcome.stderr.contains("then press Enter"));
}

#[test]
fn what_holds_no_pass_is_not_readable() {
    for (text, words) in [
        ("", "the input is empty"),
        (" \r\n\t", "the input is empty"),
        ("https://gate.example.com/.tap/sign-in", "without `#pass=`"),
    ] {
        tapgate(&["inspect"]).stdin(text).run().failed(Exit::Unreadable, words);
    }
}

#[test]
fn defects_are_named() {
    let [header, claims] = [HEADER, CLAIMS].map(forge::base64url);
    let good = forge::pass(HEADER, CLAIMS);
    let signature = good.rsplit('.').next().unwrap();
    let with_claims = |from: &str, to: &str| forge::pass(HEADER, CLAIMS.replace(from, to));
    let with_header = |from: &str, to: &str| forge::pass(&HEADER.replace(from, to), CLAIMS);
    for (pass, words) in [
        ("4F7K9M2P".to_owned(), "a code that people type"),
        ("a.b".to_owned(), "2 parts between dots"),
        (format!("{good}.x"), "4 parts between dots"),
        (format!("{header}.{claims}.{signature}="), "the signature part is padded with `=`"),
        (format!("{header}==.{claims}.{signature}"), "the header part is padded with `=`"),
        (forge::sign(&format!("{header}.\n{claims}")), "the claims part has white space in it"),
        (
            format!("{header}.{claims}.+{}", signature[1..].replace(['-', '_'], "/")),
            "the signature part is in standard base64",
        ),
        (format!("{header}.{claims}.a*{}", &signature[2..]), "a foreign character at position 2"),
        (format!("{header}.{claims}.{}", &signature[..41]), "the signature part is cut off"),
        (format!("{header}.{claims}.{}B", &signature[..42]), "bits that are not used"),
        (with_header("HS256", "none"), "the header's `alg` is `none`, not `HS256`"),
        (with_header("HS256", "RS256"), "the header's `alg` is `RS256`, not `HS256`"),
        (with_header("tap+jwt", "JWT"), "the header's `typ` is `JWT`, not `tap+jwt`"),
        (with_header(r#","kid":"pass-1""#, ""), "the header has no `kid`"),
        (with_header(r#""kid""#, r#""crit":["kid"],"kid""#), "the header has `crit`"),
        (with_header("{", r#"{"alg":"none","#), "member `alg` appears twice"),
        (with_claims("{", r#"{"sub":"bob","#), "member `sub` appears twice"),
        (with_claims("}", r#","x":null}"#), "null is not accepted"),
        (with_claims("}", r#","x":[[[[1]]]]}"#), "nested too deeply"),
        (forge::pass(HEADER, "[]"), "expected an object, found a list"),
        (forge::pass(HEADER, b"{\"sub\":\"\xff\"}"), "the claims part is no JSON object in strict form"),
        (with_claims(r#""iss":"https://gate.example.com","#, ""), "the claim `iss` is missing"),
        (with_claims(r#""aud":"gate.example.com""#, r#""aud":["a","b"]"#), "the claim `aud` is a list; expected"),
        (with_claims("alice@example.com", "alice smith"), "the claim `sub` is `alice smith`; expected a user name"),
        (with_claims("id-1", "id.1"), "the claim `jti` is `id.1`; expected 1 to 64"),
        (with_claims(r#""nbf":1795500473"#, r#""nbf":1795500473.5"#), "the claim `nbf` is `1795500473.5`"),
        (
            with_claims(r#""exp":1795504073"#, r#""exp":"1795504073""#),
            "the claim `exp` is `1795504073`; expected a whole",
        ),
        (with_claims(r#""exp":1795504073"#, r#""exp":1795500473"#), "ends (`exp`) before it starts"),
        (with_claims("}", r#","once":"yes"}"#), "the claim `once` is `yes`; expected true or false"),
        (with_claims("}", r#","groups":"staff"}"#), "expected a list of group names"),
        (with_claims("}", r#","groups":[1]}"#), "the claim `groups` is a list"),
        (with_claims("}", &format!(r#","x":"{}"}}"#, "x".repeat(4000))), "a pass has at most 4096"),
    ] {
        let outcome = tapgate(&["inspect"]).stdin(pass.clone()).run().ended(Exit::Findings);
        assert!(first_line(&outcome).starts_with("NOT A PASS in canonical form (malformed)"), "{}", outcome.stdout);
        outcome.says("  defect: ").says(words);
        equipped(&["inspect"]).stdin(pass).run().ended(Exit::Findings).says("REFUSED (malformed)").says(words);
    }
}

#[test]
fn what_is_wrong_with_claims_does_not_make_the_signature_bad() {
    let pass = forge::pass(HEADER, CLAIMS.replace("1795504073", "1795504073.5"));
    let (exit, report) = verified(&pass);
    assert_eq!(exit, Exit::Findings);
    assert_eq!([&report["refusal"], &report["checked"]["signature"]], [&json!("malformed"), &json!(true)]);
    let forged = pass.replace(&forge::base64url(HEADER), &forge::base64url(HEADER.replace("pass-1", "pass-2")));
    let (_, report) = verified(&forged);
    assert_eq!([&report["refusal"], &report["checked"]["signature"]], [&json!("unknown_key"), &json!(null)]);
}

#[test]
fn a_pass_that_names_an_id_of_no_key_is_of_an_unknown_key() {
    let pass = forge::pass(&HEADER.replace("pass-1", "pass 1"), CLAIMS);
    let outcome = tapgate(&["inspect", "--json", &pass]).env("TAPGATE_PASS_KEY", KEY).run().ended(Exit::Findings);
    assert_eq!(outcome.json()["refusal"], "unknown_key");
}

#[test]
fn unknown_claims_are_shown_and_do_no_harm() {
    let pass = forge::pass(HEADER, CLAIMS.replace('}', r#","note":{"a":[1.5,true]}}"#));
    equipped(&["inspect", &pass]).run().succeeded().says(r#"  note      {"a":[1.5,true]}"#);
}

#[test]
fn json_leaves_out_what_readers_would_disagree_about() {
    let pass = forge::pass(HEADER, CLAIMS.replace('{', r#"{"sub":"bob","#));
    let report = tapgate(&["inspect", "--json", &pass]).run().ended(Exit::Findings).json();
    assert_eq!(report["claims"], Value::Null);
    assert_eq!(report["header"]["kid"], "pass-1");
    // A person is shown both.
    tapgate(&["inspect", &pass]).run().says("`bob`").says("`alice@example.com`");
}

#[test]
fn a_key_that_is_named_has_to_be_there() {
    let pass = minted(&[]);
    tapgate(&["inspect", "--key-env", "MY_KEY", &pass]).run().failed(Exit::Key, "`MY_KEY` is not set");
    tapgate(&["inspect", &pass]).env("TAPGATE_PASS_KEY", "x").run().failed(Exit::Key, "no usable key");
}

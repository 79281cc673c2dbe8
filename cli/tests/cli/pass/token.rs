//! `tapgate admin-token`, and tokens that `pass` makes on the spot.

use tapgate_cli::Exit;

use super::{command, issuing};
use crate::policy::{Scratch, shipped};
use crate::support::{KEY, NOW, OTHER_KEY, Tapgate, tapgate};

const PRIVILEGED: &str = "Privileged Authentication Administrator";

/// The shipped policy with this much more.
pub(crate) fn policy(scratch: &Scratch, key: bool, more: &str) -> String {
    let text = std::fs::read_to_string(shipped("entra-default")).unwrap();
    let admin =
        "keys:\n  admin: [{id: admin-1, env: TAPGATE_ADMIN_KEY}, {id: admin-2, env: TAPGATE_FORMER_ADMIN_KEY}]\n";
    let text = if key { text.replacen("keys:\n", admin, 1) } else { text };
    scratch.file("policy.yaml", &format!("{text}\n{more}\n"))
}

pub(crate) const API: &str = "admin: {hosts: [gate.example.com]}";

fn token(policy: &str, arguments: &[&str]) -> Tapgate {
    tapgate(&[&["admin-token", "--policy", policy, "--subject", "desk@example.com"], arguments].concat())
        .env("TAPGATE_ADMIN_KEY", OTHER_KEY)
}

#[test]
fn a_token_is_all_that_is_printed() {
    let scratch = Scratch::new();
    let policy = policy(&scratch, true, API);
    let outcome = token(&policy, &["--role", PRIVILEGED, "--lifetime", "10"]).run().succeeded();
    assert_eq!(outcome.stdout.lines().count(), 1);
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["gate.example.com"]);
    rules.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_base64_secret(OTHER_KEY).unwrap();
    let read = jsonwebtoken::decode::<serde_json::Value>(outcome.stdout.trim_end(), &key, &rules).unwrap();
    assert_eq!((read.header.typ.as_deref(), read.header.kid.as_deref()), (Some("at+jwt"), Some("admin-1")));
    let claims = read.claims;
    assert_eq!((&claims["sub"], &claims["tid"]), (&"desk@example.com".into(), &"contoso".into()));
    assert_eq!((&claims["iat"], &claims["exp"]), (&NOW.into(), &(NOW + 600).into()));
    assert_eq!(claims["roles"], serde_json::json!([PRIVILEGED]));
    assert!(outcome.stderr.contains("whoever has this token is desk@example.com"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("until 2026-11-24T06:17:53Z, in 10 min"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(outcome.stdout.trim_end()));
}

#[test]
fn what_is_missing_is_named_with_its_mend() {
    let scratch = Scratch::new();
    let role = ["--role", PRIVILEGED];
    let complete = policy(&scratch, true, API);
    for (role, words) in
        [("Reports Reader", "`Reports Reader` may do nothing; one of these may: Privileged"), ("root", "`root`")]
    {
        token(&complete, &["--role", role]).run().failed(Exit::Usage, words);
    }
    let unset = tapgate(&["admin-token", "--policy", &complete, "--subject", "desk", "--role", PRIVILEGED]).run();
    unset.failed(Exit::Key, "the environment variable `TAPGATE_ADMIN_KEY` is not set");
    for lifetime in ["0", "61", "x"] {
        assert_eq!(token(&complete, &["--role", PRIVILEGED, "--lifetime", lifetime]).run().exit, Exit::Usage);
    }
    let long = "Global Reader".to_owned() + &" ".repeat(4000);
    token(&complete, &["--role", &long]).run().failed(Exit::Usage, "no gateway would take the token");
    assert_eq!(token(&complete, &[]).run().exit, Exit::Usage);
    let without_api = policy(&Scratch::new(), true, "");
    assert_ne!(token(&without_api, &role).run().exit, Exit::Done);
    let scratch = Scratch::new();
    token(&policy(&scratch, true, ""), &role).run().failed(Exit::Findings, "has no `admin`");
    let scratch = Scratch::new();
    token(&policy(&scratch, false, ""), &role).run().failed(Exit::Key, "has no `keys.admin`");
}

#[test]
fn a_role_that_reaches_nobody_is_doubted() {
    let scratch = Scratch::new();
    let complete = policy(&scratch, true, API);
    let outcome =
        token(&complete, &["--role", "authentication-administrator", "--role", "Guest Inviter"]).run().succeeded();
    assert!(outcome.stderr.contains("the role `Guest Inviter` may do nothing"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("directory is `open`"), "{}", outcome.stderr);
}

#[test]
fn pass_makes_a_token_for_one_call() {
    let scratch = Scratch::new();
    let complete = policy(&scratch, true, API);
    let fake = issuing();
    let arguments = ["create", "--policy", &complete, "--subject", "desk@example.com", "--role", PRIVILEGED];
    let outcome = command(&fake, &arguments).env("TAPGATE_ADMIN_KEY", KEY).run().succeeded();
    let outcome = outcome.says("sign in   https://gate.example.com/.tap/sign-in");
    let sent = fake.asked()[0].authorization.strip_prefix("Bearer ").unwrap().to_owned();
    assert!(sent.split('.').count() == 3 && !outcome.stdout.contains(&sent) && !outcome.stderr.contains(&sent));
    for incomplete in
        [&["create", "--subject", "a", "--role", "b"][..], &["create", "--policy", &complete, "--subject", "a"]]
    {
        assert_eq!(command(&fake, incomplete).run().exit, Exit::Usage);
    }
}

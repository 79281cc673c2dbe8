//! Signed passes: what is accepted, what is refused, and that whoever has no authentic one learns nothing (section 3).

use proptest::prelude::*;
use serde_json::json;
use tapgate_core::audit::Outcome;
use tapgate_core::refusal::Refusal;

use super::site::{Ask, Browser, Exchange, Pass, START, Site, jws, policy, policy_with};

const HEADER: &str = r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1"}"#;

fn sign_in(site: &mut Site, user: &str, pass: &str) -> (Exchange, Option<Refusal>) {
    let exchange = site.send(&mut Browser::default(), Ask::sign_in(user, pass).header("accept", "application/json"));
    let refusal = match site.audit.last().unwrap().outcome {
        Outcome::Refused(refusal) => Some(refusal),
        _ => None,
    };
    (exchange, refusal)
}

fn check(policy: &serde_json::Value, pass: &Pass, now: u64, expected: Option<Refusal>) {
    let mut site = Site::new(policy);
    site.now = now;
    let (exchange, refusal) = sign_in(&mut site, "", &pass.mint());
    assert_eq!(refusal, expected, "{pass:?} at {now}");
    match expected {
        None => assert_eq!(exchange.status, 200),
        Some(refusal) => {
            assert_eq!(exchange.status, refusal.face().status);
            assert_eq!(exchange.reason(), refusal.face().reason);
            assert!(exchange.header("set-cookie").is_none());
        }
    }
}

fn claims_with(name: &str, value: serde_json::Value) -> String {
    let mut claims = json!({
        "iss": "https://gate.example.com", "aud": "gate.example.com", "sub": "alice", "jti": "p",
        "iat": START, "nbf": START, "exp": START + 3600, "once": true,
    });
    claims[name] = value;
    claims.to_string()
}

#[test]
fn what_any_jwt_library_makes_signs_in() {
    for claims in [
        claims_with("groups", json!(["staff"])),
        claims_with("aud", json!(["gate.example.com"])),
        claims_with("unknown", json!({"deep": [1]})),
        format!(" {} ", claims_with("once", json!(false))),
    ] {
        let (exchange, _) = sign_in(&mut Site::new(&policy()), "", &jws(HEADER, &claims, 1));
        assert_eq!(exchange.status, 200, "{claims}");
    }
    let extra = r#"{"kid":"pass-1","typ":"tap+jwt","alg":"HS256","x":"y"}"#;
    let (exchange, _) = sign_in(&mut Site::new(&policy()), "", &jws(extra, &claims_with("a", json!(1)), 1));
    assert_eq!(exchange.status, 200);
}

#[test]
fn forged_and_broken_passes_get_one_neutral_answer() {
    let good = jws(HEADER, &claims_with("once", json!(true)), 1);
    let signature = good.rsplit_once('.').unwrap().1;
    let unsigned = good.rsplit_once('.').unwrap().0;
    let header = |text: &str| jws(text, &claims_with("once", json!(true)), 1);
    let claims = |text: &str| jws(HEADER, text, 1);
    // The last character of 32 bytes in base64url carries two unused bits.
    let stray = |text: &str| {
        let last = text.chars().last().unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let index = alphabet.find(last).unwrap() ^ 1;
        format!("{}{}", &text[..text.len() - 1], &alphabet[index..=index])
    };
    let cases = [
        ("empty segments", "..".to_owned(), Refusal::Malformed),
        ("two segments", unsigned.to_owned(), Refusal::Malformed),
        ("four segments", format!("{good}.x"), Refusal::Malformed),
        ("no signature", format!("{unsigned}."), Refusal::BadSignature),
        ("half a signature", good[..good.len() - 23].to_owned(), Refusal::BadSignature),
        ("padding", format!("{good}="), Refusal::Malformed),
        ("stray bits", stray(&good), Refusal::Malformed),
        ("foreign key", jws(HEADER, &claims_with("once", json!(true)), 9), Refusal::BadSignature),
        ("foreign kid", header(r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-2"}"#), Refusal::UnknownKey),
        ("no kid", header(r#"{"alg":"HS256","typ":"tap+jwt"}"#), Refusal::Malformed),
        ("alg none", header(r#"{"alg":"none","typ":"tap+jwt","kid":"pass-1"}"#), Refusal::Malformed),
        ("alg none unsigned", format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap()), Refusal::Malformed),
        ("RS256", header(r#"{"alg":"RS256","typ":"tap+jwt","kid":"pass-1"}"#), Refusal::Malformed),
        ("another kind", header(r#"{"alg":"HS256","typ":"JWT","kid":"pass-1"}"#), Refusal::Malformed),
        ("a session's kind", header(r#"{"alg":"HS256","typ":"tap-session+jwt","kid":"pass-1"}"#), Refusal::Malformed),
        ("crit", header(r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1","crit":["exp"]}"#), Refusal::Malformed),
        ("empty crit", header(r#"{"alg":"HS256","typ":"tap+jwt","kid":"pass-1","crit":[]}"#), Refusal::Malformed),
        ("twice alg", header(r#"{"alg":"HS256","alg":"HS256","typ":"tap+jwt","kid":"pass-1"}"#), Refusal::Malformed),
        ("header array", header(r#"["HS256","tap+jwt","pass-1"]"#), Refusal::Malformed),
        ("claims array", claims("[]"), Refusal::Malformed),
        ("claims text", claims("\"x\""), Refusal::Malformed),
        ("twice sub", claims(&claims_with("a", json!(1)).replace("\"a\":1", "\"sub\":\"bob\"")), Refusal::Malformed),
        (
            "twice deep",
            claims(&claims_with("a", json!(1)).replace("\"a\":1", "\"a\":{\"b\":1,\"b\":2}")),
            Refusal::Malformed,
        ),
        ("null", claims(&claims_with("a", json!(null))), Refusal::Malformed),
        ("too deep", claims(&claims_with("a", json!([[[[1]]]]))), Refusal::Malformed),
        ("trailing", claims(&format!("{} x", claims_with("a", json!(1)))), Refusal::Malformed),
        ("fraction", claims(&claims_with("exp", json!(1_795_510_800.5))), Refusal::Malformed),
        (
            "exponent",
            claims(&claims_with("a", json!(1)).replace(&(START + 3600).to_string(), "1.7955108e9")),
            Refusal::Malformed,
        ),
        ("negative", claims(&claims_with("iat", json!(-1))), Refusal::Malformed),
        ("far away", claims(&claims_with("exp", json!(253_402_300_800_u64))), Refusal::Malformed),
        ("time as text", claims(&claims_with("exp", json!("1795510800"))), Refusal::Malformed),
        ("end before start", claims(&claims_with("exp", json!(START))), Refusal::Malformed),
        ("once as text", claims(&claims_with("once", json!("false"))), Refusal::Malformed),
        ("groups as text", claims(&claims_with("groups", json!("staff"))), Refusal::Malformed),
        ("groups of numbers", claims(&claims_with("groups", json!([1]))), Refusal::Malformed),
        ("too many groups", claims(&claims_with("groups", json!(vec!["g"; 65]))), Refusal::Malformed),
        ("user with space", claims(&claims_with("sub", json!("a b"))), Refusal::Malformed),
        ("no user", claims(&claims_with("sub", json!(""))), Refusal::Malformed),
        ("long id", claims(&claims_with("jti", json!("j".repeat(65)))), Refusal::Malformed),
        ("id with dot", claims(&claims_with("jti", json!("a.b"))), Refusal::Malformed),
        ("two audiences", claims(&claims_with("aud", json!(["gate.example.com", "x"]))), Refusal::Malformed),
        ("no audience", claims(&claims_with("aud", json!([]))), Refusal::Malformed),
        ("another audience", claims(&claims_with("aud", json!("other.example.com"))), Refusal::WrongAudience),
        ("another issuer", claims(&claims_with("iss", json!("https://gate.example.com/"))), Refusal::WrongAudience),
        ("oversized", claims(&claims_with("a", json!("x".repeat(4096)))), Refusal::Malformed),
        ("not ASCII", format!("{good}\u{e9}"), Refusal::Malformed),
        ("a space inside", good.replacen('.', ". ", 1), Refusal::BadSignature),
        ("a code", "ABCD2345".to_owned(), Refusal::UnknownCode),
        (
            "other bytes signed",
            format!("{}.{}.{signature}", "e30", good.split('.').nth(1).unwrap()),
            Refusal::Malformed,
        ),
    ];
    let (neutral, _) = sign_in(&mut Site::new(&policy()), "", "x.y.z");
    assert_eq!((neutral.status, neutral.reason().as_str()), (401, "invalid_pass"));
    for (what, pass, expected) in cases {
        let (exchange, refusal) = sign_in(&mut Site::new(&policy()), "", &pass);
        assert_eq!(refusal, Some(expected), "{what}");
        assert_eq!(
            (exchange.status, exchange.headers, exchange.body),
            (neutral.status, neutral.headers.clone(), neutral.body.clone()),
            "{what}"
        );
    }
}

#[test]
fn a_pass_signs_in_its_own_user_only() {
    let pass = Pass::once("p").mint();
    for (typed, refusal) in [
        ("", None),
        ("alice@example.com", None),
        (" Alice@Example.com ", None),
        ("bob@example.com", Some(Refusal::WrongUser)),
        ("alice", Some(Refusal::WrongUser)),
        ("alice@example.com bob", Some(Refusal::WrongUser)),
        ("\u{212b}lice@example.com", Some(Refusal::WrongUser)),
    ] {
        let (_, found) = sign_in(&mut Site::new(&policy()), typed, &pass);
        assert_eq!(found, refusal, "{typed}");
    }
}

#[test]
fn a_pass_is_usable_from_its_start_to_before_its_end() {
    let once = Pass { start: START + 100, end: START + 3700, ..Pass::once("p") };
    let many = Pass { once: false, ..once.clone() };
    for (pass, at, refusal) in [
        (&once, START + 99, Some(Refusal::NotYetValid)),
        (&once, START + 100, None),
        (&once, START + 3699, None),
        (&once, START + 3700, Some(Refusal::Expired)),
        (&many, START + 69, Some(Refusal::NotYetValid)),
        (&many, START + 70, None),
        (&many, START + 3699, None),
        (&many, START + 3700, Some(Refusal::Expired)),
    ] {
        check(&policy(), pass, at, refusal);
    }
    let ahead = Pass { issued: START + 31, ..Pass::many("p") };
    check(&policy(), &ahead, START, Some(Refusal::NotYetValid));
    check(&policy(), &ahead, START + 1, None);
}

#[test]
fn a_policy_is_applied_when_the_pass_is_presented() {
    let once = Pass::once("p");
    let many = Pass::many("p");
    let disabled = policy_with("/temporaryAccessPass/state", json!("disabled"));
    check(&disabled, &once, START, Some(Refusal::Disabled));
    let one_time = policy_with("/temporaryAccessPass/isUsableOnce", json!(true));
    check(&one_time, &many, START, Some(Refusal::MultiUseForbidden));
    check(&one_time, &once, START, None);
    for (minutes, refusal) in
        [(59, Some(Refusal::LifetimeOutOfPolicy)), (60, None), (480, None), (481, Some(Refusal::LifetimeOutOfPolicy))]
    {
        check(&policy(), &Pass { end: START + minutes * 60, ..once.clone() }, START, refusal);
    }
    let starts_now = policy_with("/signIn/startsWithinInMinutes", json!(0));
    check(&starts_now, &Pass { issued: START - 1, ..once.clone() }, START, Some(Refusal::LifetimeOutOfPolicy));
    check(&starts_now, &once, START, None);
}

#[test]
fn groups_decide_who_is_in_scope() {
    let staff = policy_with("/temporaryAccessPass/includeTargets", json!([{"targetType": "group", "id": "staff"}]));
    let mut no_contractors = policy();
    no_contractors["temporaryAccessPass"]["excludeTargets"] = json!([{"targetType": "group", "id": "contractors"}]);
    let alice =
        policy_with("/temporaryAccessPass/includeTargets", json!([{"targetType": "user", "id": "ALICE@example.com"}]));
    let groups = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let out = Some(Refusal::OutOfScope);
    for (policy, groups, refusal) in [
        (&staff, None, out),
        (&staff, groups(&[]), out),
        (&staff, groups(&["Staff"]), out),
        (&staff, groups(&["x", "staff"]), None),
        (&no_contractors, None, out),
        (&no_contractors, groups(&[]), None),
        (&no_contractors, groups(&["contractors"]), out),
        (&alice, None, None),
    ] {
        check(policy, &Pass { groups, ..Pass::once("p") }, START, refusal);
    }
    check(&alice, &Pass { user: "bob".into(), ..Pass::once("p") }, START, out);
}

#[test]
fn a_directory_knows_better_than_the_pass() {
    let mut policy =
        policy_with("/temporaryAccessPass/includeTargets", json!([{"targetType": "group", "id": "staff"}]));
    policy["directory"] = json!({"users": [
        {"id": "7E1F", "userPrincipalName": "alice@example.com", "groups": ["staff"]},
        {"id": "bob", "groups": []},
    ]});
    check(&policy, &Pass { groups: None, ..Pass::once("p") }, START, None);
    check(&policy, &Pass { user: "7e1f".into(), ..Pass::once("p") }, START, None);
    let claims_staff = Pass { user: "bob".into(), groups: Some(vec!["staff".into()]), ..Pass::once("p") };
    check(&policy, &claims_staff, START, Some(Refusal::OutOfScope));
    check(&policy, &Pass { user: "carol".into(), ..Pass::once("p") }, START, Some(Refusal::OutOfScope));

    let mut site = Site::new(&policy);
    let (exchange, refusal) = sign_in(&mut site, "7e1F", &Pass::once("p").mint());
    assert_eq!(refusal, None);
    assert!(exchange.body.contains(r#""user":"7E1F""#), "the identity is the directory's id: {}", exchange.body);
}

#[test]
fn keys_rotate_without_a_gap() {
    let two = policy_with(
        "/keys/pass",
        json!([{"id": "pass-2", "value": super::site::key(7)}, {"id": "pass-1", "value": super::site::key(1)}]),
    );
    check(&two, &Pass::once("p"), START, None);
    check(&two, &Pass { key: 7, key_id: "pass-2".into(), ..Pass::once("p") }, START, None);
    check(&two, &Pass { key: 1, key_id: "pass-2".into(), ..Pass::once("p") }, START, Some(Refusal::BadSignature));
}

proptest! {
    /// Changing any one character of a pass makes it somebody else's word.
    #[test]
    fn no_changed_pass_signs_in(at in 0_usize..300, to in "[A-Za-z0-9_.=-]") {
        let pass = Pass::once("p").mint();
        let at = at % pass.len();
        prop_assume!(pass[at..=at] != *to);
        let changed = format!("{}{to}{}", &pass[..at], &pass[at + 1..]);
        let (exchange, refusal) = sign_in(&mut Site::new(&policy()), "", &changed);
        prop_assert_eq!(exchange.status, 401);
        prop_assert!(matches!(refusal, Some(Refusal::Malformed | Refusal::UnknownKey | Refusal::BadSignature)));
    }

    /// Whatever is presented, there is an answer, and no session for it.
    #[test]
    fn noise_is_refused(pass in ".{0,200}", user in ".{0,40}") {
        let (exchange, _) = sign_in(&mut Site::new(&policy()), &user, &format!(".{pass}"));
        prop_assert_eq!(exchange.status, 401);
        prop_assert!(exchange.header("set-cookie").is_none());
    }
}

//! Typed codes: issued by an administrator, typed by a person, guessed at by strangers (7.6, 7.7).

use serde_json::{Value, json};
use tapgate_core::ledger::{Ledger, Loaded, Memory, Put, RecordName, SwapReply, Unavailable, Version};
use tapgate_core::names::Identity;
use tapgate_core::policy::Policy;
use tapgate_core::refusal::Refusal;
use tapgate_core::time::UnixSeconds;

use crate::admin::{call, create, site_with, token};
use crate::site::{Ask, Browser, Exchange, Pass, START, Site, receipt_for};

const ALICE: &str = "alice@example.com";

fn site() -> Site {
    site_with(&json!({}))
}

fn guess(site: &mut Site, user: &str, code: &str) -> Exchange {
    site.send(&mut Browser::default(), Ask::sign_in(user, code))
}

fn lets_in(exchange: &Exchange) -> bool {
    exchange.status == 303
        && exchange.headers.iter().any(|(name, value)| name == "set-cookie" && value.contains("tapgate="))
}

/// What the log says last.
fn last_refusal(site: &Site) -> Option<Refusal> {
    match site.audit.last()?.outcome {
        tapgate_core::audit::Outcome::Refused(refusal) => Some(refusal),
        _ => None,
    }
}

/// Another code of the same form.
fn wrong(code: &str) -> String {
    let turned = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{turned}", &code[..code.len() - 1])
}

#[test]
fn a_code_works_however_it_is_typed_and_leads_to_registration() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    assert_eq!(code.len(), 8, "the policy's defaultLength");
    let typed =
        format!("{}-{}", code[..4].to_lowercase(), code[4..].to_lowercase()).replace('0', "o").replace('1', "l");
    let mut browser = Browser::default();
    let exchange = site.send(&mut browser, Ask::sign_in("ALICE@example.com", &typed));
    assert!(lets_in(&exchange), "{exchange:?}");
    assert_eq!(exchange.header("location"), Some("/register"));
    assert!(site.send(&mut browser, Ask::page("/register")).forwarded.is_some());
    assert_eq!(site.send(&mut browser, Ask::page("/shop")).status, 303);
    let now = site.now;
    site.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
        crate::site::Answer::ok().with("tapgate-receipt", &receipt_for(request, now))
    });
    assert!(site.send(&mut browser, Ask::page("/shop")).forwarded.is_some(), "registered");
}

#[test]
fn a_code_needs_its_users_name() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    for user in ["", "bob@example.com", "no such name", "x"] {
        assert_eq!(guess(&mut site, user, &code).status, 401, "{user}");
    }
    assert!(lets_in(&guess(&mut site, ALICE, &code)));
}

#[test]
fn a_one_time_code_has_one_holder_and_a_multi_use_code_many() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({"isUsableOnce": true}));
    let mut holder = Browser::default();
    assert!(lets_in(&site.send(&mut holder, Ask::sign_in(ALICE, &code))));
    let stranger = guess(&mut site, ALICE, &code);
    assert_eq!(stranger.status, 401);
    assert_eq!(last_refusal(&site), Some(Refusal::AlreadyUsed), "whoever has the code is told");
    assert!(stranger.body.contains("has been used"), "{}", stranger.body);
    assert!(lets_in(&site.send(&mut holder, Ask::sign_in(ALICE, &code))), "its holder may try again");

    let (_, code) = create(&mut site, ALICE, &json!({"isUsableOnce": false}));
    assert!(lets_in(&guess(&mut site, ALICE, &code)) && lets_in(&guess(&mut site, ALICE, &code)));
}

#[test]
fn a_code_ends_with_its_pass_its_replacement_and_its_deletion() {
    let mut site = site();
    let (_, first) = create(&mut site, ALICE, &json!({}));
    let mut browser = Browser::default();
    assert!(lets_in(&site.send(&mut browser, Ask::sign_in(ALICE, &first))));
    let (id, second) = create(&mut site, ALICE, &json!({}));
    assert_ne!(first, second);
    assert_eq!(site.send(&mut browser, Ask::page("/register")).status, 303, "a replaced pass's session is dead");
    guess(&mut site, ALICE, &first);
    assert_eq!(last_refusal(&site), Some(Refusal::UnknownCode), "nobody can tell that it was one");
    assert!(lets_in(&guess(&mut site, ALICE, &second)));
    let token = token(&site, "root@example.com", &["Privileged Authentication Administrator"]);
    let gone = call(
        &mut site,
        "DELETE",
        &format!("users/{ALICE}/authentication/temporaryAccessPassMethods/{id}"),
        &token,
        None,
    );
    assert_eq!(gone.status, 204, "{gone:?}");
    guess(&mut site, ALICE, &second);
    assert_eq!(last_refusal(&site), Some(Refusal::UnknownCode));

    let (_, code) = create(&mut site, ALICE, &json!({"lifetimeInMinutes": 60}));
    site.now += 3599;
    assert!(lets_in(&guess(&mut site, ALICE, &code)));
    site.now += 1;
    guess(&mut site, ALICE, &code);
    assert_eq!(last_refusal(&site), Some(Refusal::Expired));
}

#[test]
fn a_code_that_starts_later_is_refused_until_then() {
    let mut site = site();
    let start = UnixSeconds::new(START + 7200).unwrap().to_string();
    let (_, code) = create(&mut site, ALICE, &json!({"startDateTime": start, "isUsableOnce": true}));
    guess(&mut site, ALICE, &code);
    assert_eq!(last_refusal(&site), Some(Refusal::NotYetValid));
    site.now += 7200;
    assert!(lets_in(&guess(&mut site, ALICE, &code)));
}

#[test]
fn a_policy_that_is_tightened_stops_codes_that_are_out() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({"isUsableOnce": false}));
    let mut policy = crate::admin::policy(&json!({}));
    policy["temporaryAccessPass"]["isUsableOnce"] = json!(true);
    site.reload(&policy);
    guess(&mut site, ALICE, &code);
    assert_eq!(last_refusal(&site), Some(Refusal::MultiUseForbidden));
    policy["temporaryAccessPass"]["state"] = json!("disabled");
    site.reload(&policy);
    guess(&mut site, ALICE, &code);
    assert_eq!(last_refusal(&site), Some(Refusal::Disabled));
}

#[test]
fn after_five_wrong_guesses_each_next_one_waits() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    let bad = wrong(&code);
    for _ in 0..5 {
        guess(&mut site, ALICE, &bad);
        assert_eq!(last_refusal(&site), Some(Refusal::UnknownCode));
    }
    for wait in [30, 60, 120, 240, 480, 600, 600] {
        for _ in 0..3 {
            assert_eq!(guess(&mut site, ALICE, &code).status, 401, "not even the right one");
            assert_eq!(last_refusal(&site), Some(Refusal::LockedOut));
        }
        site.now += wait - 1;
        guess(&mut site, ALICE, &code);
        assert_eq!(last_refusal(&site), Some(Refusal::LockedOut), "{wait}");
        site.now += 1;
        guess(&mut site, ALICE, &bad);
        assert_eq!(last_refusal(&site), Some(Refusal::UnknownCode), "{wait}");
    }
}

#[test]
fn the_right_code_ends_a_row_of_wrong_ones() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({"isUsableOnce": false}));
    for _ in 0..3 {
        for _ in 0..4 {
            guess(&mut site, ALICE, &wrong(&code));
        }
        assert!(lets_in(&guess(&mut site, ALICE, &code)));
    }
}

#[test]
fn a_hundred_wrong_guesses_kill_the_code_and_no_signed_pass() {
    let mut site = site_with(&json!({"maximumLifetimeInMinutes": 43200}));
    let (_, code) = create(&mut site, ALICE, &json!({"lifetimeInMinutes": 43200, "isUsableOnce": false}));
    for _ in 0..100 {
        guess(&mut site, ALICE, &wrong(&code));
        assert_eq!(last_refusal(&site), Some(Refusal::UnknownCode));
        site.now += 600;
    }
    site.now += 3600;
    guess(&mut site, ALICE, &code);
    assert_eq!(last_refusal(&site), Some(Refusal::LockedOut), "dead");
    let token = token(&site, "root@example.com", &["Global Reader"]);
    let list =
        call(&mut site, "GET", &format!("users/{ALICE}/authentication/temporaryAccessPassMethods"), &token, None);
    let list: Value = serde_json::from_str(&list.body).unwrap();
    assert_eq!(list["value"][0]["isUsable"], false);
    let now = site.now;
    let signed = Pass { issued: now, start: now, end: now + 3600, ..Pass::once("signed") }.mint();
    assert!(lets_in(&guess(&mut site, "", &signed)), "a stranger cannot lock a signed pass out");
    let (_, code) = create(&mut site, "bob@example.com", &json!({}));
    assert!(lets_in(&guess(&mut site, "bob@example.com", &code)));
}

/// A ledger that counts.
struct Counting<'a> {
    ledger: &'a mut Memory,
    calls: Vec<&'static str>,
    written: usize,
}

impl Ledger for Counting<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.calls.push("load");
        self.ledger.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        self.calls.push("swap");
        let reply = self.ledger.swap(policy, expected, put, now);
        self.written += usize::from(reply == SwapReply::Swapped);
        reply
    }
}

#[test]
fn whoever_does_not_know_the_code_learns_nothing() {
    let directory = json!({"users": [
        {"id": "alice", "userPrincipalName": ALICE},
        {"id": "bob", "userPrincipalName": "bob@example.com"},
        {"id": "carol", "userPrincipalName": "carol@example.com"},
        {"id": "dave", "userPrincipalName": "dave@example.com"},
    ]});
    let mut policy = crate::admin::policy(&json!({"maximumLifetimeInMinutes": 43200}));
    policy["directory"] = directory;
    let mut site = Site::new(&policy);
    let long = json!({"lifetimeInMinutes": 43200, "isUsableOnce": false});
    let (_, alices) = create(&mut site, "alice", &long);
    let (_, carols) = create(&mut site, "carol", &long);
    let (_, daves) = create(&mut site, "dave", &long);
    for _ in 0..100 {
        guess(&mut site, "dave", &wrong(&daves));
        site.now += 600;
    }
    for _ in 0..5 {
        guess(&mut site, "carol", &wrong(&carols));
    }
    let mut seen = Vec::new();
    for (user, code, written) in [
        ("nobody@example.com", alices.as_str(), 0),
        ("bob@example.com", alices.as_str(), 0),
        (ALICE, &wrong(&alices), 1),
        ("carol@example.com", &carols, 0),
        ("dave@example.com", &daves, 0),
    ] {
        let ask = Ask::sign_in(user, code);
        let (exchange, calls, wrote) =
            site.send_counted(ask, |ledger| Counting { ledger, calls: Vec::new(), written: 0 });
        assert_eq!(wrote, written, "{user}");
        let mut headers = exchange.headers.clone();
        headers.sort();
        seen.push((user, exchange.status, headers, exchange.body, calls));
    }
    for one in &seen {
        assert_eq!((&one.1, &one.2, &one.3, &one.4), (&seen[0].1, &seen[0].2, &seen[0].3, &seen[0].4), "{}", one.0);
    }
    assert_eq!(seen[0].4, ["load", "swap"]);
    let name = RecordName::of(&"contoso".parse().unwrap(), &"nobody@example.com".parse::<Identity>().unwrap());
    assert_eq!(site.ledger.get(&name), None, "and nobody's record is left");
}

/// A ledger whose swaps are carried out or not, and nobody hears.
pub(crate) struct Deaf<'a>(pub(crate) &'a mut Memory);

impl Ledger for Deaf<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.0.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        self.0.swap(policy, expected, put, now);
        SwapReply::Unknown
    }
}

#[test]
fn lost_replies_tell_nobody_who_has_a_code() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({"isUsableOnce": true}));
    for user in [ALICE, "nobody@example.com"] {
        let ask = Ask::sign_in(user, &wrong(&code));
        let Site { gate, ledger, random, now, .. } = &mut site;
        let exchange = crate::site::one_answer(gate, &mut Deaf(ledger), random, *now, ask);
        assert_eq!(exchange.status, 401, "{user}");
    }
}

/// A ledger that takes nothing any more.
pub(crate) struct Full<'a>(pub(crate) &'a mut Memory);

impl Ledger for Full<'_> {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, Unavailable> {
        self.0.load(policy, name, now)
    }

    fn swap(&mut self, _: &Policy, _: Option<Version>, _: &Put, _: UnixSeconds) -> SwapReply {
        SwapReply::Refused
    }
}

/// A ledger that is away.
pub(crate) struct Gone;

impl Ledger for Gone {
    fn load(&mut self, _: &Policy, _: &RecordName, _: UnixSeconds) -> Result<Loaded, Unavailable> {
        Err(Unavailable)
    }

    fn swap(&mut self, _: &Policy, _: Option<Version>, _: &Put, _: UnixSeconds) -> SwapReply {
        SwapReply::Refused
    }
}

#[test]
fn a_sign_in_in_doubt_leaves_its_holder_cookie_whatever_was_typed() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    for code in [code.clone(), wrong(&code)] {
        let Site { gate, random, now, .. } = &mut site;
        let exchange = crate::site::one_answer(gate, &mut Gone, random, *now, Ask::sign_in(ALICE, &code));
        assert_eq!(exchange.status, 503);
        assert!(exchange.header("set-cookie").is_some_and(|cookie| cookie.starts_with("__Host-tapgate-holder=")));
    }
}

#[test]
fn an_uncontended_code_takes_two_calls() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    let ask = Ask::sign_in(ALICE, &code);
    let (exchange, calls, _) = site.send_counted(ask, |ledger| Counting { ledger, calls: Vec::new(), written: 0 });
    assert!(lets_in(&exchange));
    assert_eq!(calls, ["load", "swap"]);
}

impl Site {
    fn send_counted<'a>(
        &'a mut self,
        ask: Ask,
        counting: impl FnOnce(&'a mut Memory) -> Counting<'a>,
    ) -> (Exchange, Vec<&'static str>, usize) {
        let Self { gate, ledger, random, now, .. } = self;
        let mut counting = counting(ledger);
        let exchange = crate::site::one_answer(gate, &mut counting, random, *now, ask);
        (exchange, counting.calls, counting.written)
    }
}

#[test]
fn every_symbol_comes_up_in_every_place() {
    let mut site = site_with(&json!({"defaultLength": 48}));
    let mut counts = vec![[0_u32; 128]; 48];
    let rounds = 6400_u32;
    for _ in 0..rounds {
        let (_, code) = create(&mut site, ALICE, &json!({}));
        assert_eq!(code.len(), 48);
        for (place, byte) in code.bytes().enumerate() {
            counts[place][usize::from(byte)] += 1;
        }
        site.audit.clear();
    }
    // Each place's symbols against the even spread, by chi squared: 31 degrees of freedom, 48 places. One place in a
    // million exceeds 82 by chance.
    let expected = f64::from(rounds) / 32.0;
    for (place, counts) in counts.iter().enumerate() {
        let symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".bytes().map(|byte| counts[usize::from(byte)]);
        let all: u32 = symbols.clone().sum();
        assert_eq!(all, rounds, "no other symbol, place {place}");
        let chi: f64 = symbols.map(|count| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi < 82.0, "place {place}: {chi}");
    }
}

#[test]
fn neither_ledger_nor_log_holds_a_code() {
    let mut site = site();
    let (_, code) = create(&mut site, ALICE, &json!({}));
    guess(&mut site, ALICE, &wrong(&code));
    guess(&mut site, ALICE, &code);
    guess(&mut site, &code, &code);
    let name = RecordName::of(&"contoso".parse().unwrap(), &ALICE.parse::<Identity>().unwrap());
    let record = site.ledger.get(&name).unwrap().encode();
    assert!(!record.windows(4).any(|part| code.as_bytes().windows(4).any(|of| of == part)), "not four of its symbols");
    for event in &site.audit {
        let line = event.line(tapgate_core::audit::Origin::default());
        assert!(!line.to_ascii_uppercase().contains(&code), "{line}");
    }
}

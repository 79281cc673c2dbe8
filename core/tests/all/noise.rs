//! Bytes that mean nothing: whatever comes, there is an answer, and nothing that only the plugin may say goes on (10.1).

use proptest::prelude::*;
use tapgate_core::context::Context;
use tapgate_core::decide::{Gate, Head, ResponseView, Verdict};
use tapgate_core::headers::Header;
use tapgate_core::ledger::settle;
use tapgate_core::policy::compile;
use tapgate_core::request::RequestView;
use tapgate_core::time::UnixSeconds;

use super::site::{Pass, START, Site, policy};

/// Header names that mean something, among others that do not.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        ":method",
        ":path",
        ":authority",
        ":protocol",
        "cookie",
        "accept",
        "content-type",
        "content-length",
        "origin",
        "sec-fetch-mode",
        "sec-fetch-site",
        "upgrade",
        "tapgate-user",
        "Tapgate_State",
        "x-original-url",
        "te",
    ]);
    prop_oneof![4 => known.prop_map(|name| name.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

/// Values that mean something, among others that do not.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "POST",
        "GET",
        "CONNECT",
        "/sign-in",
        "/.tap/sign-in",
        "/.tap/status",
        "/register?x=1",
        "gate.example.com",
        "gate.example.com.:443",
        "navigate",
        "same-origin",
        "application/x-www-form-urlencoded",
        "application/json",
        "text/html;q=0.7, */*;q=1.x",
        "__Host-tapgate=a.b.c; x=tapgate-sealed.a.b",
        "99999999999999999999",
        "100",
    ]);
    prop_oneof![4 => known.prop_map(|value| value.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_request_is_answered_and_none_speaks_for_the_plugin(
        headers in prop::collection::vec((name(), value()), 0..14),
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), Just(b"pass=a.b.c&username=x".to_vec()), Just(br#"{"pass":"a.b.c"}"#.to_vec())],
        status in value(),
    ) {
        let mut site = Site::new(&policy());
        let headers: Vec<Header<'_>> = headers.iter().map(|(name, value)| (name.as_slice(), value.as_slice())).collect();
        let now = UnixSeconds::new(START).unwrap();
        let mut context = Context { now, random: &mut site.random };
        let step = site.gate.request(&RequestView::new(&headers), &mut context);
        let (mut removed, decision) = match settle(step, &mut site.ledger, &mut context) {
            Head::Decided(decision) => (Vec::new(), decision),
            Head::Body(wait) => {
                let edits = wait.edits().remove.clone();
                let step = wait.complete(&body, &mut context);
                (edits, settle(step, &mut site.ledger, &mut context))
            }
        };
        for event in &decision.audit {
            prop_assert!(event.line(Default::default()).bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
        match decision.verdict {
            Verdict::Reply(reply) => prop_assert!(reply.headers.iter().any(|(name, value)| *name == "cache-control" && value == "no-store")),
            Verdict::Forward(forward) => {
                removed.extend(forward.edits.remove);
                prop_assert!(forward.edits.add.iter().all(|(name, _)| name == b"cookie"), "nobody has a session");
                for (name, _) in headers.iter().filter(|(name, _)| name.to_ascii_lowercase().replace_separators().starts_with(b"tapgate-")) {
                    prop_assert!(removed.iter().any(|gone| gone == name));
                }
                let answer = [(&b":status"[..], status.as_slice()), (b"set-cookie", &body), (b"tapgate-x", b"y")];
                let response = ResponseView { headers: &answer, from_application: true };
                let step = Gate::response(&forward.stream, &response, &mut context).unwrap();
                let decision = settle(step, &mut site.ledger, &mut context);
                prop_assert!(decision.edits.remove.iter().any(|name| name == b"tapgate-x"));
            }
        }
    }

    /// A policy with any one stretch of it overwritten compiles or says why not.
    #[test]
    fn a_damaged_policy_is_refused_in_words(at in 0_usize..900, with in prop::collection::vec(any::<u8>(), 0..6)) {
        let mut document = policy().to_string().into_bytes();
        let at = at % document.len();
        let end = (at + with.len()).min(document.len());
        document.splice(at..end, with);
        if let Err(defects) = compile(&document, &|_| None) {
            prop_assert!(!defects.is_empty());
            for defect in defects {
                prop_assert!(!defect.expected.is_empty() && !defect.found.is_empty());
            }
        }
    }

    /// A session's cookie with any stretch of it overwritten is no session.
    #[test]
    fn a_damaged_session_is_none(at in 0_usize..500, with in "[A-Za-z0-9_.-]{1,4}") {
        let mut site = Site::new(&policy());
        let mut browser = site.registering(&Pass::once("p"));
        let cookie = browser.cookies["__Host-tapgate"].clone();
        let at = at % (cookie.len() - 4);
        let changed = format!("{}{with}{}", &cookie[..at], &cookie[at + with.len()..]);
        prop_assume!(changed != cookie);
        browser.cookies.insert("__Host-tapgate".into(), changed);
        let exchange = site.send(&mut browser, super::site::Ask::page("/register"));
        prop_assert!(exchange.seen("tapgate-user").is_empty());
    }
}

/// Reads a name as the least careful application does.
trait ReplaceSeparators {
    fn replace_separators(self) -> Self;
}

impl ReplaceSeparators for Vec<u8> {
    fn replace_separators(mut self) -> Self {
        self.iter_mut().filter(|byte| !byte.is_ascii_alphanumeric()).for_each(|byte| *byte = b'-');
        self
    }
}

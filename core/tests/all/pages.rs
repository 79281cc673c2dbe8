//! The plugin's own pages: what they weigh, what may run on them, what they say in which language, and that nothing from outside
//! is anything but text on them (section 4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::site::{Ask, Browser, Exchange, Pass, Site, policy};

const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "ja"];

/// The most bytes that a page has, headers and all.
const MOST_BYTES: usize = 30_000;

fn page(site: &mut Site, browser: &mut Browser, target: &str, language: &str) -> Exchange {
    site.send(browser, Ask::page(target).header("accept-language", language))
}

/// Every page there is, in a language.
fn every_page(site: &mut Site, language: &str) -> Vec<Exchange> {
    let mut pages = vec![page(site, &mut Browser::default(), "/.tap/sign-in", language)];
    for reason in [
        "invalid_pass",
        "not_yet_valid",
        "expired",
        "already_used",
        "replaced",
        "revoked",
        "ledger_too_young",
        "disabled",
        "out_of_scope",
        "lifetime_out_of_policy",
        "multi_use_forbidden",
        "ledger_unavailable",
        "cross_site",
        "too_large",
        "registration_required",
        "registration_deadline_passed",
        "session_expired",
        "internal",
    ] {
        pages.push(page(site, &mut Browser::default(), &format!("/.tap/sign-in?reason={reason}"), language));
    }
    // Somebody else's session, and a way to go on to.
    let mut browser = site.registering(&Pass::many("m-1"));
    pages.push(page(site, &mut browser, "/.tap/sign-in?return_to=/shop%3Fa%3D%22b", language));
    let out = Ask::new("POST", "/.tap/sign-out")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", language);
    pages.push(site.send(&mut browser, out));
    pages
}

/// What stands between two marks, each time.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| rest.split(close).next()).collect()
}

fn hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(source.as_bytes())))
}

#[test]
fn a_page_is_small_and_runs_and_loads_nothing_but_its_own() {
    let mut site = Site::new(&policy());
    for language in LANGUAGES {
        for page in every_page(&mut site, language) {
            assert_eq!(page.status, 200, "{language}");
            let headers: usize = page.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
            assert!(page.body.len() + headers < MOST_BYTES, "{language}: {} bytes", page.body.len());
            let csp = page.header("content-security-policy").expect("a policy");
            assert!(!csp.contains("unsafe-") && csp.starts_with("default-src 'none'"), "{csp}");
            assert!(csp.contains("frame-ancestors 'none'") && csp.contains("base-uri 'none'"), "{csp}");
            let (styles, scripts) =
                (between(&page.body, "<style>", "</style>"), between(&page.body, "<script>", "</script>"));
            assert_eq!(
                page.body.matches("<style").count() + page.body.matches("<script").count(),
                styles.len() + scripts.len()
            );
            for source in styles.iter().chain(&scripts) {
                assert!(csp.contains(&hash(source)), "{language}: a hash that is not in {csp}");
            }
            assert_eq!(csp.matches("sha256-").count(), styles.len() + scripts.len(), "and no other");
            for outside in ["http:", "https:", "//", "src=", "url(", "@import", " style=", " onclick", "srcset"] {
                let markup = page.body.replace(scripts.first().unwrap_or(&"\0"), "");
                assert!(!markup.replace("<!doctype html>", "").contains(outside), "{language}: {outside}");
            }
            for (name, value) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("content-language", language),
                ("vary", "accept-language"),
            ] {
                assert_eq!(page.header(name), Some(value), "{language}");
            }
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{language}");
        }
    }
}

#[test]
fn each_field_has_its_label_and_an_error_its_place() {
    let mut site = Site::new(&policy());
    let mut refused =
        |reason: &str| page(&mut site, &mut Browser::default(), &format!("/.tap/sign-in{reason}"), "en").body;
    let plain = refused("");
    for part in
        ["<label for=\"user\">", "<label for=\"pass\">", "autocomplete=\"one-time-code\"", "aria-live=\"polite\""]
    {
        assert!(plain.contains(part), "{part}");
    }
    assert!(!plain.contains("role=\"alert\"") && !plain.contains("aria-invalid") && !plain.contains("autofocus"));
    let expired = refused("?reason=expired");
    for part in ["role=\"alert\"", "aria-describedby=\"typing refused\"", "aria-invalid=\"true\"", "autofocus"] {
        assert!(expired.contains(part), "{part}");
    }
    assert!(!refused("?reason=ledger_unavailable").contains("aria-invalid"), "what was typed may be right");
}

#[test]
fn whom_to_ask_can_be_pressed_and_nothing_from_outside_is_markup() {
    let mut document = policy();
    document["pages"] = json!({
        "name": "<b>Con\"toso'</b>", "contact": "desk@example.com", "help": "</p><script>alert(1)</script>", "colour": "#ffcc00",
    });
    let mut site = Site::new(&document);
    for language in LANGUAGES {
        for page in every_page(&mut site, language) {
            assert!(!page.body.contains("<b>") && !page.body.contains("<script>alert"), "{language}");
        }
        let body = page(&mut site, &mut Browser::default(), "/.tap/sign-in", language).body;
        assert!(body.contains("<a href=\"mailto:desk@example.com\">desk@example.com</a>"), "{language}");
        assert!(body.contains("--accent:#ffcc00;--on:#000000"), "{language}");
    }
    let mut browser = site.registering(&Pass { user: "\"><script>x".into(), ..Pass::many("m-1") });
    let body = page(&mut site, &mut browser, "/.tap/sign-in", "en").body;
    assert!(body.contains("data-session-of=\"") && !body.contains("\"><script>x"), "{body}");
}

#[test]
fn a_browser_is_told_in_the_language_that_it_likes_best() {
    let mut site = Site::new(&policy());
    for (asks, told) in [
        ("de", "de"),
        ("DE-at", "de"),
        ("pt-BR,pt;q=0.9", "en"),
        ("pt-BR,pt;q=0.9,es;q=0.8,en;q=0.7", "es"),
        ("en;q=0.5,fr;q=0.6", "fr"),
        ("en;q=0.5, ja ;q=0.5", "en"),
        ("fr;q=0,de;q=0.1", "de"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("*;q=0.9,ja;q=0.8", "en"),
        ("ja,*;q=0.1", "ja"),
        ("english", "en"),
        ("def", "en"),
        ("", "en"),
        (";q=1,,;;;", "en"),
        ("\u{e9}", "en"),
    ] {
        let page = page(&mut site, &mut Browser::default(), "/.tap/sign-in", asks);
        assert_eq!(page.header("content-language"), Some(told), "{asks}");
    }
    let many = format!("{}de", "xx,".repeat(5000));
    assert_eq!(page(&mut site, &mut Browser::default(), "/.tap/sign-in", &many).header("content-language"), Some("en"));
    let refused = Ask::sign_in("", "x.y.z").header("accept-language", "fr");
    let refused = site.send(&mut Browser::default(), refused);
    assert!(refused.status == 401 && refused.body.contains("n’est pas valide"), "{}", refused.body);
    let program = Ask::sign_in("", "x.y.z").header("accept-language", "fr").header("accept", "application/json");
    assert!(site.send(&mut Browser::default(), program).body.contains("is not valid"), "programs are told in English");
}

proptest! {
    #[test]
    fn whatever_a_browser_asks_for_it_is_told_in_one_of_ours(asks in "[a-zA-Z*;,=.0-9q -]{0,60}") {
        let mut site = Site::new(&policy());
        let page = page(&mut site, &mut Browser::default(), "/.tap/sign-in", &asks);
        prop_assert!(LANGUAGES.contains(&page.header("content-language").unwrap_or_default()), "{}", asks);
    }
}

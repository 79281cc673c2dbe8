//! The plugin's own pages, as a browser gets them: what they weigh, what they let run, whose words they say and in which language.

use base64::Engine as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::Digest as _;
use tapgate_core::refusal::Refusal;

use crate::site::{Ask, Browser, Exchange, Pass, Site, policy, policy_with};

/// A page may weigh this much, headers and all else left out.
const MOST_BYTES: usize = 30 * 1024;

const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "ja"];

/// A policy with the longest words that its pages may have.
fn wordy() -> Value {
    let pages = json!({
        "name": "\"<N&'>".repeat(10),
        "contact": "\"<C&'>,".repeat(36),
        "help": "\"<H&'>".repeat(85),
        "colour": "#ffdd00",
    });
    policy_with("/pages", pages)
}

/// Every page there is in a language: with each reason, with a session, signed out.
fn pages(policy: &Value, language: &str) -> Vec<(String, Exchange)> {
    let mut site = Site::new(policy);
    let mut found = Vec::new();
    let mut get = |site: &mut Site, what: &str, browser: &mut Browser, ask: Ask| {
        let exchange = site.send(browser, ask.header("accept-language", language));
        found.push((format!("{what} in {language}"), exchange));
    };
    let nobody = &mut Browser::default();
    get(&mut site, "sign-in", nobody, Ask::page("/.tap/sign-in?return_to=/account"));
    for refusal in Refusal::ALL {
        let reason = refusal.face().reason;
        get(&mut site, reason, nobody, Ask::page(&format!("/.tap/sign-in?reason={reason}")));
    }
    get(&mut site, "refused", nobody, Ask::sign_in("", "a.b.c"));
    let hostile = Pass { user: "\"><script>alert(1)</script>{user}".into(), ..Pass::many("p") };
    let mut browser = site.registering(&hostile);
    get(&mut site, "with a session", &mut browser, Ask::page("/.tap/sign-in"));
    let leave = Ask::new("POST", "/.tap/sign-out").header("sec-fetch-mode", "navigate");
    get(&mut site, "signed out", &mut browser, leave.header("sec-fetch-site", "same-origin"));
    found
}

fn hash(source: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(source)))
}

/// What stands between the tags of an element, for each of that name.
fn elements<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    html.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

/// The directives of a content security policy by name.
fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
    policy.split("; ").find_map(|directive| directive.strip_prefix(name)).unwrap_or_default().trim()
}

#[test]
fn every_page_is_small_whole_and_lets_nothing_else_run() {
    for (policy, language) in [policy(), wordy()].iter().flat_map(|policy| LANGUAGES.map(|language| (policy, language)))
    {
        for (what, page) in pages(policy, language) {
            assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{what}");
            assert!(page.body.len() < MOST_BYTES, "{what}: {} bytes", page.body.len());
            assert_eq!(page.header("cache-control"), Some("no-store"), "{what}");
            assert_eq!(page.header("content-language"), Some(language), "{what}");
            assert_eq!(page.header("vary"), Some("accept-language"), "{what}");
            assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{what}");
            let form = page.body.contains("<form");
            assert_eq!(
                page.header("referrer-policy"),
                Some(if form { "same-origin" } else { "no-referrer" }),
                "{what}"
            );

            let policy = page.header("content-security-policy").unwrap();
            assert!(!policy.contains("unsafe"), "{what}: {policy}");
            for (name, value) in [
                ("default-src", "'none'"),
                ("form-action", "'self'"),
                ("base-uri", "'none'"),
                ("frame-ancestors", "'none'"),
            ] {
                assert_eq!(directive(policy, name), value, "{what}");
            }
            assert_eq!(page.header("x-frame-options"), Some("DENY"), "{what}");
            assert_eq!(directive(policy, "style-src"), hash(elements(&page.body, "style")[0]), "{what}");
            match elements(&page.body, "script").as_slice() {
                [] => assert_eq!(directive(policy, "script-src"), "'none'", "{what}"),
                [script] => assert_eq!(directive(policy, "script-src"), hash(script), "{what}"),
                several => panic!("{what}: {} scripts", several.len()),
            }
            // One request: nothing that a browser would fetch, and no style or handler in an attribute.
            let outside = page.body.replace(elements(&page.body, "script").first().unwrap_or(&"\0"), "");
            for foreign in [
                " src=",
                "<link",
                "url(",
                "@import",
                "<img",
                "<iframe",
                " style=",
                " onclick=",
                " onsubmit=",
                "http-equiv",
            ] {
                assert!(!outside.contains(foreign), "{what}: {foreign}");
            }
            assert!(!page.body.contains("http://") && !page.body.contains("//cdn"), "{what}");
        }
    }
}

#[test]
fn whatever_a_policy_or_a_name_says_is_text() {
    for language in LANGUAGES {
        for (what, page) in pages(&wordy(), language) {
            for raw in ["<N", "<C", "<H", "N&'", "\"<", "<script>alert"] {
                assert!(!page.body.contains(raw), "{what}: {raw}");
            }
        }
    }
    let pages =
        json!({"contact": "javascript:alert(1), https://help.example.com/a?b&c, desk@example.com, +1 555 0100"});
    let mut site = Site::new(&policy_with("/pages", pages));
    let body = site.send(&mut Browser::default(), Ask::page("/.tap/sign-in")).body;
    assert!(body.contains("javascript:alert(1), <a href=\"https://help.example.com/a?b&#38;c\">"), "{body}");
    assert!(body.contains("<a href=\"mailto:desk@example.com\">desk@example.com</a>"), "{body}");
    assert!(body.contains("<a href=\"tel:+15550100\">+1 555 0100</a>"), "{body}");
}

#[test]
fn a_refusal_says_what_is_wrong_whom_to_ask_and_where_to_go_on() {
    let mut site = Site::new(&policy_with("/pages", json!({"contact": "desk@example.com"})));
    let mut say = |reason: &str| {
        let body = site.send(&mut Browser::default(), Ask::page(&format!("/.tap/sign-in?reason={reason}"))).body;
        let (_, alert) = body.split_once("<div id=\"reason\" role=\"alert\"").unwrap();
        let alert = alert.split("</div>").next().unwrap().to_owned();
        let input =
            |id: &str| body.split(&format!("<input id=\"{id}\"")).nth(1).unwrap().split('>').next().unwrap().to_owned();
        (alert, input("user"), input("pass"), body.matches("id=\"contact\"").count())
    };
    let (alert, user, pass, contacts) = say("expired");
    assert!(alert.contains("has expired. Ask for a new one.") && alert.contains("desk@example.com"), "{alert}");
    assert!(
        pass.contains("aria-invalid=\"true\"") && pass.contains(" autofocus") && pass.contains("\"reason pass-hint\"")
    );
    assert!(!user.contains(" autofocus") && contacts == 1);
    let (_, user, pass, _) = say("invalid_pass");
    assert!(user.contains(" autofocus") && !pass.contains(" autofocus") && pass.contains("aria-invalid"));
    let (alert, user, pass, contacts) = say("session_expired");
    assert!(!alert.contains("desk@example.com") && contacts == 1 && !pass.contains("aria-invalid"));
    assert!(user.contains("aria-describedby=\"reason\""));
}

#[test]
fn a_page_says_whose_session_would_end() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::many("p"));
    let page = site.send(&mut browser, Ask::page("/.tap/sign-in"));
    assert!(page.body.contains("<p id=\"session\">This browser is signed in as alice@example.com."), "{}", page.body);
    let page = site.send(&mut Browser::default(), Ask::page("/.tap/sign-in"));
    assert!(!page.body.contains("id=\"session\""));
}

/// The language that these `accept-language` headers get.
fn language_of(site: &mut Site, accept: &[&str]) -> String {
    let ask = accept.iter().fold(Ask::page("/.tap/sign-in"), |ask, value| ask.header("accept-language", value));
    let page = site.send(&mut Browser::default(), ask);
    assert_eq!(page.status, 200);
    page.header("content-language").unwrap().to_owned()
}

#[test]
fn the_language_is_the_one_that_the_browser_ranks_highest() {
    let mut site = Site::new(&policy());
    let long = format!("{}de", "x,".repeat(40));
    let huge = format!("{};q=1,de", "x".repeat(4096));
    let cases: &[(&[&str], &str)] = &[
        (&[], "en"),
        (&[""], "en"),
        (&["de"], "de"),
        (&["de-AT"], "de"),
        (&["DE-ch-1996"], "de"),
        (&["ja-Jpan-JP,ja;q=0.9,en;q=0.8"], "ja"),
        (&["pt-BR,pt;q=0.9,es;q=0.5,en;q=0.4"], "es"),
        (&["en;q=0.2, fr;q=0.3"], "fr"),
        (&["fr;q=0.5,de;q=0.5"], "fr"),
        (&["fr ; q=0.1 , de ; q=0.25"], "de"),
        (&["zh", "es"], "es"),
        (&["*"], "en"),
        (&["*;q=0.5, es;q=0.4"], "en"),
        (&["*;q=0.3, es;q=0.4"], "es"),
        (&["de;q=0"], "en"),
        (&["de;q=0, en;q=0"], "en"),
        (&["de;q=x, fr;q=0.1"], "fr"),
        (&["deu"], "en"),
        (&["d"], "en"),
        (&["-de"], "en"),
        (&["de;q=0.001"], "de"),
        (&[";;;,,,;q=1,=,de"], "de"),
        // Beyond what is looked at.
        (&[&long], "en"),
        (&[&huge], "en"),
    ];
    for (accept, language) in cases {
        assert_eq!(language_of(&mut site, accept), *language, "{accept:?}");
    }
}

#[test]
fn problems_are_in_english_whatever_the_browser_ranks_highest() {
    let mut site = Site::new(&policy());
    let ask = Ask::fetch("POST", "/.tap/sign-in").header("accept-language", "ja").header("accept", "application/json");
    let exchange = site.send(&mut Browser::default(), ask.form(&[("pass", "a.b.c")]));
    assert_eq!(exchange.header("content-language"), None);
    assert!(exchange.body.contains("That Temporary Access Pass is not valid."), "{}", exchange.body);
}

#[test]
fn looking_at_a_link_burns_nothing() {
    let mut site = Site::new(&policy());
    let pass = Pass::once("p").mint();
    for round in 0..10 {
        for method in ["GET", "HEAD"] {
            // A fragment never gets here; some scanners make a query of it, or look with whatever they have.
            for path in
                ["/.tap/sign-in".to_owned(), format!("/.tap/sign-in?pass={pass}"), format!("/sign-in?pass={pass}")]
            {
                let exchange = site.send(&mut Browser::default(), Ask::new(method, &path));
                assert!(
                    !exchange.headers.iter().any(|(_, value)| value.starts_with("__Host-tapgate=")),
                    "{round}: {path}"
                );
            }
        }
    }
    assert_eq!(site.send(&mut Browser::default(), Ask::sign_in("", &pass)).status, 303);
}

proptest! {
    #[test]
    fn no_wish_for_a_language_is_too_odd(accept in prop::collection::vec(any::<u8>(), 0..200), structured in "[a-z*;q=0-9.,  -]{0,2000}") {
        let mut site = Site::new(&policy());
        let noise = String::from_utf8_lossy(&accept).into_owned();
        let language = language_of(&mut site, &[&noise, &structured]);
        prop_assert!(LANGUAGES.contains(&language.as_str()));
    }
}

//! The application's own cookies must not outlive the confinement (5.7).

use serde_json::json;

use super::site::{Answer, Ask, Browser, Pass, Site, policy, policy_with};

fn sets_cookies(_: &[(String, String)]) -> Answer {
    Answer::ok()
        .with("set-cookie", "login=secret; Path=/; HttpOnly; Domain=example.com; Max-Age=99")
        .with("set-cookie", "other=1; Path=/")
}

#[test]
fn a_login_cookie_set_while_registering_is_sealed() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send_to(&mut browser, Ask::page("/register"), sets_cookies);
    let cookie = exchange.header("set-cookie").unwrap();
    assert!(cookie.starts_with("login=tapgate-sealed.") && !cookie.contains("secret"), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; Max-Age=99"), "same attributes, no domain: {cookie}");
    assert_eq!(site.send(&mut browser, Ask::page("/register")).seen("cookie"), ["login=secret; other=1"]);

    // Without the session it is worth nothing, and the application does not even see it.
    let mut without = browser.clone();
    without.cookies.remove("__Host-tapgate");
    assert!(site.send(&mut without, Ask::page("/admin")).seen("cookie").is_empty());
    // Nor in another session, nor under another name.
    let mut bob = site.registering(&Pass { user: "bob".into(), ..Pass::once("q") });
    bob.cookies.insert("login".into(), browser.cookies["login"].clone());
    assert!(site.send(&mut bob, Ask::page("/register")).seen("cookie").is_empty());
    browser.cookies.insert("admin".into(), browser.cookies["login"].clone());
    assert_eq!(site.send(&mut browser, Ask::page("/register")).seen("cookie"), ["login=secret; other=1"]);
}

#[test]
fn cookies_from_before_the_session_are_withheld() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    browser.cookies.insert("login".into(), "old".into());
    assert!(site.send(&mut browser, Ask::page("/register")).seen("cookie").is_empty());
    let mut gone = Browser::default();
    gone.cookies.insert("login".into(), "old".into());
    assert_eq!(site.send(&mut gone, Ask::page("/register")).seen("cookie"), ["login=old"]);
}

#[test]
fn withheld_means_neither_way() {
    let mut site = Site::new(&policy_with("/registration/cookies", json!("withheld")));
    let mut browser = site.registering(&Pass::once("p"));
    assert_eq!(site.send_to(&mut browser, Ask::page("/register"), sets_cookies).header("set-cookie"), None);
    browser.cookies.insert("login".into(), "old".into());
    assert!(site.send(&mut browser, Ask::page("/register")).seen("cookie").is_empty());

    // Tightening the policy closes what was sealed before.
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    site.send_to(&mut browser, Ask::page("/register"), sets_cookies);
    site.reload(&policy_with("/registration/cookies", json!("withheld")));
    assert!(site.send(&mut browser, Ask::page("/register")).seen("cookie").is_empty());
}

#[test]
fn a_registered_session_keeps_its_sealed_cookies_and_a_signed_out_one_does_not() {
    let mut site = Site::new(&policy());
    let mut browser = site.registered(&Pass::once("p"));
    site.send_to(&mut browser, Ask::page("/account"), sets_cookies);
    assert_eq!(site.send(&mut browser, Ask::page("/account")).seen("cookie"), ["login=secret; other=1"]);
    site.send(&mut browser, Ask::fetch("POST", "/.tap/sign-out"));
    assert!(site.send(&mut browser, Ask::page("/account")).seen("cookie").is_empty());
}

#[test]
fn a_nameless_cookie_cannot_be_sealed_and_does_not_pass() {
    let mut site = Site::new(&policy());
    let mut browser = site.registering(&Pass::once("p"));
    let exchange = site.send_to(&mut browser, Ask::page("/register"), |_| Answer::ok().with("set-cookie", "secret"));
    assert_eq!(exchange.header("set-cookie"), None);
}

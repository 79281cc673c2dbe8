//! What every answer carries, and what pages are made of.

use axum::http::StatusCode;

use crate::site::{Answer, Browser, Site, assertion};

/// The headers that keep a page to itself.
#[track_caller]
fn kept_to_itself(path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
}

/// Nothing inline, nothing from elsewhere, one live region, one heading, every field with a label.
#[track_caller]
fn well_made(path: &str, page: &str) {
    for inline in ["<style", " style=", " onclick=", " onsubmit=", "javascript:", "//"] {
        assert!(!page.contains(inline), "{path} has `{inline}`:\n{page}");
    }
    assert!(page.split("<script").skip(1).all(|tag| tag.contains(r#"src="/assets/"#)), "{path} has a script inline");
    assert_eq!(page.matches(r#"id="message""#).count(), 1, "{path}");
    assert_eq!(page.matches("<h1>").count(), 1, "{path}");
    assert!(page.contains(r#"<html lang="en">"#) && page.contains("width=device-width"), "{path}");
    for field in page.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let Some((_, id)) = field.split_once("id=\"") else {
            assert!(field.contains(r#"type="hidden""#), "{path}: {field}");
            continue;
        };
        let id = id.split('"').next().unwrap();
        assert!(page.contains(&format!(r#"<label for="{id}">"#)), "{path}: no label for `{id}`");
    }
}

/// Whether a page has an element.
fn has(page: &str, id: &str) -> bool {
    page.contains(&format!(r#"id="{id}""#))
}

#[tokio::test]
async fn every_page_keeps_to_itself_and_has_the_elements_that_are_promised() {
    let site = Site::new();
    let (alice, _phone) = site.signed_in("alice@example.com").await;
    let gone_on = site.browser().with("tapgate-assertion", &assertion("alice@example.com", "registered"));
    let registering = site.registering("bob@example.com");
    let pages: &[(&Browser, &str, StatusCode, &[&str])] = &[
        (&site.browser(), "/", StatusCode::OK, &["sign-in"]),
        (&alice, "/", StatusCode::OK, &["user", "manage", "sign-out"]),
        (&gone_on, "/", StatusCode::OK, &["user", "manage", "sign-out"]),
        (&site.browser(), "/login", StatusCode::OK, &["username", "sign-in", "pass-username", "pass", "use-pass"]),
        (
            &registering,
            "/register",
            StatusCode::OK,
            &["user", "countdown", "left", "name", "register", "cancel", "again", "done", "continue"],
        ),
        (&site.browser(), "/register", StatusCode::FORBIDDEN, &[]),
        (&alice, "/passkeys", StatusCode::OK, &["user", "passkeys", "name", "register", "sign-out"]),
        (&site.browser(), "/nothing", StatusCode::NOT_FOUND, &[]),
    ];
    for (browser, path, status, elements) in pages {
        let answer = (*browser).clone().get(path).await;
        assert_eq!(answer.status, *status, "{path}");
        kept_to_itself(path, &answer);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        well_made(path, &answer.text);
        for id in *elements {
            assert!(has(&answer.text, id), "{path} has no `#{id}`:\n{}", answer.text);
        }
    }
    let list = alice.clone().get("/passkeys").await.text;
    for class in ["passkey", "name", "created", "used", "remove quiet"] {
        assert!(list.contains(&format!(r#"class="{class}""#)), "no `{class}`:\n{list}");
    }
    let id = list.split(r#"name="id" value=""#).nth(1).unwrap().split('"').next().unwrap();
    let asked = alice.clone().submit("/passkeys/remove", &format!("id={id}")).await;
    kept_to_itself("the question", &asked);
    well_made("the question", &asked.text);
    assert!(has(&asked.text, "confirm") && has(&asked.text, "keep"));
}

#[tokio::test]
async fn assets_are_there_and_nothing_else_is() {
    let site = Site::new();
    for (name, kind) in [
        ("app.css", "text/css; charset=utf-8"),
        ("ceremony.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("login.js", "text/javascript; charset=utf-8"),
        ("passkeys.js", "text/javascript; charset=utf-8"),
        ("register.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = site.browser().get(&format!("/assets/{name}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some(kind)), "{name}");
        kept_to_itself(name, &answer);
        let text = answer.text.replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains("http:") && !text.contains("https:"), "{name} reaches elsewhere");
    }
    for path in ["/assets/", "/assets/app.js", "/assets/..%2fsrc%2flib.rs", "/assets/%2e%2e"] {
        assert_eq!(site.browser().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

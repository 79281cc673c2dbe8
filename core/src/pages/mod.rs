//! The plugin's own pages: sign-in with whatever has to be said, and signed out (section 4). Their texts are escaped by
//! the templates; their script and style are named to the browser by hash, and nothing else may run or load.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest;
use crate::names::Identity;
use crate::path::{LocalPath, ReturnTo};
use crate::policy::Policy;
use crate::refusal::Refusal;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sign-in.js");

/// A page and the security policy that fits it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) content_security_policy: String,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn<'a> {
    style: &'static str,
    script: &'static str,
    name: &'a str,
    contact: Option<&'a str>,
    help: Option<&'a str>,
    action: String,
    user_field: &'a str,
    pass_field: &'a str,
    return_to: Option<&'a str>,
    refused: Option<crate::refusal::Face>,
    session_of: &'a str,
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut<'a> {
    style: &'static str,
    name: &'a str,
    sign_in: String,
}

/// The sign-in page.
pub(crate) fn sign_in(
    policy: &Policy,
    refused: Option<Refusal>,
    return_to: Option<&ReturnTo>,
    session_of: Option<&Identity>,
) -> Page {
    let page = SignIn {
        style: STYLE,
        script: SCRIPT,
        name: &policy.pages.name,
        contact: policy.pages.contact.as_deref(),
        help: policy.pages.help.as_deref(),
        action: sign_in_path(&policy.base_path),
        user_field: &policy.sign_in.user_field,
        pass_field: &policy.sign_in.pass_field,
        return_to: return_to.map(ReturnTo::as_str),
        refused: refused.map(Refusal::face),
        session_of: session_of.map_or("", Identity::as_str),
    };
    rendered(&page, Some(SCRIPT))
}

/// The page that says that one has signed out.
pub(crate) fn signed_out(policy: &Policy) -> Page {
    let page = SignedOut { style: STYLE, name: &policy.pages.name, sign_in: sign_in_path(&policy.base_path) };
    rendered(&page, None)
}

/// Where the plugin's own sign-in lives.
pub(crate) fn sign_in_path(base: &LocalPath) -> String {
    format!("{base}/sign-in")
}

fn rendered(page: &impl Template, script: Option<&str>) -> Page {
    // Writing into a String cannot fail; a page that did would be empty, not wrong.
    let html = page.render().unwrap_or_default();
    let script = script.map_or_else(|| "'none'".to_owned(), source_hash);
    let content_security_policy = format!(
        "default-src 'none'; script-src {script}; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(STYLE)
    );
    Page { html, content_security_policy }
}

fn source_hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::sha256_plain(source.as_bytes())))
}

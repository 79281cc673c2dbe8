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
    style: &'a str,
    script: &'static str,
    name: &'a str,
    contact: Option<&'a str>,
    help: Option<&'a str>,
    action: String,
    user_field: &'a str,
    pass_field: &'a str,
    return_to: Option<&'a str>,
    refused: Option<crate::refusal::Face>,
    /// Whose session would end, and every name by which a pass may call them.
    session_of: &'a str,
    session_names: String,
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut<'a> {
    style: &'a str,
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
    let style = style(policy);
    let page = SignIn {
        style: &style,
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
        session_names: session_of.map(|identity| policy.directory.names_of(identity).join(" ")).unwrap_or_default(),
    };
    rendered(&page, &style, Some(SCRIPT))
}

/// The page that says that one has signed out.
pub(crate) fn signed_out(policy: &Policy) -> Page {
    let style = style(policy);
    let page = SignedOut { style: &style, name: &policy.pages.name, sign_in: sign_in_path(&policy.base_path) };
    rendered(&page, &style, None)
}

/// Where the plugin's own sign-in lives.
pub(crate) fn sign_in_path(base: &LocalPath) -> String {
    format!("{base}/sign-in")
}

/// The style, in the policy's colour if it names one (`#rrggbb`, checked when the policy was compiled).
fn style(policy: &Policy) -> String {
    let colour = policy.pages.colour.as_deref();
    let colour = colour.map(|colour| format!(":root{{--accent:{colour}}}\n"));
    [STYLE, colour.as_deref().unwrap_or_default()].concat()
}

fn rendered(page: &impl Template, style: &str, script: Option<&str>) -> Page {
    // Writing into a String cannot fail; a page that did would be empty, not wrong.
    let html = page.render().unwrap_or_default();
    let script = script.map_or_else(|| "'none'".to_owned(), source_hash);
    let content_security_policy = format!(
        "default-src 'none'; script-src {script}; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(style)
    );
    Page { html, content_security_policy }
}

fn source_hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::sha256_plain(source.as_bytes())))
}

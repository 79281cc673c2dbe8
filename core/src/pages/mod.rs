//! The plugin's own pages: sign-in with whatever has to be said, and signed out (section 4), in the language that a browser asks
//! for. Their texts are escaped by the templates; their script and style are named to the browser by hash, and nothing else may
//! run or load.

mod colour;
mod contact;
mod texts;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::colour::{Colour, NIGHT, WHITE};
use self::contact::Contact;
pub(crate) use self::texts::Language;
use self::texts::Texts;
use crate::digest;
use crate::names::Identity;
use crate::path::{LocalPath, ReturnTo};
use crate::policy::Policy;
use crate::refusal::Refusal;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sign-in.js");

/// A page, its language's tag, and the security policy that fits it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) language: &'static str,
    pub(crate) content_security_policy: String,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn<'a> {
    texts: &'static Texts,
    style: &'a str,
    script: &'static str,
    heading: String,
    contact: Option<Contact<'a>>,
    help: Option<&'a str>,
    action: String,
    user_field: &'a str,
    pass_field: &'a str,
    return_to: Option<&'a str>,
    refused: Option<[&'static str; 2]>,
    /// Whether it is what was typed that was refused.
    is_pass_wrong: bool,
    /// Whose session would end, and every name by which a pass may call them.
    session_of: &'a str,
    session_names: String,
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut<'a> {
    texts: &'static Texts,
    style: &'a str,
    name: &'a str,
    over: String,
    sign_in: String,
}

/// The sign-in page.
pub(crate) fn sign_in(
    policy: &Policy,
    language: Language,
    refused: Option<Refusal>,
    return_to: Option<&ReturnTo>,
    session_of: Option<&Identity>,
) -> Page {
    let (texts, style) = (language.texts(), style(policy));
    let page = SignIn {
        texts,
        style: &style,
        script: SCRIPT,
        heading: texts.sign_in_to.replace("{}", &policy.pages.name),
        contact: policy.pages.contact.as_deref().map(Contact::of),
        help: policy.pages.help.as_deref(),
        action: sign_in_path(&policy.base_path),
        user_field: &policy.sign_in.user_field,
        pass_field: &policy.sign_in.pass_field,
        return_to: return_to.map(ReturnTo::as_str),
        refused: refused.map(texts.refused),
        is_pass_wrong: refused.is_some_and(Refusal::is_of_a_pass),
        session_of: session_of.map_or("", Identity::as_str),
        session_names: session_of.map(|identity| policy.directory.names_of(identity).join(" ")).unwrap_or_default(),
    };
    rendered(&page, texts, &style, Some(SCRIPT))
}

/// The page that says that one has signed out.
pub(crate) fn signed_out(policy: &Policy, language: Language) -> Page {
    let (texts, style) = (language.texts(), style(policy));
    let page = SignedOut {
        texts,
        style: &style,
        name: &policy.pages.name,
        over: texts.session_over.replace("{}", &policy.pages.name),
        sign_in: sign_in_path(&policy.base_path),
    };
    rendered(&page, texts, &style, None)
}

/// Where the plugin's own sign-in lives.
pub(crate) fn sign_in_path(base: &LocalPath) -> String {
    format!("{base}/sign-in")
}

/// The style, in the policy's colour if it names one.
fn style(policy: &Policy) -> String {
    let accent = Colour::of(policy.pages.colour.as_deref());
    let (text, light, dark) = (accent.text_on_it(), accent.legible_on(WHITE), accent.legible_on(NIGHT));
    format!(
        ":root{{--accent:{accent};--on:{text};--link:{light}}}@media(prefers-color-scheme:dark){{:root{{--link:{dark}}}}}{STYLE}"
    )
}

fn rendered(page: &impl Template, texts: &'static Texts, style: &str, script: Option<&str>) -> Page {
    // Writing into a String cannot fail; a page that did would be empty, not wrong.
    let html = page.render().unwrap_or_default();
    let script = script.map_or_else(|| "'none'".to_owned(), source_hash);
    let content_security_policy = format!(
        "default-src 'none'; script-src {script}; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(style)
    );
    Page { html, language: texts.tag, content_security_policy }
}

fn source_hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::sha256_plain(source.as_bytes())))
}

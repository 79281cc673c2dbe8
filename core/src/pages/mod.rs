//! The plugin's own pages: sign-in with whatever has to be said, and signed out (section 4). Their texts are escaped by
//! the templates; their script and style are named to the browser by hash, and nothing else may run or load.

mod colour;
mod contact;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::contact::Part;
use crate::digest;
use crate::names::Identity;
use crate::path::{LocalPath, ReturnTo};
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::texts::{Language, Reason, Texts};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("sign-in.js");

/// A page, and what its headers have to say of it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) content_security_policy: String,
    pub(crate) referrer_policy: &'static str,
    pub(crate) language: Language,
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn<'a> {
    language: &'static str,
    texts: &'static Texts,
    style: &'a str,
    script: &'static str,
    heading: String,
    help: Option<&'a str>,
    contact: &'a [Part<'a>],
    action: String,
    user_field: &'a str,
    pass_field: &'a str,
    return_to: Option<&'a str>,
    refused: Option<Refused>,
    /// Whether whom to ask is the next thing to know.
    asks: bool,
    /// Whose session would end, and every name by which a pass may call them.
    session_of: &'a str,
    session_names: String,
    /// The same for whoever types.
    session: String,
}

/// Why the page is shown.
struct Refused {
    words: &'static Reason,
    /// Its public name, for programs that look at the page.
    reason: &'static str,
    /// Whether it is the pass that is wrong.
    at_fault: bool,
    /// The field where whoever reads this goes on. What tells nothing of the pass may lie in the name as well.
    field: &'static str,
}

impl Refused {
    fn new(refusal: Refusal, texts: &'static Texts) -> Self {
        let face = refusal.face();
        let authentic = refusal.is_about_the_pass() && face.reason == refusal.name();
        Self {
            words: texts.reasons.of(refusal),
            reason: face.reason,
            at_fault: refusal.is_about_the_pass(),
            field: if authentic { "pass" } else { "user" },
        }
    }
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut<'a> {
    language: &'static str,
    texts: &'static Texts,
    style: &'a str,
    name: &'a str,
    session_over: String,
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
    let style = style(policy);
    let texts = language.texts();
    let user = session_of.map_or("", Identity::as_str);
    let page = SignIn {
        language: language.tag(),
        texts,
        style: &style,
        script: SCRIPT,
        heading: texts.sign_in_to.replace("{name}", &policy.pages.name),
        help: policy.pages.help.as_deref(),
        contact: &contact::parts(policy.pages.contact.as_deref()),
        action: sign_in_path(&policy.base_path),
        user_field: &policy.sign_in.user_field,
        pass_field: &policy.sign_in.pass_field,
        return_to: return_to.map(ReturnTo::as_str),
        asks: refused.is_some_and(Refusal::is_to_be_asked_about),
        refused: refused.map(|refusal| Refused::new(refusal, texts)),
        session_of: user,
        session_names: session_of.map(|identity| policy.directory.names_of(identity).join(" ")).unwrap_or_default(),
        session: texts.session.replace("{user}", user),
    };
    // Not `no-referrer`: under it browsers send `Origin: null` with the page's own form (Fetch, "append a request `Origin`
    // header"), which 4.2 refuses wherever no Fetch metadata comes with it: from older browsers. Under `same-origin` no other
    // site gets a referrer either, and a fragment never is in one.
    rendered(&page, &style, Some(SCRIPT), "same-origin", language)
}

/// The page that says that one has signed out. It has no form, so nothing speaks against sending no referrer at all.
pub(crate) fn signed_out(policy: &Policy, language: Language) -> Page {
    let style = style(policy);
    let texts = language.texts();
    let page = SignedOut {
        language: language.tag(),
        texts,
        style: &style,
        name: &policy.pages.name,
        session_over: texts.session_over.replace("{name}", &policy.pages.name),
        sign_in: sign_in_path(&policy.base_path),
    };
    rendered(&page, &style, None, "no-referrer", language)
}

/// Where the plugin's own sign-in lives.
pub(crate) fn sign_in_path(base: &LocalPath) -> String {
    format!("{base}/sign-in")
}

/// The style, in the policy's colour if it names one (`#rrggbb`, checked when the policy was compiled).
fn style(policy: &Policy) -> String {
    [STYLE, &colour::properties(policy.pages.colour.as_deref())].concat()
}

fn rendered(
    page: &impl Template,
    style: &str,
    script: Option<&str>,
    referrer_policy: &'static str,
    language: Language,
) -> Page {
    // Writing into a String cannot fail; a page that did would be empty, not wrong.
    let html = page.render().unwrap_or_default();
    let script = script.map_or_else(|| "'none'".to_owned(), source_hash);
    let content_security_policy = format!(
        "default-src 'none'; script-src {script}; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(style)
    );
    Page { html, content_security_policy, referrer_policy, language }
}

fn source_hash(source: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest::sha256_plain(source.as_bytes())))
}

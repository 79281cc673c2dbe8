//! From a document to policies: the raw tree is checked as a whole, and compiles entirely or not at all (2.2, 2.5).

use std::sync::Arc;

use super::across::AcrossTenants;
use super::amend::Amending;
use super::doc::{Defect, Defects, DocPath, Node, Step};
use super::keys::{self, Environment};
use super::{Directory, Pages, Policy, SessionRules, Then, sections, shape};
use crate::digest;
use crate::headers;
use crate::json::{self, Json};
use crate::key::{GatewayKeys, KeyRing};
use crate::names::TenantId;
use crate::path::LocalPath;
use crate::time::{Minutes, Seconds};

/// A document that compiled.
pub struct Compiled {
    /// One policy a tenant, in the document's order.
    pub policies: Vec<Policy>,
    /// The first 16 hexadecimal digits of the document's SHA-256, for logs (9.3).
    pub hash: String,
}

/// The largest document that is read, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// Compiles a policy document in JSON: one policy, or `{"tenants": [policy, ...]}` (2.1).
///
/// # Errors
/// Every defect of the document, each with its path, sorted by it. Key values are never shown.
pub fn compile(document: &[u8], environment: Environment<'_>) -> Result<Compiled, Vec<Defect>> {
    let root = |found: String, expected: &str| vec![Defect::wrong(DocPath::default(), found, expected)];
    if document.len() > MOST_BYTES {
        return Err(root(format!("found {} bytes", document.len()), "at most 8 MiB"));
    }
    let tree = json::document(document).map_err(|error| root(error.to_string(), "a policy as JSON"))?;
    compile_tree(&tree, document, environment)
}

/// Compiles a document that has been read already, from whatever people write it in. The hash is that of `document`, the
/// bytes that `tree` was read from; whoever reads them bounds their size.
///
/// # Errors
/// As [`compile`].
pub fn compile_tree(tree: &Json, document: &[u8], environment: Environment<'_>) -> Result<Compiled, Vec<Defect>> {
    let policies = policies(tree, environment)?;
    let [a, b, c, d, e, f, g, h, ..] = digest::sha256_plain(document);
    Ok(Compiled { policies, hash: digest::hex(&[a, b, c, d, e, f, g, h]) })
}

fn policies(tree: &Json, environment: Environment<'_>) -> Result<Vec<Policy>, Vec<Defect>> {
    let defects = Defects::of("the policy");
    let root = Node::root(tree, &defects);
    let several = matches!(tree, Json::Object(object) if object.get("tenants").is_some());
    let policies = if several {
        tenants(&root, environment)
    } else {
        tenant(&root, environment, &mut AcrossTenants::new(1)).map(|one| vec![one])
    };
    let defects = defects.into_sorted();
    match policies {
        Some(policies) if defects.is_empty() => Ok(policies),
        _ => Err(defects),
    }
}

fn tenants(root: &Node<'_>, environment: Environment<'_>) -> Option<Vec<Policy>> {
    let section = root.section()?;
    let list = section.required(shape::TENANTS.name, "a list of policies")?;
    section.finish();
    let nodes = list.list(shape::TENANTS.most)?;
    if nodes.is_empty() {
        list.wrong("at least one policy");
    }
    let mut across = AcrossTenants::new(nodes.len());
    let policies: Vec<Option<Policy>> = nodes.iter().map(|node| tenant(node, environment, &mut across)).collect();
    policies.into_iter().collect()
}

fn tenant(node: &Node<'_>, environment: Environment<'_>, across: &mut AcrossTenants) -> Option<Policy> {
    across.next_tenant();
    let section = node.section()?;
    let version = section.required(shape::VERSION.name, "1").and_then(|node| shape::VERSION.of(&node));
    let id = section.required("tenant", "the tenant's name").and_then(|node| {
        let id: TenantId = node.parsed()?;
        across.tenant(&node, &id).then_some(id)
    });
    let hosts = section.required(shape::HOSTS.name, "the hosts that this policy is for").and_then(|node| {
        let hosts = sections::hosts(&node)?;
        across.hosts(&node, &hosts).then_some(hosts)
    });
    let issuer =
        section.required(shape::ISSUER.name, "what `iss` passes must carry").and_then(|node| shape::ISSUER.of(&node));
    let audience = section
        .required(shape::AUDIENCE.name, "what `aud` passes must carry")
        .and_then(|node| shape::AUDIENCE.of(&node));
    across.pair(&section, issuer.as_deref(), audience.as_deref());
    let clock_skew = shape::CLOCK_SKEW.read(&section).map(|seconds| Seconds::new(u64::from(seconds)));
    let keys = section
        .required("keys", "a section with the lists `pass`, `gateway` and `upstream`")
        .and_then(|node| keys::read(&node.secret(), environment, across));
    let directory = section.or("directory", Directory::Open, |node| sections::directory(&node, environment));
    let passes = section
        .required("temporaryAccessPass", "a section that says what passes must be like")
        .and_then(|node| Some((sections::passes(&node, directory.as_ref())?, node.value().clone())));
    let sign_in = section.required("signIn", "a section with `path`").and_then(|node| sections::sign_in(&node));
    let registration = section
        .required("registration", "a section with `page`, `allow` and `completedBy`")
        .and_then(|node| sections::registration(&node));
    let session = SessionRules {
        cookie: shape::COOKIE.to_owned(),
        ends_with_pass: shape::ENDS_WITH_PASS.default,
        maximum: Minutes::new(shape::SESSION_MAXIMUM.default),
    };
    let session = section.or("session", session, |node| sections::session(&node));
    if let (Some(session), Some(registration)) = (&session, &registration)
        && registration.then == Then::Continue
        && session.maximum < registration.window
    {
        let found = format!("found {}, less than registration.windowInMinutes", session.maximum.get());
        let expected =
            format!("at least {}: a session that goes on must outlast its window", registration.window.get());
        let path = section.path_of("session").then(Step::Field("maximumInMinutes".to_owned()));
        section.defects().report(&path, found, expected);
    }
    let user_header =
        section.or("upstream", headers::DEFAULT_USER_HEADER.to_owned(), |node| sections::user_header(&node));
    let ledger = section.or("ledger", sections::SHARED_DATA, |node| sections::ledger(&node, environment));
    let admin = section.or("admin", None, |node| {
        let admin = sections::admin(&node)?;
        let provider = admin.jwt_authn.as_ref().is_none_or(|(provider, _)| across.provider(&node, provider));
        (across.own(&node, &admin.hosts) && provider).then_some(Some(admin))
    });
    let pages = Pages { name: String::new(), contact: None, help: None, colour: None };
    let pages = section.or("pages", pages, |node| sections::pages(&node));
    let webhook = section.or("webhook", None, |node| {
        let webhook = sections::webhook(&node)?;
        let signs = keys.as_ref().is_none_or(|keys| !keys.webhook.is_empty());
        if !signs {
            node.wrong_as("nothing to sign events with", "keys.webhook: a list of keys, shared with the receiver");
        }
        signs.then_some(Some(webhook))
    });
    let base_path = section.or("basePath", shape::BASE_PATH.parse().ok()?, |node| {
        let base: LocalPath = node.parsed()?;
        let fits = base.as_str() != "/" && !base.as_str().ends_with('/');
        if !fits {
            node.wrong("a path of at least one segment without a `/` at its end, as in `/.tap`");
        }
        fits.then_some(base)
    });
    if let (Some(base), Some(sign_in)) = (&base_path, &sign_in)
        && (base.below(sign_in.path.as_str().as_bytes()).is_some()
            || sign_in.path.below(base.as_str().as_bytes()).is_some())
    {
        let found = format!("found `{base}`, which overlaps signIn.path `{}`", sign_in.path);
        section.defects().report(&section.path_of("basePath"), found, "a path apart from signIn.path");
    }
    if let (Some(base), Some(registration)) = (&base_path, &registration)
        && registration.allow.iter().any(|allowed| allowed.overlaps(base))
    {
        let found = format!("found `{base}`, which overlaps registration.allow");
        section.defects().report(&section.path_of("basePath"), found, "a path that registration.allow does not cover");
    }
    section.finish();
    version?;
    let (id, keys) = (id?, keys?);
    let (passes, Json::Object(as_written)) = passes? else { return None };
    let gateway_keys = GatewayKeys::derive(&keys.gateway, &id)?;
    let mut pages = pages?;
    if pages.name.is_empty() {
        pages.name = id.as_str().to_owned();
    }
    Some(Policy {
        tenant: id,
        hosts: hosts?,
        issuer: issuer?,
        audience: audience?,
        clock_skew: clock_skew?,
        pass_keys: KeyRing::new(&keys.pass)?,
        gateway_keys,
        upstream_keys: KeyRing::new(&keys.upstream)?,
        admin_keys: KeyRing::new(&keys.admin),
        webhook_keys: KeyRing::new(&keys.webhook),
        amending: Amending::of(as_written),
        passes: Arc::new(passes),
        directory: directory?,
        sign_in: sign_in?,
        registration: registration?,
        session: session?,
        user_header: user_header?,
        ledger: ledger?,
        admin: admin?,
        webhook: webhook?,
        pages,
        base_path: base_path?,
    })
}

//! What the templates need of a policy: the document as JSON, the names of its variables, the paths of sign-ins.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tapgate_cases::policy::{at, tenants, to_json, variables};
use tapgate_core::json::Json;
use tapgate_core::policy::{HostPattern, LedgerPlace, Policy};

use super::RenderError;

/// How wide a line of the policy may be before it is broken, its indentation left out.
const WIDTH: usize = 96;

/// The most hosts that a route of the Gateway API names.
const MOST_HOSTS: usize = 16;

/// A policy as the templates see it. Texts are quoted for YAML.
pub(super) struct Site {
    policy: Json,
    /// Whether a tenant's ledger is in the proxy's memory.
    pub(super) volatile: bool,
    /// The environment variables that hold keys and credentials, as they are.
    pub(super) variables: Vec<String>,
    /// The same as a list.
    pub(super) variables_flow: String,
    /// Every tenant's `signIn.path`.
    pub(super) sign_ins: Vec<String>,
    /// Every tenant's own sign-in page.
    pub(super) pages: Vec<String>,
    /// Below which paths the tenants' admin APIs lie.
    pub(super) apis: Vec<String>,
    /// Every tenant's hosts that have a name, those of its admin API too, as a list.
    pub(super) hosts: String,
    /// Whether they cannot be listed: one of them is every host, none has a name, or there are more than a route may name.
    pub(super) every_host: bool,
}

impl Site {
    pub(super) fn of(tree: &Json, policies: &[Policy]) -> Result<Self, RenderError> {
        if tenants(tree).iter().any(|tenant| holds_a_key(tenant)) {
            return Err(RenderError::KeyInPolicy);
        }
        let once = |texts: Vec<String>| -> Vec<String> {
            let mut seen = BTreeSet::new();
            texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
        };
        let (sign_ins, pages): (Vec<_>, Vec<_>) =
            policies.iter().map(|policy| policy.sign_in_paths().map(|path| quoted(&path)).into()).unzip();
        let apis = policies.iter().filter_map(Policy::admin_api).map(|path| quoted(&path)).collect();
        let administered =
            |policy: &'_ Policy| policy.admin.iter().flat_map(|admin| admin.hosts.clone()).collect::<Vec<_>>();
        let every = || policies.iter().flat_map(|policy| [policy.hosts.clone(), administered(policy)].concat());
        let named = once(every().filter(|host| !is_address(host)).map(|host| host.to_string()).collect());
        let variables = in_order(tree);
        Ok(Self {
            policy: tree.clone(),
            variables_flow: flow(variables.iter().cloned()),
            variables,
            sign_ins: once(sign_ins),
            pages: once(pages),
            apis: once(apis),
            volatile: policies.iter().any(|policy| matches!(policy.ledger, LedgerPlace::SharedData { .. })),
            every_host: every().any(|host| host == HostPattern::Any) || !(1..=MOST_HOSTS).contains(&named.len()),
            hosts: flow(named.into_iter()),
        })
    }

    /// The policy as JSON, so far in.
    pub(super) fn policy_indented(&self, indent: usize) -> String {
        let mut text = String::new();
        write(&self.policy, 0, &mut text);
        indented(&text, indent)
    }
}

/// A text with so many spaces before each of its lines.
pub(super) fn indented(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    text.lines().map(|line| format!("{margin}{line}")).collect::<Vec<_>>().join("\n")
}

/// Whether a host is an IP address, which is no host name to Kubernetes.
fn is_address(host: &HostPattern) -> bool {
    match host {
        HostPattern::Exact(host) => host.starts_with('[') || host.parse::<IpAddr>().is_ok(),
        HostPattern::Suffix(_) | HostPattern::Any => false,
    }
}

fn holds_a_key(tenant: &Json) -> bool {
    let Some(Json::Object(lists)) = at(tenant, "keys") else { return false };
    lists.0.iter().any(|(_, list)| match list {
        Json::Array(keys) => keys.iter().any(|key| at(key, "value").is_some()),
        _ => false,
    })
}

/// The variables in the order of the document, each once.
fn in_order(tree: &Json) -> Vec<String> {
    let text = compact(tree);
    let place = |name: &String| text.find(&quoted(name));
    let mut names = variables(tree);
    names.sort_by_key(place);
    names
}

/// A text for YAML, which reads what JSON writes; in ASCII, so that nothing in it is shown as what it is not.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for letter in serde_json::Value::from(text).to_string().chars() {
        if letter.is_ascii() {
            quoted.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                quoted.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    quoted
}

fn flow(texts: impl Iterator<Item = String>) -> String {
    format!("[{}]", texts.map(|text| quoted(&text)).collect::<Vec<_>>().join(", "))
}

/// JSON in the document's order, broken where a line would be too long.
fn write(json: &Json, depth: usize, text: &mut String) {
    let one_line = compact(json);
    let margin = "  ".repeat(depth.saturating_add(1));
    let close = "  ".repeat(depth);
    // The outermost section is always broken.
    if depth > 0 && one_line.len().saturating_add(margin.len()) <= WIDTH {
        text.push_str(&one_line);
        return;
    }
    match json {
        Json::Object(object) if !object.0.is_empty() => {
            text.push_str("{\n");
            for (index, (name, value)) in object.0.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ",\n" });
                text.push_str(&format!("{margin}{}: ", quoted(name)));
                write(value, depth.saturating_add(1), text);
            }
            text.push_str(&format!("\n{close}}}"));
        }
        Json::Array(items) if !items.is_empty() => {
            text.push_str("[\n");
            for (index, value) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ",\n" });
                text.push_str(&margin);
                write(value, depth.saturating_add(1), text);
            }
            text.push_str(&format!("\n{close}]"));
        }
        _ => text.push_str(&one_line),
    }
}

fn compact(json: &Json) -> String {
    match json {
        Json::Object(object) => {
            let members = object.0.iter().map(|(name, value)| format!("{}: {}", quoted(name), compact(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(compact).collect::<Vec<_>>().join(", ")),
        Json::String(text) => quoted(text),
        other => to_json(other),
    }
}

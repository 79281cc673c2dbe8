//! The keys of a policy document: by id, each from the environment or given in place (2.3, 2.5).

use std::collections::BTreeSet;

use super::across::{AcrossTenants, Use};
use super::doc::Node;
use super::shape;
use crate::key::KeyBytes;
use crate::names::KeyId;

/// Looks up an environment variable: where keys come from.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) type Keys = Vec<(KeyId, KeyBytes)>;

/// A tenant's keys, before anything is derived from them.
pub(super) struct TenantKeys {
    pub(super) pass: Keys,
    pub(super) gateway: Keys,
    pub(super) upstream: Keys,
    /// Empty where there are none.
    pub(super) admin: Keys,
    /// Likewise.
    pub(super) webhook: Keys,
}

/// Reads the section `keys`. Nothing of it is ever shown.
pub(super) fn read(node: &Node<'_>, environment: Environment<'_>, across: &mut AcrossTenants) -> Option<TenantKeys> {
    let section = node.section()?;
    let mut ids = BTreeSet::new();
    let mut ring = |node: Option<Node<'_>>, purpose: Use| {
        let node = node?;
        let keys: Vec<_> =
            node.list(shape::MOST_KEYS)?.iter().map(|node| key(node, environment, purpose, &mut ids, across)).collect();
        if keys.is_empty() {
            node.wrong("at least one key");
            return None;
        }
        keys.into_iter().collect::<Option<Keys>>()
    };
    let pass = ring(section.required("pass", "a list of keys"), Use::Pass);
    let gateway = ring(section.required("gateway", "a list of keys"), Use::Gateway);
    let upstream = ring(section.required("upstream", "a list of keys"), Use::Upstream);
    let mut perhaps = |name, purpose| match section.optional(name) {
        None => Some(Vec::new()),
        some => ring(some, purpose),
    };
    let (admin, webhook) = (perhaps("admin", Use::Admin), perhaps("webhook", Use::Webhook));
    section.finish();
    Some(TenantKeys { pass: pass?, gateway: gateway?, upstream: upstream?, admin: admin?, webhook: webhook? })
}

fn key(
    node: &Node<'_>,
    environment: Environment<'_>,
    purpose: Use,
    ids: &mut BTreeSet<KeyId>,
    across: &mut AcrossTenants,
) -> Option<(KeyId, KeyBytes)> {
    let section = node.section()?;
    let id = section.required("id", "the key's id").and_then(|node| {
        let id: KeyId = node.parsed()?;
        let new = ids.insert(id.clone());
        if !new {
            node.wrong("an id that no other key of this tenant has");
        }
        new.then_some(id)
    });
    let variable = section.optional("env");
    let value = section.optional("value");
    section.finish();
    let (source, text) = match (variable, value) {
        (Some(variable), None) => {
            let name = shape::KEY_ENV.of(&variable)?;
            let text = environment(&name);
            if text.is_none() {
                variable.wrong("the name of an environment variable that is set and handed to the plugin");
            }
            (variable, text?)
        }
        (None, Some(value)) => {
            let text = value.text()?.to_owned();
            (value, text)
        }
        _ => {
            node.wrong_as("both or neither", "either `env` or `value`");
            return None;
        }
    };
    let text = zeroize::Zeroizing::new(text);
    let bytes: KeyBytes = match text.parse() {
        Ok(bytes) => bytes,
        Err(error) => {
            source.wrong_as(error, "32 bytes or more in base64, standard or URL-safe");
            return None;
        }
    };
    across.key(&source, &bytes, purpose).then_some(())?;
    Some((id?, bytes))
}

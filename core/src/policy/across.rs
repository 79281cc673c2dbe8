//! What must not repeat between the tenants of a document, or within one (2.1a, 2.5).

use std::collections::{BTreeMap, BTreeSet};

use super::HostPattern;
use super::doc::{Node, Section};
use crate::key::KeyBytes;
use crate::names::TenantId;

/// What a list of keys is for, as the document names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    Pass,
    Gateway,
    Upstream,
    Admin,
    Webhook,
}

/// What the tenants read so far have taken.
pub(super) struct AcrossTenants {
    /// How many tenants there are.
    count: usize,
    /// The one being read, counted from 1.
    current: usize,
    tenants: BTreeSet<TenantId>,
    hosts: BTreeSet<HostPattern>,
    /// Whose hosts they are, those of admin APIs too.
    owners: BTreeMap<HostPattern, usize>,
    pairs: BTreeSet<(String, String)>,
    keys: BTreeMap<[u8; 32], (Use, usize)>,
    providers: BTreeSet<String>,
}

impl AcrossTenants {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count,
            current: 0,
            tenants: BTreeSet::new(),
            hosts: BTreeSet::new(),
            owners: BTreeMap::new(),
            pairs: BTreeSet::new(),
            keys: BTreeMap::new(),
            providers: BTreeSet::new(),
        }
    }

    /// Begins with the next tenant.
    pub(super) fn next_tenant(&mut self) {
        self.current = self.current.saturating_add(1);
    }

    pub(super) fn tenant(&mut self, node: &Node<'_>, id: &TenantId) -> bool {
        let new = self.tenants.insert(id.clone());
        if !new {
            node.wrong("a name that no other tenant has");
        }
        new
    }

    pub(super) fn hosts(&mut self, node: &Node<'_>, hosts: &[HostPattern]) -> bool {
        let mut fine = true;
        for host in hosts {
            if *host == HostPattern::Any && self.count > 1 {
                node.wrong_as("`*`", "hosts by name: `*` is for a single tenant");
                fine = false;
            }
            if !self.hosts.insert(host.clone()) {
                node.wrong_as(format_args!("`{host}` a second time"), "each host once in the whole document");
                fine = false;
            }
        }
        fine && self.own(node, hosts)
    }

    /// An admin API may answer where its own tenant's people sign in, but not at another tenant's host.
    pub(super) fn own(&mut self, node: &Node<'_>, hosts: &[HostPattern]) -> bool {
        let mut fine = true;
        for host in hosts {
            let owner = *self.owners.entry(host.clone()).or_insert(self.current);
            let everybodys = *host == HostPattern::Any && self.count > 1;
            if owner != self.current || everybodys {
                node.wrong_as(format_args!("`{host}`"), "a host that no other tenant has");
                fine = false;
            }
        }
        fine
    }

    pub(super) fn pair(&mut self, section: &Section<'_>, issuer: Option<&str>, audience: Option<&str>) {
        let (Some(issuer), Some(audience)) = (issuer, audience) else { return };
        if !self.pairs.insert((issuer.to_owned(), audience.to_owned())) {
            let found = "has the issuer and audience of another tenant";
            section.defects().report(section.path(), found, "an issuer or audience of its own");
        }
    }

    /// A token that the proxy has verified says nothing of tenants: each has a provider of its own.
    pub(super) fn provider(&mut self, node: &Node<'_>, provider: &str) -> bool {
        let new = self.providers.insert(provider.to_owned());
        if !new {
            let expected = "a provider of its own: another tenant's administrators would be this one's";
            node.wrong_as(format_args!("jwtAuthn.provider `{provider}`, which another tenant has"), expected);
        }
        new
    }

    pub(super) fn key(&mut self, node: &Node<'_>, bytes: &KeyBytes, purpose: Use) -> bool {
        let Some((other, tenant)) = self.keys.insert(bytes.fingerprint(), (purpose, self.current)) else { return true };
        let expected = if other != purpose {
            "bytes of its own: one key for two purposes lets one of them forge the other's"
        } else if tenant == self.current {
            "bytes of its own: this key is listed twice"
        } else if purpose == Use::Upstream {
            // Tenants may stand before one application; assertion and receipt name the tenant's own audience and session.
            return true;
        } else {
            "bytes of its own: another tenant's key would let that tenant in here"
        };
        node.wrong_as("a key that is used already", expected);
        false
    }
}

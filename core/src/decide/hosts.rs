//! Which tenant a request is for: by `:authority` alone, exact before wildcard, the longest wildcard first (2.1a).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::{HostPattern, Policy};
use crate::request::host_of;

/// The hosts of all tenants.
pub(super) struct Hosts {
    exact: BTreeMap<String, Arc<Policy>>,
    /// Longest first.
    suffixes: Vec<(String, Arc<Policy>)>,
    any: Option<Arc<Policy>>,
}

impl Hosts {
    pub(super) fn of(policies: &[Arc<Policy>]) -> Self {
        let mut hosts = Self { exact: BTreeMap::new(), suffixes: Vec::new(), any: None };
        for policy in policies {
            for host in &policy.hosts {
                let policy = Arc::clone(policy);
                match host {
                    HostPattern::Exact(host) => drop(hosts.exact.insert(host.clone(), policy)),
                    HostPattern::Suffix(suffix) => hosts.suffixes.push((suffix.clone(), policy)),
                    HostPattern::Any => hosts.any = Some(policy),
                }
            }
        }
        hosts.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        hosts
    }

    /// The policy for an authority, in any case, with or without port and one trailing dot.
    pub(super) fn find(&self, authority: &[u8]) -> Option<&Arc<Policy>> {
        let host = host_of(authority);
        let host = host.strip_suffix(b".").unwrap_or(host);
        let host = std::str::from_utf8(host).ok().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        // Something must stand before the suffix's dot.
        let below = |suffix: &str| host.len() > suffix.len() && host.ends_with(suffix);
        self.exact
            .get(&host)
            .or_else(|| self.suffixes.iter().find(|(suffix, _)| below(suffix)).map(|(_, policy)| policy))
            .or(self.any.as_ref())
    }
}

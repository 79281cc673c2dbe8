//! Which tenant a request is for: by `:authority` alone, exact before wildcard, the longest wildcard first (2.1a).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::{HostPattern, Policy};
use crate::request::host_of;

/// The hosts of all tenants.
pub(super) struct Hosts {
    exact: BTreeMap<String, Arc<Policy>>,
    /// By suffix, with its leading dot.
    suffixes: BTreeMap<String, Arc<Policy>>,
    any: Option<Arc<Policy>>,
}

impl Hosts {
    pub(super) fn of(policies: &[Arc<Policy>], patterns: impl Fn(&Policy) -> &[HostPattern]) -> Self {
        let mut hosts = Self { exact: BTreeMap::new(), suffixes: BTreeMap::new(), any: None };
        for policy in policies {
            for host in patterns(policy) {
                let policy = Arc::clone(policy);
                match host {
                    HostPattern::Exact(host) => drop(hosts.exact.insert(host.clone(), policy)),
                    HostPattern::Suffix(suffix) => drop(hosts.suffixes.insert(suffix.clone(), policy)),
                    HostPattern::Any => hosts.any = Some(policy),
                }
            }
        }
        hosts
    }

    /// The policy for an authority, in any case, with or without port and one trailing dot.
    pub(super) fn find(&self, authority: &[u8]) -> Option<&Arc<Policy>> {
        let host = host_of(authority);
        let host = host.strip_suffix(b".").unwrap_or(host);
        let host = std::str::from_utf8(host).ok().filter(|host| !host.is_empty())?.to_ascii_lowercase();
        self.exact.get(&host).or_else(|| self.longest_suffix(&host)).or(self.any.as_ref())
    }

    fn longest_suffix(&self, host: &str) -> Option<&Arc<Policy>> {
        // From left to right the suffixes get shorter. Something must stand before the first dot.
        let dots = host.match_indices('.').map(|(at, _)| at).filter(|at| *at > 0);
        dots.filter_map(|at| host.get(at..)).find_map(|suffix| self.suffixes.get(suffix))
    }
}

//! etcd as a cluster of the proxy's: the same for every proxy, since each of them is an Envoy in the end.

use askama::Template;
use tapgate_core::policy::{Etcd, LedgerPlace, Policy};

use super::RenderError;
use super::options::{Options, Tls, plain};
use super::site::{indented, quoted};

/// What the application's cluster is called in a bootstrap.
pub(super) const APPLICATION: &str = "application";

/// The cluster, as its template has it.
#[derive(Template)]
#[template(path = "etcd.yaml", escape = "none")]
pub(super) struct Cluster {
    /// Its name, quoted.
    pub(super) name: String,
    /// How the members are found.
    kind: &'static str,
    members: Vec<Member>,
    /// How long a call may take, in seconds.
    timeout: String,
    authority: String,
    tls: Option<Trust>,
}

struct Member {
    address: String,
    port: u16,
}

/// How the members are known, and how they know the proxy.
struct Trust {
    ca: String,
    own: Option<Tls>,
    /// One name for all of them.
    sni: Option<String>,
    /// Whether each is asked for by its own name.
    by_host: bool,
    /// The names that a certificate may have: kind and name.
    names: Vec<(&'static str, String)>,
}

impl Cluster {
    /// The cluster that the policies name; `None` if none of them does.
    pub(super) fn of(policies: &[Policy], options: &Options) -> Result<Option<Self>, RenderError> {
        let clusters: Vec<&Etcd> = policies
            .iter()
            .filter_map(|policy| match &policy.ledger {
                LedgerPlace::Etcd(etcd) => Some(etcd),
                LedgerPlace::SharedData { .. } => None,
            })
            .collect();
        let Some(first) = clusters.first() else {
            return if options.etcd.is_empty() { Ok(None) } else { Err(RenderError::NoEtcd) };
        };
        if clusters.iter().any(|etcd| etcd.cluster != first.cluster) {
            let mut names: Vec<&str> = clusters.iter().map(|etcd| etcd.cluster.as_str()).collect();
            names.dedup();
            return Err(RenderError::Clusters(names.join(", ")));
        }
        if first.cluster == APPLICATION {
            return Err(RenderError::ClusterTaken);
        }
        if options.etcd.is_empty() {
            return Err(RenderError::NoMembers);
        }
        let longest = clusters.iter().map(|etcd| etcd.timeout_in_milliseconds).max().unwrap_or_default();
        let members = options.etcd.iter().map(|member| Member { address: plain(&member.host), port: member.port });
        Ok(Some(Self {
            name: quoted(&first.cluster),
            kind: if options.etcd.iter().all(super::options::Upstream::is_address) { "STATIC" } else { "STRICT_DNS" },
            members: members.collect(),
            timeout: format!("{}.{:03}s", longest / 1000, longest % 1000),
            authority: quoted(&first.authority),
            tls: Trust::of(options),
        }))
    }

    /// The template filled in, so far in.
    pub(super) fn indented(&self, indent: usize) -> Result<String, askama::Error> {
        Ok(indented(&self.render()?, indent))
    }
}

impl Trust {
    fn of(options: &Options) -> Option<Self> {
        let ca = quoted(options.etcd_tls_ca.as_ref()?);
        let own = options.etcd_tls_cert.as_ref().zip(options.etcd_tls_key.as_ref());
        let own = own.map(|(certificate, key)| Tls { certificate: quoted(certificate), key: quoted(key) });
        if let Some(name) = &options.etcd_tls_name {
            let name = quoted(&name.0);
            return Some(Self { ca, own, sni: Some(name.clone()), by_host: false, names: vec![("DNS", name)] });
        }
        let names = options.etcd.iter().map(|member| {
            let kind = if member.is_address() { "IP_ADDRESS" } else { "DNS" };
            (kind, quoted(&member.host))
        });
        // An address is no server name; where one of the members has no other, none is said.
        let by_host = options.etcd.iter().all(|member| !member.is_address());
        Some(Self { ca, own, sni: None, by_host, names: names.collect() })
    }
}

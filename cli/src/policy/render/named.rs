//! Whatever else a policy asks by way of the proxy, as clusters of the proxy's.

use std::net::IpAddr;
use std::str::FromStr;

use askama::Template;
use tapgate_core::directory::Directory;
use tapgate_core::policy::{LedgerPlace, Policy};

use super::RenderError;
use super::etcd::APPLICATION;
use super::options::{NoValue, Options, Upstream, plain};
use super::site::{indented, quoted};

/// Where the certificates of public authorities are on Debian, and in Envoy's images.
const PUBLIC: &str = "/etc/ssl/certs/ca-certificates.crt";

/// One cluster, as its template has it.
#[derive(Template)]
#[template(path = "cluster.yaml", escape = "none")]
pub(super) struct Named {
    /// Its name, quoted.
    name: String,
    kind: &'static str,
    address: String,
    port: u16,
    /// Whose certificates are believed, and what name they have: quoted.
    tls: Option<Tls>,
}

struct Tls {
    ca: String,
    name: String,
    san_type: &'static str,
    /// An address is no server name.
    has_sni: bool,
}

/// `NAME=URL`: what a policy calls a cluster, and where that is.
#[derive(Clone, Debug)]
pub(super) struct Place {
    name: String,
    tls: bool,
    at: Upstream,
}

impl FromStr for Place {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let wrong = NoValue("a cluster's name and a URL without a path, as in `hr=https://hr.internal`");
        let (name, url) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(wrong)?;
        let (tls, rest, usual) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest, 443),
            (_, Some(rest)) => (false, rest, 80),
            _ => return Err(wrong),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let at = rest.parse().or_else(|_| format!("{rest}:{usual}").parse()).map_err(|_: NoValue| wrong)?;
        Ok(Self { name: name.to_owned(), tls, at })
    }
}

impl Named {
    /// The clusters that the policies name besides the application's and etcd's.
    pub(super) fn all(policies: &[Policy], options: &Options) -> Result<Vec<Self>, RenderError> {
        let mut wanted: Vec<&str> = Vec::new();
        for policy in policies {
            let webhook = policy.webhook.as_ref().map(|webhook| webhook.cluster.as_str());
            let scim = match &policy.directory {
                Directory::Scim(scim) => Some(scim.cluster.as_str()),
                Directory::Open | Directory::Users(_) => None,
            };
            for name in webhook.into_iter().chain(scim) {
                let is_etcds = policies.iter().any(|policy| match &policy.ledger {
                    LedgerPlace::Etcd(etcd) => etcd.cluster == name,
                    LedgerPlace::SharedData { .. } => false,
                });
                if name == APPLICATION || is_etcds {
                    return Err(RenderError::NameTaken(name.to_owned()));
                }
                if !wanted.contains(&name) {
                    wanted.push(name);
                }
            }
        }
        let stray = options.cluster.iter().find(|place| !wanted.contains(&place.name.as_str()));
        if let Some(stray) = stray {
            return Err(RenderError::NoSuchCluster(stray.name.clone()));
        }
        let placed = |name: &&str| {
            let place = options.cluster.iter().find(|place| place.name == **name);
            place.map(|place| Self::of(place, options)).ok_or_else(|| RenderError::NoPlace((*name).to_owned()))
        };
        wanted.iter().map(placed).collect()
    }

    fn of(place: &Place, options: &Options) -> Self {
        let is_address = place.at.host.parse::<IpAddr>().is_ok();
        let tls = place.tls.then(|| Tls {
            ca: quoted(options.cluster_ca.as_deref().unwrap_or(PUBLIC)),
            name: quoted(&place.at.host),
            san_type: if is_address { "IP_ADDRESS" } else { "DNS" },
            has_sni: !is_address,
        });
        Self {
            name: quoted(&place.name),
            kind: if is_address { "STATIC" } else { "STRICT_DNS" },
            address: plain(&place.at.host),
            port: place.at.port,
            tls,
        }
    }

    /// The template filled in, so far in.
    pub(super) fn indented(&self, indent: usize) -> Result<String, askama::Error> {
        Ok(indented(&self.render()?, indent))
    }
}

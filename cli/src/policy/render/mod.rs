//! `tapgate policy render`: a complete, hardened configuration of a proxy with the policy in it.
//!
//! The templates are in `cli/templates`; `examples/envoy/envoy.yaml` is what the first of them gives. Keys never come into a
//! configuration: they stay in the proxy's environment.

mod etcd;
mod named;
mod options;
mod site;

use askama::Template;
use tapgate_cases::describe::{SHARED, VOLATILE};

use self::etcd::Cluster;
use self::named::Named;
pub(crate) use self::options::Options;
use self::options::{Address, Proxy, Tls};
use self::site::{Site, quoted};
use super::file;
use crate::error::{Error, Failure};
use crate::exit::Exit;
use crate::world::World;

/// Why there is nothing to render.
#[derive(Debug, thiserror::Error)]
enum RenderError {
    /// A key would be in the configuration.
    #[error(
        "the policy holds a key itself (`keys.*.value`), which would stand in the configuration; move it into an environment variable and name that in `env`"
    )]
    KeyInPolicy,
    /// Where etcd is has not been said.
    #[error(
        "the policy keeps its ledger in etcd: say where its members are with `--etcd HOST:PORT`, once for each, and with `--etcd-tls-ca` how to know them"
    )]
    NoMembers,
    /// Members of an etcd that nobody asks.
    #[error("`--etcd` is for a policy with `ledger.etcd`, which this is not")]
    NoEtcd,
    /// Tenants in different clusters.
    #[error(
        "the tenants name different clusters of etcd ({0}), and `--etcd` says where one of them is; give them one `ledger.etcd.cluster`, or render them apart"
    )]
    Clusters(String),
    /// A name that is taken.
    #[error(
        "`ledger.etcd.cluster` is `application`, which is the application's name in what is rendered; take another"
    )]
    ClusterTaken,
    /// Where a cluster is has not been said.
    #[error(
        "the policy asks the cluster `{0}`: say where it is with `--cluster {0}=URL`, as in `--cluster {0}=https://{0}.internal`"
    )]
    NoPlace(String),
    /// A cluster that nobody asks.
    #[error("`--cluster` says where `{0}` is, which the policy does not name")]
    NoSuchCluster(String),
    /// A name for two clusters.
    #[error("`{0}` is the name of another cluster in what is rendered; call it something else in the policy")]
    NameTaken(String),
    /// A module from a file, for a proxy that fetches it.
    #[error(
        "`--module` has to be an address for this proxy, as in `oci://registry.example.com/tapgate:1` or `https://...`"
    )]
    NoAddress,
    /// A part that the proxy cannot be told.
    #[error("the template cannot be filled in")]
    Template(#[source] askama::Error),
}

impl Failure for RenderError {
    fn exit(&self) -> Exit {
        match self {
            Self::KeyInPolicy | Self::Clusters(_) | Self::ClusterTaken | Self::NameTaken(_) => Exit::Findings,
            Self::NoAddress | Self::NoMembers | Self::NoEtcd | Self::NoPlace(_) | Self::NoSuchCluster(_) => Exit::Usage,
            Self::Template(_) => Exit::Failed,
        }
    }
}

#[derive(Template)]
#[template(path = "envoy.yaml", escape = "none")]
struct Envoy<'a> {
    site: &'a Site,
    etcd: Option<&'a Cluster>,
    named: &'a [Named],
    listen: &'a Address,
    admin: &'a Address,
    upstream: &'a Address,
    module: String,
    tls: Option<&'a Tls>,
}

#[derive(Template)]
#[template(path = "istio.yaml", escape = "none")]
struct Istio<'a> {
    site: &'a Site,
    etcd: Option<&'a Cluster>,
    upstream: &'a Address,
    module: String,
    sha256: Option<&'a str>,
    namespace: &'a str,
    gateway: &'a str,
    selector: &'a str,
}

#[derive(Template)]
#[template(path = "envoy-gateway.yaml", escape = "none")]
struct EnvoyGateway<'a> {
    site: &'a Site,
    etcd: Option<&'a Cluster>,
    upstream: &'a Address,
    module: String,
    image: bool,
    sha256: Option<&'a str>,
    namespace: &'a str,
    gateway: &'a str,
}

/// Renders the policy for a proxy.
pub(crate) fn run(options: &Options, world: &mut World<'_>) -> Result<Exit, Error> {
    let loaded = file::load(&options.file, file::Keys::StandIns, world)?;
    let site = Site::of(loaded.document.tree(), &loaded.policies)?;
    let etcd = Cluster::of(&loaded.policies, options)?;
    let etcd = etcd.as_ref();
    let named = Named::all(&loaded.policies, options)?;
    let upstream = options.upstream();
    let (namespace, gateway) = (options.namespace.as_str(), options.gateway.as_str());
    let sha256 = options.sha256.as_ref().map(options::Sha256::as_str);
    let rendered = match options.proxy {
        Proxy::Envoy => Envoy {
            site: &site,
            etcd,
            named: &named,
            listen: &options.listen(),
            admin: &options.admin(),
            upstream: &upstream,
            module: quoted(options.module.as_deref().unwrap_or("target/plugin/tapgate.wasm")),
            tls: options.tls().as_ref(),
        }
        .render(),
        Proxy::Istio => {
            let module = quoted(address(options)?);
            let selector = options.selector.as_str();
            Istio { site: &site, etcd, upstream: &upstream, module, sha256, namespace, gateway, selector }.render()
        }
        Proxy::EnvoyGateway => {
            let module = address(options)?;
            let (image, module) = match module.strip_prefix("oci://") {
                Some(image) => (true, quoted(image)),
                None => (false, quoted(module)),
            };
            EnvoyGateway { site: &site, etcd, upstream: &upstream, module, image, sha256, namespace, gateway }.render()
        }
    };
    for line in rendered.map_err(RenderError::Template)?.lines() {
        world.print(line.trim_end())?;
    }
    if options.proxy != Proxy::Envoy && sha256.is_none() {
        world.warn("without `--sha256` the proxy runs whatever module the address gives");
    }
    if options.proxy != Proxy::Envoy && !named.is_empty() {
        world.warn("the clusters of `--cluster` are not in what is rendered for this proxy: add them by an EnvoyFilter or EnvoyPatchPolicy, under their names");
    }
    if site.volatile {
        world.note(VOLATILE);
    }
    if etcd.is_some() {
        world.note(SHARED);
    }
    Ok(Exit::Done)
}

/// Where the module is fetched from.
fn address(options: &Options) -> Result<&str, RenderError> {
    let module = options.module.as_deref().unwrap_or("oci://registry.example.com/tapgate:0.1.0");
    let known = ["oci://", "https://", "http://"].iter().any(|scheme| module.starts_with(scheme));
    if known { Ok(module) } else { Err(RenderError::NoAddress) }
}

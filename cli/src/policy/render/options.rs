//! What `render` takes.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::named::Place;
use super::site::quoted;

const EXAMPLES: &str = "\
Examples:
  tapgate policy render --for envoy policy.yaml > envoy.yaml
  tapgate policy render --for envoy --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key key.pem \\
      --upstream app.internal:8080 --module /opt/tapgate.wasm policy.yaml > envoy.yaml
  tapgate policy render --for envoy --etcd etcd-1.internal:2379 --etcd etcd-2.internal:2379 --etcd etcd-3.internal:2379 \\
      --etcd-tls-ca ca.pem --etcd-tls-cert gate.pem --etcd-tls-key gate-key.pem policy.yaml > envoy.yaml
  tapgate policy render --for envoy --cluster hr=https://hr.internal policy.yaml > envoy.yaml
  tapgate policy render --for istio --module oci://registry.example.com/tapgate:1 --sha256 HEX policy.yaml
  tapgate policy render --for envoy-gateway --gateway public --upstream app:8080 policy.yaml | kubectl apply -f -";

/// Render a complete, hardened proxy configuration with the policy in it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// A policy, in YAML or JSON
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Which proxy
    #[arg(long = "for", value_name = "PROXY")]
    pub(super) proxy: Proxy,
    /// The plugin: a file for envoy, an address (oci://, https://) for the others
    #[arg(long, value_name = "MODULE")]
    pub(super) module: Option<String>,
    /// The SHA-256 that the fetched module has to have (istio, envoy-gateway)
    #[arg(long, value_name = "HEX")]
    pub(super) sha256: Option<Sha256>,
    /// The application: host and port; a service in Kubernetes
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:10001")]
    upstream: Upstream,
    /// Where to listen (envoy)
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:10000")]
    listen: SocketAddr,
    /// The certificate chain (envoy)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<String>,
    /// Its private key (envoy)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<String>,
    /// Where the admin interface listens (envoy)
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9901")]
    admin: SocketAddr,
    /// A member of etcd, host and port, once for each; for a policy with `ledger.etcd`
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) etcd: Vec<Upstream>,
    /// Speak TLS with etcd, whose members have certificates of this authority
    #[arg(long, value_name = "FILE", requires = "etcd")]
    pub(super) etcd_tls_ca: Option<String>,
    /// The certificate by which etcd knows the proxy
    #[arg(long, value_name = "FILE", requires = "etcd_tls_ca", requires = "etcd_tls_key")]
    pub(super) etcd_tls_cert: Option<String>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "etcd_tls_cert")]
    pub(super) etcd_tls_key: Option<String>,
    /// The name in the members' certificates, where it is not the host of --etcd
    #[arg(long, value_name = "NAME", requires = "etcd_tls_ca")]
    pub(super) etcd_tls_name: Option<HostName>,
    /// Where another cluster is that the policy names (`webhook.cluster`, `directory.scim.cluster`), once for each
    #[arg(long, value_name = "NAME=URL")]
    pub(super) cluster: Vec<Place>,
    /// The authority that those clusters have their certificates from, where they speak TLS: public ones if it is not said
    #[arg(long, value_name = "FILE", requires = "cluster")]
    pub(super) cluster_ca: Option<String>,
    /// The namespace of the resources (istio, envoy-gateway)
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(super) namespace: Label,
    /// The Gateway that they belong to (istio, envoy-gateway)
    #[arg(long, value_name = "NAME", default_value = "gateway")]
    pub(super) gateway: Label,
    /// The label `istio` of the ingress gateway's pods (istio)
    #[arg(long, value_name = "NAME", default_value = "ingressgateway")]
    pub(super) selector: Label,
}

/// A proxy that can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Proxy {
    /// Envoy: a bootstrap that runs as it is
    Envoy,
    /// Istio: WasmPlugin, VirtualService and EnvoyFilter for an ingress gateway
    Istio,
    /// Envoy Gateway: extension, traffic and buffer policies with their routes
    EnvoyGateway,
}

/// A name in Kubernetes.
#[derive(Clone, Debug)]
pub(super) struct Label(String);

impl Label {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no value.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("expected {0}")]
pub(super) struct NoValue(pub(super) &'static str);

impl FromStr for Label {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let fits = letters && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NoValue("1 to 63 of a-z, 0-9 and -, not - at either end")) }
    }
}

/// The digest of a module.
#[derive(Clone, Debug)]
pub(super) struct Sha256(String);

impl Sha256 {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sha256 {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        if hex { Ok(Self(format!("\"{text}\""))) } else { Err(NoValue("64 hexadecimal digits in lower case")) }
    }
}

/// A host's name.
#[derive(Clone, Debug)]
pub(super) struct HostName(pub(super) String);

impl FromStr for HostName {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        if is_name(text) && text.parse::<IpAddr>().is_err() {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoValue("a host name"))
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

/// Host and port of the application, or of a member of etcd.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    pub(super) host: String,
    pub(super) port: u16,
}

impl FromStr for Upstream {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<Self, NoValue> {
        let wrong = NoValue("a host or an IP address and a port, as in `app.internal:8080`");
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { host: address.ip().to_string(), port: address.port() });
        }
        let (host, port) = text.rsplit_once(':').ok_or(wrong)?;
        let port = port.parse().ok().filter(|port| *port > 0).ok_or(wrong)?;
        if is_name(host) { Ok(Self { host: host.to_owned(), port }) } else { Err(wrong) }
    }
}

/// An address as a template has it.
pub(super) struct Address {
    pub(super) address: String,
    pub(super) port: u16,
    /// How Envoy finds it.
    pub(super) kind: &'static str,
}

impl Address {
    fn of(address: SocketAddr) -> Self {
        Self { address: plain(&address.ip().to_string()), port: address.port(), kind: "STATIC" }
    }
}

impl Upstream {
    /// Whether the host is an IP address.
    pub(super) fn is_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }
}

/// The files of a certificate, as a template has them.
pub(super) struct Tls {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Options {
    pub(super) fn upstream(&self) -> Address {
        let kind = if self.upstream.is_address() { "STATIC" } else { "STRICT_DNS" };
        Address { address: plain(&self.upstream.host), port: self.upstream.port, kind }
    }

    pub(super) fn listen(&self) -> Address {
        Address::of(self.listen)
    }

    pub(super) fn admin(&self) -> Address {
        Address::of(self.admin)
    }

    pub(super) fn tls(&self) -> Option<Tls> {
        let (certificate, key) = (self.tls_cert.as_ref()?, self.tls_key.as_ref()?);
        Some(Tls { certificate: quoted(certificate), key: quoted(key) })
    }
}

/// An address in YAML: in quotes where it has colons.
pub(super) fn plain(address: &str) -> String {
    if address.contains(':') { quoted(address) } else { address.to_owned() }
}

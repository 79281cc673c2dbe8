//! A fleet: one Envoy for each filter, with one worker; all of them run from before the first burst to after the last.
//!
//! Each runs the bootstrap that is shipped, as it is shipped, but for the one filter that is looked at.

use std::net::SocketAddr;
use std::path::{Path as File, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tapgate_host_tests::envoy::{Envoy, Setup};
use tapgate_host_tests::keys::Keys;
use tapgate_host_tests::workspace;

use crate::client::Client;
use crate::cpu::Thread;
use crate::path::Proxy;
use crate::requests::{Call, NOBODY};

/// A running Envoy with what is needed to measure it.
pub struct Running {
    /// The Envoy itself.
    pub envoy: Envoy,
    /// The connections to it.
    pub client: Client,
    /// Its one worker.
    pub worker: Thread,
}

/// The Envoys of a fleet.
pub struct Proxies {
    bare: Running,
    noop: Running,
    jwt_authn: Running,
    tapgate: Running,
}

impl Proxies {
    /// Starts them in front of an application.
    ///
    /// # Errors
    /// If one of them does not start, or a module is not there.
    pub async fn start(application: SocketAddr, keys: &Keys) -> Result<Self> {
        let setup = || Setup::new(application, keys).workers(1).ordinary_log();
        let mut proxies = Self {
            bare: start(setup().instead_of_the_plugin(None).answers_sign_ins(303)).await?,
            noop: start(setup().module(&noop_module()?).policy_text("")).await?,
            jwt_authn: start(setup().instead_of_the_plugin(Some(jwt_authn(keys)))).await?,
            tapgate: start(setup()).await?,
        };
        // Good tokens alone would not show that anybody looks at them.
        let without_token = Call { status: 401, mark: None, ..Call::page("application=0", NOBODY)? };
        proxies.jwt_authn.client.burst(&without_token, 1).await.context("without a token")?;
        Ok(proxies)
    }

    /// One of them.
    pub const fn of(&mut self, proxy: Proxy) -> &mut Running {
        match proxy {
            Proxy::Bare => &mut self.bare,
            Proxy::Noop => &mut self.noop,
            Proxy::JwtAuthn => &mut self.jwt_authn,
            Proxy::Tapgate => &mut self.tapgate,
        }
    }
}

async fn start(setup: Setup) -> Result<Running> {
    let envoy = Envoy::start(&setup).await?;
    let worker = Thread::worker_of(envoy.process())?;
    let client = Client::connect(envoy.address()).await?;
    Ok(Running { envoy, client, worker })
}

/// Envoy's own check of tokens, as an operator would set it up for the key that signs passes.
fn jwt_authn(keys: &Keys) -> Value {
    let key = URL_SAFE_NO_PAD.encode(keys.pass.bytes());
    let keys = json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": "pass-1", "k": key}]});
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"bench": {
                "issuer": "https://gate.example.com",
                "audiences": ["gate.example.com"],
                "local_jwks": {"inline_string": keys.to_string()},
            }},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
        },
    })
}

/// The filter that does nothing, as `cargo xtask bench` leaves it.
///
/// # Errors
/// If it is not there.
pub fn noop_module() -> Result<PathBuf> {
    let place = workspace::root().join("target/plugin/noop.wasm");
    ensure!(place.exists(), "{} is not there: run `cargo xtask bench`", place.display());
    Ok(place)
}

/// The version of the Envoy that is measured (`1.40.0`), as it says itself.
///
/// # Errors
/// If it does not say.
pub fn envoys_version() -> Result<String> {
    let output = std::process::Command::new(workspace::envoy()).arg("--version").output().context("asking envoy")?;
    let text = String::from_utf8_lossy(&output.stdout);
    version(&text).with_context(|| format!("envoy calls itself `{}`", text.trim()))
}

/// Reads `envoy  version: 9c1b.../1.40.0/Clean/RELEASE/BoringSSL`.
fn version(text: &str) -> Option<String> {
    let build = text.trim().rsplit_once("version: ")?.1;
    build.split('/').nth(1).map(str::to_owned)
}

/// The size of a module's file.
///
/// # Errors
/// If it cannot be read.
pub fn module_bytes(module: &File) -> Result<u64> {
    Ok(std::fs::metadata(module).with_context(|| format!("looking at {}", module.display()))?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envoys_version_is_read() {
        let text = "\n/tools/envoy  version: 9c1b/1.40.0/Clean/RELEASE/BoringSSL\n\n";
        assert_eq!(version(text).as_deref(), Some("1.40.0"));
        assert_eq!(version("envoy"), None);
    }
}

//! The keys of one run: random, handed to Envoy through its environment as an operator would.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// One key's 32 bytes.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A new random key.
    ///
    /// # Panics
    /// If the system has no randomness.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("randomness");
        Self(bytes)
    }

    /// The key itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Standard base64, as it stands in an environment variable.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }

    /// Every spelling in which the key could turn up in a log.
    #[must_use]
    pub fn spellings(&self) -> Vec<String> {
        let hex = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        vec![self.base64(), URL_SAFE_NO_PAD.encode(self.0), hex]
    }
}

/// The keys that the shipped policy names.
#[derive(Clone)]
pub struct Keys {
    /// `pass-1`: signs passes.
    pub pass: Key,
    /// `gw-1`: the gateway's own.
    pub gateway: Key,
    /// `up-1`: shared with the application.
    pub upstream: Key,
}

impl Keys {
    /// Three new random keys.
    #[must_use]
    pub fn random() -> Self {
        Self { pass: Key::random(), gateway: Key::random(), upstream: Key::random() }
    }

    /// The environment variables that the shipped bootstrap hands to the plugin.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("TAPGATE_PASS_KEY", &self.pass),
            ("TAPGATE_GATEWAY_KEY", &self.gateway),
            ("TAPGATE_UPSTREAM_KEY", &self.upstream),
        ]
        .map(|(name, key)| (name.to_owned(), key.base64()))
        .to_vec()
    }

    /// All of them.
    pub fn each(&self) -> impl Iterator<Item = &Key> {
        [&self.pass, &self.gateway, &self.upstream].into_iter()
    }
}

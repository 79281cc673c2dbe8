//! Whoever administers passes: a key that the gate knows, and tokens signed with it.

use serde_json::json;

use crate::clock;
use crate::keys::Key;
use crate::pass::forge::compact;
use crate::policy::Policy;
use crate::secrets::Secrets;

/// The role that may issue passes to anybody.
pub const ISSUER: &str = "Privileged Authentication Administrator";

/// The header of an honest token.
const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"admin-1"}"#;

/// The variable that holds the key.
const VARIABLE: &str = "TAPGATE_ADMIN_KEY";

/// How long a token is valid, in seconds.
const LIFETIME: i64 = 600;

/// A service desk.
#[derive(Clone)]
pub struct Desk {
    key: Key,
    secrets: Secrets,
}

impl Desk {
    /// One with a new key.
    #[must_use]
    pub fn new(secrets: &Secrets) -> Self {
        let key = Key::random();
        key.spellings().into_iter().for_each(|spelling| secrets.note(spelling));
        Self { key, secrets: secrets.clone() }
    }

    /// A policy whose administrators are here, at these hosts.
    #[must_use]
    pub fn in_charge(policy: Policy, hosts: &[&str]) -> Policy {
        policy.with("/keys/admin", json!([{"id": "admin-1", "env": VARIABLE}])).with("/admin", json!({"hosts": hosts}))
    }

    /// What the gate needs in its environment to know this desk.
    #[must_use]
    pub fn environment(&self) -> (&'static str, String) {
        (VARIABLE, self.key.base64())
    }

    /// A token of somebody with this role, valid from now on.
    #[must_use]
    pub fn token(&self, role: &str) -> String {
        self.token_at(clock::now(), role)
    }

    /// As [`Self::token`], by a clock of the test's own.
    #[must_use]
    pub fn token_at(&self, now: i64, role: &str) -> String {
        let claims = json!({
            "iss": "https://gate.example.com", "aud": "gate.example.com", "tid": "contoso", "sub": "desk@example.com",
            "roles": [role], "iat": now, "exp": now + LIFETIME,
        });
        let token = compact(HEADER, &claims.to_string(), &self.key);
        self.secrets.note(&token);
        token
    }
}

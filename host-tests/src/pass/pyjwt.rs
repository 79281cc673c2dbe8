//! PyJWT: another library, in another language, that mints passes and verifies what the gate signs.

use std::process::Command;

use serde_json::{Value, json};

use super::Pass;
use crate::keys::Key;
use crate::secrets::Secrets;
use crate::workspace;

const MINT: &str = r#"
import json, os, jwt
job = json.loads(os.environ["JOB"])
print(jwt.encode(job["claims"], bytes.fromhex(job["key"]), algorithm="HS256", headers={"typ": "tap+jwt", "kid": job["kid"]}))
"#;

const VERIFY: &str = r#"
import json, os, jwt
job = json.loads(os.environ["JOB"])
print(json.dumps(jwt.decode(job["token"], bytes.fromhex(job["key"]), algorithms=["HS256"],
                            audience=job["aud"], options={"require": ["exp", "iat", "sub"]})))
"#;

/// Mints a pass.
///
/// # Panics
/// If PyJWT cannot.
#[must_use]
pub fn mint(pass: &Pass, secrets: &Secrets) -> String {
    let minted = python(MINT, &json!({"claims": pass.claims(), "key": hex(pass.key()), "kid": "pass-1"}));
    secrets.note(&minted);
    minted
}

/// The claims of a JWS, verified with `key` and for the audience of the shipped policy.
///
/// # Panics
/// If PyJWT refuses it.
#[must_use]
pub fn verify(token: &str, key: &Key) -> Value {
    let claims = python(VERIFY, &json!({"token": token, "key": hex(key), "aud": "gate.example.com"}));
    serde_json::from_str(&claims).expect("claims as JSON")
}

/// Runs a script; keys go through its environment, where no process list shows them.
fn python(script: &str, job: &Value) -> String {
    let output = Command::new(workspace::python())
        .args(["-c", script])
        .env("JOB", job.to_string())
        .output()
        .expect("python can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn hex(key: &Key) -> String {
    key.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

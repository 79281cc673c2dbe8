//! The application with a database in a temporary folder, and browsers at it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};
use tapgate_example_app::gate::Gate;
use tapgate_passkey_app::{Site as Told, application};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::authenticator::Authenticator;

pub(crate) const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
pub(crate) const OTHER_KEY: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";
pub(crate) const ORIGIN: &str = "https://gate.example.com";

/// The application, and where it keeps its memory.
pub(crate) struct Site {
    router: Router,
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { router: router(&folder.path().join("db")), folder }
    }

    /// The same application after a restart.
    pub(crate) fn restarted(self) -> Self {
        let Self { router: old, folder } = self;
        drop(old);
        Self { router: router(&folder.path().join("db")), folder }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("db")
    }

    /// Everything that SQLite has written, journals included.
    pub(crate) fn written(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    /// A browser with nothing.
    pub(crate) fn browser(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: BTreeMap::new(), headers: Vec::new() }
    }

    /// A browser of somebody whom the gate lets register.
    pub(crate) fn registering(&self, user: &str) -> Browser {
        self.browser().with("tapgate-assertion", &assertion(user, "registering"))
    }

    /// Somebody who has registered with this authenticator.
    pub(crate) async fn registered(&self, user: &str, authenticator: &mut Authenticator) {
        let answer = self.registering(user).register(authenticator, "My phone").await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    }

    /// A browser of somebody who has signed in with a passkey that they have registered.
    pub(crate) async fn signed_in(&self, user: &str) -> (Browser, Authenticator) {
        let mut authenticator = Authenticator::new(ORIGIN);
        self.registered(user, &mut authenticator).await;
        let mut browser = self.browser();
        let answer = browser.sign_in(&mut authenticator, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        (browser, authenticator)
    }
}

fn router(database: &std::path::Path) -> Router {
    let gate = Gate::new(ORIGIN, "gate.example.com", &[("up-1", KEY)]).unwrap().of_tenant("contoso");
    let told = Told {
        origins: vec![ORIGIN.to_owned()],
        relying_party: "gate.example.com".to_owned(),
        name: "Contoso".to_owned(),
        base_path: "/.tap".to_owned(),
    };
    application(gate, told, database).unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap().to_owned()
    }
}

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    headers: Vec<(String, String)>,
}

impl Browser {
    /// With one more header on each request, as the gate sets them.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With another browser's cookies.
    pub(crate) fn with_cookies(mut self, cookies: BTreeMap<String, String>) -> Self {
        self.cookies = cookies;
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[("sec-fetch-site", "same-origin")], "").await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        self.send("POST", path, &headers, &body.to_string()).await
    }

    pub(crate) async fn submit(&mut self, path: &str, body: &str) -> Answer {
        let headers = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &headers, body).await
    }

    /// A request with these headers and those of the browser.
    pub(crate) async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        for set in head.headers.get_all("set-cookie") {
            let line = set.to_str().unwrap();
            assert!(line.starts_with("__Host-") && line.contains("; Path=/; HttpOnly; Secure; SameSite="), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// The whole registration.
    pub(crate) async fn register(&mut self, authenticator: &mut Authenticator, name: &str) -> Answer {
        let started = self.post("/webauthn/register/start", &json!({})).await;
        if started.status != StatusCode::OK {
            return started;
        }
        let credential = authenticator.create(&started.json()["options"]).unwrap();
        self.post("/webauthn/register/finish", &json!({ "name": name, "credential": credential })).await
    }

    /// The whole sign-in.
    pub(crate) async fn sign_in(&mut self, authenticator: &mut Authenticator, username: &str) -> Answer {
        let started = self.post("/webauthn/login/start", &json!({ "username": username })).await;
        if started.status != StatusCode::OK {
            return started;
        }
        let credential = authenticator.get(&started.json()["options"]).unwrap();
        self.post("/webauthn/login/finish", &json!({ "credential": credential })).await
    }
}

/// The claims of an assertion.
pub(crate) fn claims(user: &str, state: &str) -> Value {
    let now = get_current_timestamp();
    json!({
        "iss": ORIGIN, "aud": "gate.example.com", "sub": user, "sid": format!("session of {user}"), "tenant": "contoso",
        "amr": ["tap"], "state": state, "iat": now, "exp": now + 60,
    })
}

/// A JWS.
pub(crate) fn signed(algorithm: Algorithm, typ: &str, kid: &str, key: &str, claims: &Value) -> String {
    let header = Header { typ: Some(typ.to_owned()), kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, &EncodingKey::from_base64_secret(key).unwrap()).unwrap()
}

/// What the gate sends for a person.
pub(crate) fn assertion(user: &str, state: &str) -> String {
    signed(Algorithm::HS256, "tap-assertion+jwt", "up-1", KEY, &claims(user, state))
}

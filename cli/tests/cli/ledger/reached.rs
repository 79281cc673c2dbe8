//! Members in turn, TLS, and who etcd is told is asking.

use std::fs;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tapgate_cli::Exit;

use super::fake::{Fake, Reply, Store};
use super::{Place, nobody};
use crate::support::NOW;

#[test]
fn members_are_tried_in_turn() {
    let lives = Fake::with(Store::born(NOW - 500));
    let silent = Fake::doing(Store::default(), |_, _| Reply::Silence);
    let sick = Fake::saying(503, r#"{"error":"etcdserver: no leader","message":"etcdserver: no leader","code":14}"#);
    let place = Place::new();
    let members = [nobody(), sick.url(), silent.url(), lives.url()];
    let arguments = ["show", "--user", "alice", "--timeout", "1"];
    place.command(&arguments, &members).run().succeeded().says("record    none");
    let joined = members.join(" , ");
    place.command(&arguments, &[]).env("TAPGATE_ETCD", &joined).run().succeeded().says("record    none");
    let outcome = place.command(&arguments, members.get(..3).unwrap()).run();
    for words in ["no connection: ", "HTTP status 503: etcdserver: no leader", "nothing within 1 s"] {
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
    }
    outcome.failed(Exit::Failed, "no member of etcd gave an answer");
}

/// A store that wants a token, and counts what was asked with none and with which.
fn guarded(tokens: &'static [&'static str]) -> (Fake, Arc<Mutex<Vec<String>>>) {
    let asked_with = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked_with);
    let fake = Fake::doing(Store::born(NOW - 500), move |asked, store| {
        let mut seen = seen.lock().unwrap();
        seen.push(format!("{} {}", asked.path, asked.token.as_deref().unwrap_or("none")));
        if asked.path == "/v3/auth/authenticate" {
            let right = asked.body == json!({"name": "operator", "password": "hunter2hunter2"});
            let given = seen.iter().filter(|line| line.starts_with("/v3/auth")).count() - 1;
            return match (right, tokens.get(given)) {
                (true, Some(token)) => Reply::json(200, &json!({"token": token})),
                _ => Reply::json(
                    400,
                    &json!({"code": 3, "message": "etcdserver: authentication failed, invalid user ID or password"}),
                ),
            };
        }
        match asked.token.as_deref() {
            Some("good.1") => store.answer(asked),
            Some(_) => Reply::json(401, &json!({"code": 16, "message": "etcdserver: invalid auth token"})),
            None => Reply::json(400, &json!({"code": 3, "message": "etcdserver: user name is empty"})),
        }
    });
    (fake, asked_with)
}

const FIELDS: &str = "usernameEnv: ETCD_USER, passwordEnv: ETCD_PASSWORD";

#[test]
fn the_policy_says_who_asks() {
    let place = Place::with(FIELDS);
    let run = |fake: &Fake, user: &str, password: &str| {
        let command = place.command(&["show", "--user", "alice"], &[fake.url()]);
        command.env("ETCD_USER", user).env("ETCD_PASSWORD", password).run()
    };
    let (fake, asked) = guarded(&["good.1"]);
    run(&fake, "operator", "hunter2hunter2").succeeded().says("record    none");
    assert_eq!(*asked.lock().unwrap(), ["/v3/auth/authenticate none", "/v3/kv/range good.1"]);
    // A token that is not taken is renewed, once.
    let (fake, asked) = guarded(&["old.1", "good.1"]);
    run(&fake, "operator", "hunter2hunter2").succeeded();
    assert_eq!(asked.lock().unwrap().len(), 4);
    let (fake, asked) = guarded(&["old.1", "old.2", "old.3"]);
    run(&fake, "operator", "hunter2hunter2").failed(Exit::Key, "does not take the token");
    assert_eq!(asked.lock().unwrap().len(), 4);
    let (fake, _) = guarded(&["good.1"]);
    let outcome = run(&fake, "operator", "wrong-wrong-wrong");
    assert!(!outcome.stderr.contains("wrong-wrong"), "{}", outcome.stderr);
    outcome.failed(Exit::Key, "does not take the user and password");
    run(&fake, "", "hunter2hunter2")
        .failed(Exit::Key, "`ETCD_USER`, which the policy's `ledger.etcd.usernameEnv` names");
    let denied = Fake::doing(Store::default(), |asked, _| match asked.path.as_str() {
        "/v3/auth/authenticate" => Reply::json(200, &json!({"token": "good.1"})),
        _ => Reply::json(403, &json!({"code": 7, "message": "etcdserver: permission denied"})),
    });
    run(&denied, "operator", "hunter2hunter2").failed(Exit::Key, "does not let this user do that; it needs reading");
    let place = Place::new();
    place.run(&["show"], &fake).failed(Exit::Key, "wants to know who asks");
}

#[test]
fn the_command_line_says_who_asks_and_the_password_is_in_a_file() {
    for place in [Place::new(), Place::with(FIELDS)] {
        let (fake, _) = guarded(&["good.1"]);
        let file = place.scratch.file("password", "hunter2hunter2\n");
        let given = ["show", "--etcd-user", "operator", "--etcd-password-file", &file];
        let outcome = place.run(&given, &fake).succeeded();
        assert!(outcome.stderr.contains("everyone on this machine can read the password file"), "{}", outcome.stderr);
    }
    let place = Place::new();
    let (fake, _) = guarded(&["good.1"]);
    let file = place.scratch.file("password", "hunter2hunter2\nmore\n");
    let given = ["show", "--etcd-user", "operator", "--etcd-password-file", &file];
    place.run(&given, &fake).failed(Exit::Key, "a password that is empty, over 1024 bytes or has control characters");
    let given = ["show", "--etcd-user", "operator", "--etcd-password-file", "/nowhere/password"];
    place.run(&given, &fake).failed(Exit::Key, "cannot read the password file `/nowhere/password`");
    assert_eq!(place.run(&["show", "--etcd-user", "operator"], &fake).exit, Exit::Usage);
}

/// An authority of one's own, with what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key, in PEM.
    fn signs(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// A store that shows a certificate for this name, and wants to see one if `clients` is given.
fn encrypted(authority: &Authority, name: &str, clients: Option<&Authority>) -> Fake {
    let (certificate, key) = authority.signs(name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    Fake::behind(builder.with_single_cert(vec![certificate], key).unwrap(), Store::born(NOW - 500))
}

#[test]
fn tls_is_spoken_with_whom_the_authority_has_signed() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let place = Place::new();
    let [ca, other] =
        [("ca.pem", &ours), ("other.pem", &theirs)].map(|(name, one)| place.scratch.file(name, &one.0.pem()));
    let run = |fake: &Fake, more: &[&str]| {
        let url = format!("https://localhost:{}", fake.address.port());
        place.command(&[&["show"], more].concat(), &[url]).run()
    };
    let fake = encrypted(&ours, "localhost", None);
    run(&fake, &["--cacert", &ca]).succeeded().says("records   0");
    run(&fake, &["--cacert", &other]).failed(Exit::Failed, "no TLS; is its certificate by `--cacert`");
    let stranger = encrypted(&ours, "elsewhere.example", None);
    run(&stranger, &["--cacert", &ca]).failed(Exit::Failed, "no TLS; is its certificate by `--cacert`");

    let strict = encrypted(&ours, "localhost", Some(&ours));
    let (certificate, key) = ours.signs("operator");
    let (certificate, key) = (place.scratch.file("me.pem", &certificate), place.scratch.file("me.key", &key));
    run(&strict, &["--cacert", &ca, "--cert", &certificate, "--key", &key]).succeeded().says("records   0");
    run(&strict, &["--cacert", &ca]).failed(Exit::Failed, "does it want `--cert` and `--key`?");
    assert_eq!(run(&strict, &["--cacert", &ca, "--cert", &certificate]).exit, Exit::Usage);
    run(&strict, &["--cacert", &ca, "--cert", &certificate, "--key", &ca]).failed(Exit::Unreadable, "in PEM");
    // Not TLS at all, and TLS where none was expected.
    run(&Fake::with(Store::default()), &["--cacert", &ca]).failed(Exit::Failed, "no TLS");
    place.run(&["show"], &fake).failed(Exit::Failed, "does it speak `http`?");
    drop(fs::remove_file(&ca));
}

#[test]
fn a_password_in_the_clear_is_warned_of() {
    let place = Place::new();
    let file = place.scratch.file("password", "hunter2hunter2");
    let given = ["show", "--timeout", "1", "--etcd-user", "operator", "--etcd-password-file", &file];
    // An address of nobody's (RFC 5737).
    let outcome = place.command(&given, &["http://192.0.2.1:2379".to_owned()]).run();
    assert!(outcome.stderr.contains("warning: `http` shows the password"), "{}", outcome.stderr);
    let near = place.command(&given, &[nobody()]).run();
    assert!(!near.stderr.contains("`http` shows"), "{}", near.stderr);
}

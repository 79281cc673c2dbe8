//! `docs/integrate.md`: its Python is run as it stands there, on what a real gate sends, and on what nobody should believe.

use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tapgate_host_tests::client::{Browser, Protocol};
use tapgate_host_tests::clock;
use tapgate_host_tests::gate::{AUTHORITY, sign_in};
use tapgate_host_tests::keys::{Key, Keys};
use tapgate_host_tests::pass::{Pass, forge};
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::serve::{Serve, Setup};
use tapgate_host_tests::upstream::{Recorded, Reply, Upstream};
use tapgate_host_tests::workspace;

/// What a test asks of the sample: to read each value, and to write a receipt for what it believes.
const DRIVER: &str = r#"
import json
answers = []
for value in json.loads(os.environ["JOB"]):
    try:
        said = read_assertion(value)
        answers.append({"said": said, "receipt": said and receipt(said)})
    except Distrust as distrust:
        answers.append({"distrust": str(distrust)})
print(json.dumps(answers))
"#;

/// The one block of a language in the guide.
fn sample(language: &str) -> String {
    let guide = std::fs::read_to_string(workspace::root().join("docs/integrate.md")).expect("the guide");
    let begin = format!("```{language}\n");
    let mut blocks = guide.split(&begin).skip(1);
    let block = blocks.next().unwrap_or_else(|| panic!("the guide has no {language}"));
    assert!(blocks.next().is_none(), "the guide has {language} twice");
    block.split("```").next().expect("an end").to_owned()
}

/// What the sample makes of these values of the header.
fn read(keys: &Keys, values: &[Option<&str>]) -> Vec<Value> {
    let output = Command::new(workspace::python())
        .args(["-c", &format!("{}\n{DRIVER}", sample("python"))])
        .env("TAPGATE_UPSTREAM_KEY", keys.upstream.base64())
        .env("JOB", json!(values).to_string())
        .output()
        .expect("python can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("answers as JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_of_the_guide_registers_somebody_behind_a_real_gate() {
    let (keys, secrets) = (Keys::random(), Secrets::default());
    let ours = keys.clone();
    let application = Upstream::start(
        Arc::new(move |request: &Recorded| {
            let assertion = request.header("tapgate-assertion");
            let answer = read(&ours, &[assertion.as_deref()]).remove(0);
            match (request.target.as_str(), answer["receipt"].as_str()) {
                ("/register/finish", Some(receipt)) => Reply::text("done").header("tapgate-receipt", receipt),
                _ => Reply::text(answer["said"]["state"].as_str().unwrap_or("nobody")),
            }
        }),
        &secrets,
    )
    .await;
    let gate = Serve::start(&Setup::new(application.address(), &keys)).await.expect("a gate");
    let mut browser = Browser::new(gate.address(), Protocol::Http1, AUTHORITY, &secrets);
    assert_eq!(browser.navigate("/account").await.text(), "nobody");
    let answer = sign_in(&mut browser, &Pass::new(&keys, "alice@example.com").mint(&secrets)).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(browser.navigate("/register").await.text(), "registering");
    assert_eq!(browser.fetch("POST", "/register/finish").await.text(), "done");
    assert_eq!(browser.navigate("/account").await.text(), "registered");
}

#[test]
fn the_python_of_the_guide_believes_the_gate_only() {
    let keys = Keys::random();
    let now = clock::now();
    let header = r#"{"alg":"HS256","typ":"tap-assertion+jwt","kid":"up-1"}"#;
    let claims = json!({
        "iss": "https://gate.example.com", "aud": "gate.example.com", "sub": "alice", "sid": "s", "tenant": "contoso",
        "amr": ["tap"], "state": "registering", "iat": now, "exp": now + 60,
    });
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forge::compact(header, &claims.to_string(), &keys.upstream)
    };
    let typed = |header: &str| forge::compact(header, &claims.to_string(), &keys.upstream);
    let good = typed(header);
    let (signed, _) = good.rsplit_once('.').expect("a signature");
    let bad = [
        ("another key", forge::compact(header, &claims.to_string(), &Key::random())),
        ("an unknown key", typed(r#"{"alg":"HS256","typ":"tap-assertion+jwt","kid":"up-2"}"#)),
        ("a key that is no text", typed(r#"{"alg":"HS256","typ":"tap-assertion+jwt","kid":["up-1"]}"#)),
        ("no key", typed(r#"{"alg":"HS256","typ":"tap-assertion+jwt"}"#)),
        ("a receipt", typed(r#"{"alg":"HS256","typ":"tap-receipt+jwt","kid":"up-1"}"#)),
        ("no algorithm", typed(r#"{"alg":"none","typ":"tap-assertion+jwt","kid":"up-1"}"#)),
        ("another algorithm", typed(r#"{"alg":"HS512","typ":"tap-assertion+jwt","kid":"up-1"}"#)),
        ("no signature", format!("{signed}.")),
        ("two", format!("{good}, {good}")),
        ("expired", with("exp", json!(now - 10))),
        ("another audience", with("aud", json!("other"))),
        ("another issuer", with("iss", json!("other"))),
        ("another tenant", with("tenant", json!("fabrikam"))),
        ("another state", with("state", json!("done"))),
        ("no user", with("sub", Value::Null)),
        ("no session", with("sid", Value::Null)),
        ("nothing", String::new()),
    ];
    let values: Vec<_> =
        [None, Some(good.as_str())].into_iter().chain(bad.iter().map(|(_, value)| Some(value.as_str()))).collect();
    let answers = read(&keys, &values);
    assert_eq!(answers[0]["said"], Value::Null);
    assert_eq!(answers[1]["said"]["sub"], "alice");
    for ((what, _), answer) in bad.iter().zip(&answers[2..]) {
        assert!(answer["distrust"].is_string(), "{what}: {answer}");
    }
}

#[test]
fn the_guide_begins_with_its_warning() {
    let guide = std::fs::read_to_string(workspace::root().join("docs/integrate.md")).expect("the guide");
    let first = guide.lines().find(|line| line.starts_with("## ")).expect("a heading");
    assert_eq!(first, "## First: what the application must not remember");
    for language in ["js", "go"] {
        let sample = sample(language);
        assert!(sample.contains("tap-assertion+jwt") && sample.contains("tap-receipt+jwt"), "{language}");
    }
}

//! Receipts that prove nothing (B5.5): each changes nothing, goes no further, and is audited.

use std::sync::Arc;

use tapgate_host_tests::client::Protocol;
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{Gate, SESSION};
use tapgate_host_tests::keys::{Key, Keys};
use tapgate_host_tests::pass::Receipt;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::upstream::{Handler, Recorded, Reply};

/// What an application makes of an honest receipt: the values of its `tapgate-receipt` fields.
type Spoil = fn(&Keys, Receipt, &Secrets) -> Vec<Vec<u8>>;

const SPOILT: [(&str, Spoil); 12] = [
    ("another key", |_, receipt, secrets| one(&receipt.signed_with(&Key::random()), secrets)),
    ("the pass key", |keys, receipt, secrets| one(&receipt.signed_with(&keys.pass), secrets)),
    ("another user", |_, receipt, secrets| one(&receipt.claim("sub", "mallory"), secrets)),
    ("another session", |_, receipt, secrets| one(&receipt.claim("sid", "AAAAAAAAAAAAAAAAAAAAAA"), secrets)),
    ("over", |_, receipt, secrets| one(&receipt.claim("exp", now() - 1), secrets)),
    ("too far ahead", |_, receipt, secrets| one(&receipt.claim("exp", now() + 330), secrets)),
    ("no end", |_, receipt, secrets| one(&receipt.claim("exp", "soon"), secrets)),
    ("an assertion's type", |_, receipt, secrets| one(&receipt.typ("tap-assertion+jwt"), secrets)),
    ("a pass's type", |_, receipt, secrets| one(&receipt.typ("tap+jwt"), secrets)),
    ("two of them", |_, receipt, secrets| vec![receipt.mint(secrets).into_bytes(); 2]),
    ("empty", |_, _, _| vec![Vec::new()]),
    ("nonsense", |_, _, _| vec![b"\xff\xfe.x.y".to_vec()]),
];

fn one(receipt: &Receipt, secrets: &Secrets) -> Vec<Vec<u8>> {
    vec![receipt.mint(secrets).into_bytes()]
}

/// Answers a request for `/register/N` with the Nth spoilt receipt.
fn application(keys: &Keys, secrets: &Secrets) -> Handler {
    let (keys, secrets) = (keys.clone(), secrets.clone());
    Arc::new(move |request: &Recorded| {
        let number = request.target.strip_prefix("/register/").and_then(|number| number.parse::<usize>().ok());
        let spoilt = number.and_then(|number| SPOILT.get(number)).zip(Receipt::answering(&keys, request));
        let receipts = spoilt.map(|((_, spoil), receipt)| spoil(&keys, receipt, &secrets)).unwrap_or_default();
        receipts.iter().fold(Reply::text("done"), |reply, receipt| reply.header("tapgate-receipt", receipt))
    })
}

#[tokio::test]
async fn a_bad_receipt_changes_nothing_and_is_audited() {
    let gate = Gate::serving(application, |setup| setup).await;
    for (number, (what, _)) in SPOILT.iter().enumerate() {
        let mut browser = gate.registering("alice", Protocol::BOTH[number % 2]).await;
        let answer = browser.fetch("POST", &format!("/register/{number}")).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "done"), "{what}");
        assert!(answer.set_cookie(SESSION).is_none(), "{what}: {answer:?}");
        assert_eq!(answer.all("tapgate-receipt"), [""; 0], "{what}");
        assert_eq!(browser.fetch("GET", "/.tap/status").await.json()["state"], "registering", "{what}");
        let audit = gate.envoy.log().audit();
        let noticed = audit.iter().filter(|event| event["event"] == "receipt" && event["outcome"] == "ignored").count();
        assert_eq!(noticed, number + 1, "{what}: {audit:?}");
    }
}

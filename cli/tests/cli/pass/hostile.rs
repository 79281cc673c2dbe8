//! Whoever answers in a gateway's place learns a token and no more, and what it says changes nothing that it should not.

use serde_json::{Value, json};
use tapgate_cli::Exit;

use super::fake::{Fake, Reply, collection, error, method};
use super::{TOKEN, command, issuing, pass};
use crate::policy::Scratch;

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut pass = method(Some("0123ABCD4567"));
    pass[name] = value.into();
    pass
}

#[test]
fn an_answer_without_the_form_is_not_believed() {
    for (answer, part) in [
        (with("temporaryAccessPass", Value::Null), "`temporaryAccessPass`, which is not there"),
        (with("temporaryAccessPass", "short"), "`temporaryAccessPass`"),
        (with("temporaryAccessPass", "<script>alert(1)</script>"), "`temporaryAccessPass`"),
        (with("temporaryAccessPass", "0123-ABCD-4567"), "`temporaryAccessPass`"),
        (with("temporaryAccessPass", "A".repeat(49)), "`temporaryAccessPass`"),
        (with("id", "a/../b"), "`id`"),
        (with("id", ""), "`id`"),
        (with("startDateTime", "tomorrow"), "`startDateTime`"),
        (with("createdDateTime", "1969-12-31T23:59:59Z"), "`createdDateTime`"),
        (with("lifetimeInMinutes", 0), "`lifetimeInMinutes`"),
        (with("lifetimeInMinutes", u64::MAX), "`lifetimeInMinutes`"),
        (with("lifetimeInMinutes", -1), "the members"),
        (with("isUsableOnce", "true"), "the members"),
        (with("methodUsabilityReason", "\u{1b}[31mEnabled"), "`methodUsabilityReason`"),
        (json!([]), "the members"),
        (with("note", TOKEN), "repeats the token"),
    ] {
        let outcome = pass(&Fake::saying(Reply::json(201, &answer)), &["create"]);
        outcome.failed(Exit::Failed, part);
    }
    for (body, part) in [
        (b"".to_vec(), "not JSON"),
        (b"<html>".to_vec(), "not JSON"),
        ("[".repeat(60_000).into_bytes(), "not JSON"),
        (b"\xff\xfe".to_vec(), "not JSON"),
    ] {
        pass(&Fake::saying(Reply::Body(201, body)), &["create"]).failed(Exit::Failed, part);
    }
    for list in [json!({}), json!({"value": {}}), collection(&vec![method(None); 17])] {
        pass(&Fake::saying(Reply::json(200, &list)), &["list"]).failed(Exit::Failed, "makes no sense in `value`");
    }
}

#[test]
fn no_answer_leaves_it_open_whether_it_was_done() {
    let in_doubt = "nobody knows whether it did what it was asked";
    pass(&Fake::saying(Reply::Silence), &["create"]).failed(Exit::Failed, in_doubt);
    pass(&Fake::saying(Reply::Silence), &["delete", "x"]).failed(Exit::Failed, "nothing within 1 s");
    pass(&Fake::saying(Reply::Half(b"{}".to_vec())), &["create"]).failed(Exit::Failed, in_doubt);
    let long = Fake::saying(Reply::Body(201, vec![b' '; 65_537]));
    pass(&long, &["create"]).failed(Exit::Failed, "an answer of more than 65536 bytes");
    let silent = pass(&Fake::saying(Reply::Silence), &["list"]);
    assert!(!silent.stderr.contains(in_doubt), "{}", silent.stderr);
    let gone = nobody();
    let outcome = pass(&gone, &["create"]);
    assert!(!outcome.stderr.contains(in_doubt), "{}", outcome.stderr);
    outcome.failed(Exit::Failed, "no connection");
}

/// A gateway where nobody listens.
fn nobody() -> Fake {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    Fake { address, ..issuing() }
}

#[test]
fn what_is_no_word_of_graphs_is_not_shown() {
    for (status, body) in
        [(302, ""), (200, "{}"), (404, "<html>\u{1b}[2J"), (500, "{\"error\": \"x\"}"), (502, "upstream connect error")]
    {
        let outcome = pass(&Fake::saying(Reply::Body(status, body.into())), &["create"]);
        assert!(!outcome.stderr.contains("upstream") && !outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
        outcome.failed(Exit::Failed, &format!("HTTP status {status} and no word of Graph's"));
    }
    // A message is cut, spelled out where it would move a cursor, and kept to itself where it repeats the token.
    let outcome = pass(&Fake::saying(error(400, "bad\u{1b}[1m", &"x".repeat(5000))), &["create"]).ended(Exit::Findings);
    assert!(outcome.stderr.len() < 800 && !outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    pass(&Fake::saying(error(400, "badRequest", &format!("you sent {TOKEN}"))), &["create"])
        .failed(Exit::Failed, "no word of Graph's");
}

#[test]
fn tokens_come_from_where_nobody_looks() {
    let fake = issuing();
    command(&fake, &["create"]).run().failed(Exit::Key, "set the environment variable `TAPGATE_ADMIN_TOKEN`");
    for bad in ["two words", "a\nb", "é", "\"quoted\""] {
        let outcome = command(&fake, &["create"]).env("TAPGATE_ADMIN_TOKEN", bad).run();
        assert!(!outcome.stderr.contains(bad), "{}", outcome.stderr);
        outcome.failed(Exit::Key, "what should be a token is none");
    }
    assert!(fake.asked().is_empty());
    let scratch = Scratch::new();
    let file = scratch.file("token", &format!("{TOKEN}\n"));
    command(&fake, &["create", "--token-file", &file]).run().succeeded();
    assert_eq!(fake.asked()[0].authorization, format!("Bearer {TOKEN}"));
    let outcome = command(&fake, &["create", "--token-file", "/nowhere/token"]).run();
    outcome.failed(Exit::Key, "cannot read the token file `/nowhere/token`");
}

#[test]
fn a_token_never_goes_out_in_the_clear() {
    let run = |more: &[&str]| {
        let arguments = [&["pass", "list", "--user", "a", "--gateway"], more].concat();
        crate::support::tapgate(&arguments).env("TAPGATE_ADMIN_TOKEN", TOKEN).run()
    };
    run(&["http://gate.example.com"]).failed(Exit::Usage, "in the clear");
    run(&["https://gate.example.com"]).failed(Exit::Usage, "`https` needs `--cacert FILE`");
}

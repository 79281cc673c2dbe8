//! `tapgate admin-token` and `tapgate pass` against something that answers in a gateway's place. How they do with the real thing is
//! tested in `host-tests`.

mod fake;
mod hostile;
mod sheet;
mod token;

use serde_json::{Value, json};
use tapgate_cli::Exit;

use self::fake::{Fake, ID, Reply, collection, error, method};
use crate::support::{Outcome, Tapgate, tapgate};

pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZXNrIn0.c2lnbmF0dXJlc2lnbmF0dXJl";
const PASSES: &str = "/.tap/graph/v1.0/users/alice@example.com/authentication/temporaryAccessPassMethods";
const CODE: &str = "0123ABCD4567EF";

/// A run with a token, never shown.
pub(crate) fn pass(fake: &Fake, arguments: &[&str]) -> Outcome {
    let outcome = command(fake, arguments).env("TAPGATE_ADMIN_TOKEN", TOKEN).run();
    for part in TOKEN.split('.') {
        assert!(
            !outcome.stdout.contains(part) && !outcome.stderr.contains(part),
            "{}{}",
            outcome.stdout,
            outcome.stderr
        );
    }
    outcome
}

pub(crate) fn command(fake: &Fake, arguments: &[&str]) -> Tapgate {
    let url = fake.url();
    let place = ["--gateway", url.as_str(), "--user", "alice@example.com", "--timeout", "1"];
    tapgate(&[&["pass"], arguments, &place].concat())
}

pub(crate) fn issuing() -> Fake {
    Fake::saying(Reply::json(201, &method(Some(CODE))))
}

#[test]
fn a_code_is_told_once_with_where_and_when() {
    let fake = issuing();
    let outcome = pass(&fake, &["create"]).succeeded();
    let url = fake.url();
    assert_eq!(
        outcome.stdout,
        format!(
            "code      0123 ABCD 4567 EF
sign in   {url}/.tap/sign-in
user      alice@example.com
use       one-time
starts    2026-11-24T07:00:00Z, in 52 min 7 s
ends      2026-11-24T15:00:00Z, in 8 h 52 min
lifetime  480 min (8 h)
created   2026-11-24T06:07:53Z, now
usable    no, NotYetValid
id        {ID}
"
        )
    );
    let asked = fake.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].line.as_str(), asked[0].body.as_str()), (format!("POST {PASSES}").as_str(), "{}"));
    assert_eq!(asked[0].authorization, format!("Bearer {TOKEN}"));
}

#[test]
fn what_is_asked_for_is_graphs() {
    let asked = |arguments: &[&str]| {
        let fake = issuing();
        pass(&fake, &[&["create"], arguments].concat()).succeeded();
        let asked = fake.asked().remove(0);
        (asked.line, serde_json::from_str::<Value>(&asked.body).unwrap())
    };
    let (line, body) =
        asked(&["--lifetime", "8h", "--start", "+2h", "--once", "--reason", "first day & ticket #4, Zoë"]);
    assert_eq!(line, format!("POST {PASSES}?reason=first%20day%20%26%20ticket%20%234%2C%20Zo%C3%AB"));
    assert_eq!(body, json!({"startDateTime": "2026-11-24T08:07:53Z", "lifetimeInMinutes": 480, "isUsableOnce": true}));
    // Whose clock `now` is by is the gateway's business.
    assert_eq!(asked(&["--start", "now", "--multi-use"]).1, json!({"isUsableOnce": false}));
    let fake = issuing();
    for (arguments, words) in [
        (&["--lifetime", "90s"][..], "counts in minutes"),
        (&["--reason", ""], "a reason has 1 to 128 bytes"),
        (&["--reason", "a\nb"], "a reason has 1 to 128 bytes"),
        (&["--json", "--sheet", "-"], "both want standard output"),
    ] {
        pass(&fake, &[&["create"], arguments].concat()).failed(Exit::Usage, words);
    }
    assert_eq!(pass(&fake, &["create", "--once", "--multi-use"]).exit, Exit::Usage);
    assert!(fake.asked().is_empty(), "nothing was asked");
}

#[test]
fn names_are_one_segment_of_the_path() {
    let fake = Fake::saying(Reply::json(200, &collection(&[])));
    let url = fake.url();
    let run = tapgate(&["pass", "list", "--gateway", &url, "--user", "a/b?c#d%e'f+g", "--base-path", "/auth/tap"]);
    run.env("TAPGATE_ADMIN_TOKEN", TOKEN).run().succeeded().says("a/b?c#d%e'f+g has no Temporary Access Pass");
    let path = "/auth/tap/graph/v1.0/users/a%2Fb%3Fc%23d%25e%27f%2Bg/authentication/temporaryAccessPassMethods";
    assert_eq!(fake.asked()[0].line, format!("GET {path}"));
}

#[test]
fn passes_are_listed_shown_and_deleted() {
    let fake = Fake::doing(|asked| match asked.line.split_once(' ').unwrap() {
        ("GET", path) if path.ends_with("Methods") => Reply::json(200, &collection(&[method(None)])),
        ("GET", _) => Reply::json(200, &method(None)),
        _ => Reply::Body(204, Vec::new()),
    });
    for arguments in [&["list"][..], &["show", ID]] {
        let outcome = pass(&fake, arguments).succeeded().says("usable    no, NotYetValid").says(ID);
        assert!(!outcome.stdout.contains("code "), "{}", outcome.stdout);
    }
    assert_eq!(pass(&fake, &["list", "--json"]).succeeded().json(), collection(&[method(None)]));
    assert_eq!(pass(&fake, &["show", ID, "--json"]).succeeded().json(), method(None));
    let deleted = pass(&fake, &["delete", "--reason", "lost"]).succeeded();
    assert!(deleted.stdout.is_empty() && deleted.stderr.contains("is deleted"), "{}", deleted.stderr);
    assert_eq!(fake.asked().last().unwrap().line, format!("DELETE {PASSES}/{ID}?reason=lost"));
    pass(&fake, &["delete", "another"]).succeeded();
    assert_eq!(fake.asked().last().unwrap().line, format!("DELETE {PASSES}/another"));

    let empty = Fake::saying(Reply::json(200, &collection(&[])));
    pass(&empty, &["delete"]).failed(Exit::Findings, "has no Temporary Access Pass that could be deleted");
}

#[test]
fn graphs_errors_are_told_with_what_to_do() {
    for (status, code, message, exit, words) in [
        (
            401,
            "InvalidAuthenticationToken",
            "Access token has expired.",
            Exit::Key,
            "make a new token with `tapgate admin-token`",
        ),
        (403, "accessDenied", "Request Authorization failed", Exit::Key, "the token's roles do not reach so far"),
        (
            403,
            "accessDenied",
            "Self-service operations are currently not supported for user alice.",
            Exit::Key,
            "have a colleague do it",
        ),
        (
            404,
            "Request_ResourceNotFound",
            "The user does not exist.",
            Exit::Findings,
            "as the policy's directory has it",
        ),
        (404, "resourceNotFound", "No such pass.", Exit::Findings, "`tapgate pass list` tells"),
        (404, "ResourceNotFound", "There is no such resource here.", Exit::Findings, "`admin.hosts`"),
        (400, "badRequest", "The policy requires a reason.", Exit::Findings, "give `--reason`"),
        (
            400,
            "badRequest",
            "Invalid LifetimeInMinutes specified. The valid range between 60 and 480.",
            Exit::Findings,
            "480; give another `--lifetime`",
        ),
        (503, "serviceNotAvailable", "The ledger cannot be reached.", Exit::Failed, "run this again"),
    ] {
        let fake = Fake::saying(error(status, code, message));
        let outcome = pass(&fake, &["create"]);
        assert!(outcome.stderr.contains(&format!("answers {status} {code}: ")), "{}", outcome.stderr);
        outcome.failed(exit, words);
    }
}

#[test]
fn help_has_examples() {
    for command in ["create", "list", "show", "delete"] {
        tapgate(&["pass", command, "--help"]).run().succeeded().says("Examples").says("--token-file");
    }
    tapgate(&["admin-token", "--help"]).run().succeeded().says("Roles that may do something:");
}

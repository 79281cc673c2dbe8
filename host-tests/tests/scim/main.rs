//! The plugin under real Envoy, with the users of a SCIM server that nobody here wrote: who is let in and given a pass, and what
//! happens while it does not answer.
//!
//! Statements in comments (B3.6) are those of the behaviour contract. Nothing here asserts how long something takes.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test that meets the unexpected must fail")]

use std::fmt::Write as _;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tapgate_host_tests::client::{Browser, Call, Protocol, Response};
use tapgate_host_tests::clock;
use tapgate_host_tests::desk::{Desk, ISSUER};
use tapgate_host_tests::gate::{Gate, sign_in, sign_in_json};
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::scim::Scim;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::workspace;

/// Where administrators call.
const ADMIN: &str = "admin.example.com";

/// And where programs do that are given the gateway's address.
const LOOPBACK: &str = "127.0.0.1";

/// A role that may issue passes to those who have no role.
const HELPER: &str = "Authentication Administrator";

/// The variable that holds the server's token.
const TOKEN: &str = "TAPGATE_SCIM_TOKEN";

/// A gate whose users are a SCIM server's. Passes are for the group `hires`.
struct Site {
    gate: Gate,
    scim: Scim,
    desk: Desk,
    secrets: Secrets,
    /// In `hires`.
    alice: String,
    /// In no group.
    bob: String,
    /// In `hires`, with a role.
    root: String,
    policy: Policy,
}

impl Site {
    /// `cache` is how long an answer is believed, in seconds.
    async fn start(cache: u32) -> Self {
        Self::with(cache, |_, scim| scim.token().to_owned()).await
    }

    async fn with(cache: u32, token: impl FnOnce(&Secrets, &Scim) -> String) -> Self {
        let secrets = Secrets::default();
        let scim = Scim::start(&secrets).await;
        let alice = scim.user("Alice@example.com", json!({})).await;
        let bob = scim.user("bob@example.com", json!({})).await;
        let root = scim.user("root@example.com", json!({"roles": [{"value": ISSUER}]})).await;
        let carol = scim.user("carol@example.com", json!({})).await;
        let hires = scim.group("New hires", &[&alice, &root, &carol]).await;
        let policy = Policy::shipped().with("/temporaryAccessPass/includeTargets", json!([{"targetType": "group", "id": hires}])).with(
            "/directory",
            json!({"scim": {
                "authority": "scim.internal", "path": "/v2", "tokenEnv": TOKEN, "saysAllRoles": true, "cacheInSeconds": cache, "timeoutInMilliseconds": 1000,
            }}),
        );
        let desk = Desk::new(&secrets);
        let policy = Desk::in_charge(policy, &[ADMIN, LOOPBACK]);
        let rendered = rendered(&policy, &scim);
        let (key, value) = desk.environment();
        let token = token(&secrets, &scim);
        // One worker: each remembers for itself.
        let gate =
            Gate::with(|setup| setup.rendered(&rendered).workers(1).variable(key, &value).variable(TOKEN, &token))
                .await;
        Self { gate, scim, desk, secrets, alice, bob, root, policy }
    }

    /// What becomes of a signed pass of this user.
    async fn signed(&self, user: &str) -> (u16, String) {
        outcome(&sign_in_json(&mut self.gate.browser(), &self.gate.pass(user).mint(&self.gate.secrets)).await)
    }

    /// What becomes of a typed code.
    async fn typed(&self, user: &str, code: &str) -> (u16, String) {
        let call = Call::fetch("POST", "/.tap/sign-in").json(&json!({"username": user, "pass": code}));
        outcome(&self.gate.browser().send(call).await)
    }

    /// Asks for a pass.
    async fn issue(&self, user: &str, role: &str) -> Response {
        let path = format!("/.tap/graph/v1.0/users/{user}/authentication/temporaryAccessPassMethods");
        let mut browser = Browser::new(self.gate.envoy.address(), Protocol::Http1, ADMIN, &self.secrets);
        let token = format!("Bearer {}", self.desk.token(role));
        browser.send(Call::post(&path).header("authorization", token).json(&json!({}))).await
    }

    /// A new pass's code.
    async fn code(&self, user: &str) -> String {
        let issued = self.issue(user, ISSUER).await;
        assert_eq!(issued.status, 201, "{}", issued.text());
        issued.json()["temporaryAccessPass"].as_str().expect("a code").to_owned()
    }
}

/// What the command line makes of the policy: the cluster, and the token's variable.
fn rendered(policy: &Policy, scim: &Scim) -> String {
    let file = tempfile::NamedTempFile::with_suffix(".json").expect("a file");
    std::fs::write(file.path(), policy.text()).expect("a file");
    let output = Command::new(workspace::command_line())
        .args(["policy", "render", "--for", "envoy"])
        .args(["--cluster", &format!("scim=http://127.0.0.1:{}", scim.port())])
        .arg(file.path())
        .env_clear()
        .output()
        .expect("the command line can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The status, and the reason of a refusal.
fn outcome(answer: &Response) -> (u16, String) {
    (answer.status, if answer.status == 200 { String::new() } else { answer.reason() })
}

fn refused(status: u16, reason: &str) -> (u16, String) {
    (status, reason.to_owned())
}

/// In.
fn done() -> (u16, String) {
    (200, String::new())
}

#[tokio::test]
async fn in_scope_out_of_scope_and_nobody() {
    let site = Site::start(60).await;
    // B3.3: by name, whatever its case, or by id; one identity everywhere.
    for user in ["alice@example.com", "ALICE@EXAMPLE.COM", &site.alice] {
        assert_eq!(site.signed(user).await, done(), "{user}");
    }
    let answer =
        sign_in_json(&mut site.gate.browser(), &site.gate.pass("alice@example.com").mint(&site.gate.secrets)).await;
    assert_eq!(answer.json()["user"], site.alice.as_str());
    // B3.6: what a pass claims counts for nothing.
    let claims = site.gate.pass("bob@example.com").claim("groups", vec!["hires", "New hires"]);
    let answer = sign_in_json(&mut site.gate.browser(), &claims.mint(&site.gate.secrets)).await;
    assert_eq!(outcome(&answer), refused(403, "out_of_scope"));
    for user in [site.bob.as_str(), "nobody@example.com", "../Users", "x\"_or_userName_pr"] {
        assert_eq!(site.signed(user).await, refused(403, "out_of_scope"), "{user}");
    }
    assert_eq!(site.typed("nobody@example.com", "7KQ2M9XA").await, refused(401, "invalid_pass"));
}

#[tokio::test]
async fn whoever_is_deactivated_between_issue_and_sign_in_stays_out() {
    let site = Site::start(0).await;
    let code = site.code("alice@example.com").await;
    site.scim.set_active(&site.alice, false).await;
    assert_eq!(site.signed("alice@example.com").await, refused(403, "out_of_scope"));
    // B7.7: whoever types a code is not told that there is such a user.
    assert_eq!(site.typed("alice@example.com", &code).await, refused(401, "invalid_pass"));
    let again = site.issue("alice@example.com", ISSUER).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("not active"), "{}", again.text());
    site.scim.set_active(&site.alice, true).await;
    assert_eq!(site.typed("alice@example.com", &code).await, done());
    site.scim.remove(&site.alice).await;
    assert_eq!(site.signed("alice@example.com").await, refused(403, "out_of_scope"));
    assert_eq!(site.issue("alice@example.com", ISSUER).await.status, 404);
}

#[tokio::test]
async fn reach_goes_by_the_roles_that_the_server_says() {
    let site = Site::start(60).await;
    assert_eq!(site.issue("alice@example.com", HELPER).await.status, 201);
    // B11.2: by whatever name.
    for user in ["root@example.com", &site.root] {
        assert_eq!(site.issue(user, HELPER).await.status, 403, "{user}");
        assert_eq!(site.issue(user, ISSUER).await.status, 201, "{user}");
    }
    // A pass that could not be signed in with is not handed out.
    assert_eq!(site.issue("bob@example.com", ISSUER).await.status, 400);
    assert_eq!(site.issue("nobody@example.com", ISSUER).await.status, 404);
}

#[tokio::test]
async fn while_the_server_is_down_nobody_new_gets_in_and_operators_are_told_why() {
    let mut site = Site::start(0).await;
    let code = site.code("alice@example.com").await;
    let mut inside = site.gate.browser();
    let pass = site.gate.pass("root@example.com").mint(&site.gate.secrets);
    assert_eq!(sign_in(&mut inside, &pass).await.status, 303);
    let unavailable = || refused(503, "directory_unavailable");
    // It takes connections, and answers nobody.
    site.scim.freeze();
    assert_eq!(site.signed("alice@example.com").await, unavailable());
    assert_eq!(site.issue("alice@example.com", ISSUER).await.status, 503);
    site.scim.thaw();
    assert_eq!(site.signed("carol@example.com").await, done(), "it answers again");
    site.scim.kill();
    for user in ["alice@example.com", "nobody@example.com"] {
        assert_eq!(site.signed(user).await, unavailable(), "{user}");
        assert_eq!(site.typed(user, &code).await, unavailable(), "{user}");
    }
    let page = sign_in(&mut site.gate.browser(), &site.gate.pass("alice@example.com").mint(&site.gate.secrets)).await;
    assert_eq!((page.status, page.header("retry-after").as_deref()), (503, Some("2")));
    assert_eq!(site.issue("alice@example.com", ISSUER).await.status, 503);
    // B10.2: whoever is in stays in, and anonymous traffic is unaffected.
    assert_eq!(inside.navigate("/register").await.status, 200);
    assert_eq!(site.gate.browser().send(Call::get("/anonymous")).await.status, 200);
    let audit = site.gate.stop().audit();
    let told = |event: &&Value| event["event"] == "sign_in" && event["reason"] == "directory_unavailable";
    assert_eq!(audit.iter().filter(told).count(), 6, "{audit:?}");
    let told = |event: &&Value| event["event"] == "admin_call" && event["reason"] == "directory_unavailable";
    assert_eq!(audit.iter().filter(told).count(), 2, "{audit:?}");
}

#[tokio::test]
async fn what_the_server_said_is_believed_for_a_set_time() {
    let site = Site::start(4).await;
    assert_eq!(site.signed("alice@example.com").await, done());
    let asked = site.scim.asked().await;
    assert_eq!(asked, 3, "who she is, that nobody else is that by id, and her groups");
    site.scim.set_active(&site.alice, false).await;
    let began = clock::now();
    let again = site.signed("alice@example.com").await;
    // Of a machine that stood still meanwhile nothing can be said.
    if clock::now() <= began + 1 {
        assert_eq!((again, site.scim.asked().await), (done(), asked));
    }
    clock::reach(clock::now() + 5).await;
    assert_eq!(site.signed("alice@example.com").await, refused(403, "out_of_scope"));
    assert!(site.scim.asked().await > asked);
}

#[tokio::test]
async fn a_token_that_the_server_does_not_take_lets_nobody_in() {
    let site = Site::with(60, |secrets, _| {
        let token = tapgate_host_tests::keys::Key::random().base64();
        secrets.note(&token);
        token
    })
    .await;
    assert_eq!(site.signed("alice@example.com").await, refused(503, "directory_unavailable"));
}

/// A list of joiners to the gate: who of them the server knows, has in the group, and says is active.
#[tokio::test]
async fn a_list_of_joiners_is_held_against_the_server() {
    let site = Site::start(60).await;
    let dan = site.scim.user("dan@example.com", json!({"active": false})).await;
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("policy.json"), site.policy.text()).expect("a file");
    let mut list = String::from("user,displayName,manager,hireDate,timeZone\n");
    for user in ["alice@example.com", "bob@example.com", "root@example.com", "nobody@example.com", &dan] {
        writeln!(list, "{user},Somebody,boss@example.com,2026-11-02,Europe/Zurich").expect("a text");
    }
    std::fs::write(place("hires.csv"), list).expect("a file");
    let (variable, key) = site.desk.environment();
    let run = || {
        Command::new(workspace::command_line())
            .current_dir(folder.path())
            .args([
                "provision",
                "--from",
                "hires.csv",
                "--policy",
                "policy.json",
                "--subject",
                "hr@example.com",
                "--role",
                HELPER,
            ])
            .args(["--gateway", &format!("http://{}", site.gate.envoy.address()), "--gate", "https://gate.example.com"])
            .args(["--late", "9000d", "--result", "done.jsonl", "--sheets", "sheets"])
            .env_clear()
            .env(variable, &key)
            .output()
            .expect("the command line can be run")
    };
    let told = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let first = run();
    assert_eq!(first.status.code(), Some(1), "{first:?}");
    assert_eq!(
        told(&first),
        "joiners        5\nissued         1\nissued before  0\nrefused        4\nsheets         1\n"
    );
    let results = std::fs::read_to_string(place("done.jsonl")).expect("results");
    let results: Vec<Value> = results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (line, status, reason) in [
        (2, "issued", ""),
        (3, "refused", "does not target this user"),
        (4, "refused", "Authorization failed"),
        (5, "refused", "does not exist"),
        (6, "refused", "not active"),
    ] {
        let row = results.iter().find(|row| row["line"] == line).expect("a row");
        assert_eq!(row["status"], status, "{row}");
        assert!(row["reason"].as_str().unwrap_or_default().contains(reason), "{row}");
    }
    // Once, and it opens the registration.
    assert!(told(&run()).contains("issued         0\nissued before  1\n"));
    let sheet = std::fs::read_to_string(place("sheets/alice@example.com.html")).expect("a sheet");
    let (_, rest) = sheet.split_once("<p class=\"groups\">").expect("a code");
    let code = rest.split_once("</p>").expect("a code").0.replace(' ', "");
    let mut browser = site.gate.browser();
    let answer = browser.submit("/.tap/sign-in", &[("username", "alice@example.com"), ("pass", &code)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(browser.navigate("/register").await.status, 200);
}

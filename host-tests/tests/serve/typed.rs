//! A pass that is typed, from the administrator's command line to the person's sign-in and back, with the programs as they are.

use std::process::Command;

use serde_json::{Value, json};
use tapgate_host_tests::client::{Browser, Call, Protocol, Response};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::serve::{Serve, Setup};
use tapgate_host_tests::workspace;

use crate::site::Site;

/// What an administrator has at hand.
struct Desk {
    folder: tempfile::TempDir,
    key: Key,
    gateway: String,
}

impl Desk {
    /// Runs `tapgate` and gives its standard output; `token` goes into the environment.
    fn run(&self, arguments: &[&str], token: Option<&str>) -> Result<String, (i32, String)> {
        let mut command = Command::new(workspace::command_line());
        command.args(arguments).env_clear().env("TAPGATE_ADMIN_KEY", self.key.base64());
        if let Some(token) = token {
            command.env("TAPGATE_ADMIN_TOKEN", token);
        }
        let output = command.output().expect("the command line can be run");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err((output.status.code().expect("a code"), text(output.stderr)))
        }
    }

    fn policy(&self) -> String {
        self.folder.path().join("policy.json").to_str().expect("a name").to_owned()
    }

    fn token(&self, role: &str) -> String {
        let policy = self.policy();
        let arguments = ["admin-token", "--policy", &policy, "--subject", "desk@example.com", "--role", role];
        self.run(&arguments, None).expect("a token").trim_end().to_owned()
    }

    fn pass(&self, arguments: &[&str], user: &str, token: &str) -> Result<String, (i32, String)> {
        let place = ["--gateway", &self.gateway, "--user", user];
        self.run(&[&["pass"], arguments, &place].concat(), Some(token))
    }

    /// The one pass that is listed.
    fn listed(&self, user: &str, token: &str) -> Value {
        let told: Value =
            serde_json::from_str(&self.pass(&["list", "--json"], user, token).expect("a list")).expect("JSON");
        assert_eq!(told["value"].as_array().map(Vec::len), Some(1), "{told}");
        assert_eq!(told["value"][0]["temporaryAccessPass"], Value::Null);
        told["value"][0].clone()
    }
}

async fn sign_in(browser: &mut Browser, user: &str, code: &str) -> Response {
    browser.send(Call::submit("/.tap/sign-in", &[("username", user), ("pass", code)])).await
}

#[tokio::test]
async fn a_code_goes_from_the_desk_to_its_person_and_back() {
    let site = Site::new().await;
    let key = Key::random();
    for spelling in key.spellings() {
        site.secrets.note(spelling);
    }
    let policy = Policy::shipped()
        .with("/keys/admin", json!([{"id": "admin-1", "env": "TAPGATE_ADMIN_KEY"}]))
        .with("/admin", json!({"hosts": ["127.0.0.1"]}));
    let setup = site.keys.environment().iter().fold(
        Setup::bare(site.application(), &policy.text()).variable("TAPGATE_ADMIN_KEY", &key.base64()),
        |setup, (name, value)| setup.variable(name, value),
    );
    let serve = Serve::start(&setup).await.unwrap_or_else(|refused| panic!("{refused}"));
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk { folder, key, gateway: format!("http://{}", serve.address()) };
    std::fs::write(desk.policy(), policy.text()).expect("a policy");
    let token = desk.token("Privileged Authentication Administrator");
    site.secrets.note(token.clone());

    // Issued, and on paper.
    let sheet = desk.folder.path().join("alice.html");
    let sheet = sheet.to_str().expect("a name");
    let created =
        desk.pass(&["create", "--once", "--sheet", sheet, "--json"], "alice@example.com", &token).expect("a pass");
    let created: Value = serde_json::from_str(&created).expect("JSON");
    let code = created["temporaryAccessPass"].as_str().expect("a code").to_owned();
    site.secrets.note(code.clone());
    let (front, back) = code.split_at(4);
    assert!(std::fs::read_to_string(sheet).expect("a sheet").contains(front));
    assert_eq!(desk.listed("alice@example.com", &token)["methodUsabilityReason"], "EnabledByPolicy");

    // Typed as it is read off paper, once.
    let typed = format!(" {}-{back} ", front.to_lowercase());
    let mut alice = site.browser(&serve, Protocol::Http1);
    assert_eq!(sign_in(&mut alice, "alice@example.com", "0000-0000").await.status, 401);
    let answer = sign_in(&mut alice, "alice@example.com", &typed).await;
    assert_eq!((answer.status, answer.header("location").as_deref()), (303, Some("/register")));
    let mut mallory = site.browser(&serve, Protocol::Http1);
    assert_eq!(sign_in(&mut mallory, "alice@example.com", &code).await.status, 401);
    let used = desk.listed("alice@example.com", &token);
    assert_eq!((&used["methodUsabilityReason"], &used["isUsable"]), (&json!("OneTimeUsed"), &json!(false)));

    // Taken back, and her session with it.
    assert_eq!(alice.navigate("/register").await.status, 200);
    desk.pass(&["delete"], "alice@example.com", &token).expect("deleted");
    assert_ne!(alice.navigate("/register").await.status, 200);
    let (exit, told) = desk.pass(&["delete"], "alice@example.com", &token).expect_err("nothing to delete");
    assert!(exit == 1 && told.contains("no Temporary Access Pass"), "{exit} {told}");

    // Who may not is told so.
    let reader = desk.token("Global Reader");
    site.secrets.note(reader.clone());
    let (exit, told) = desk.pass(&["create"], "alice@example.com", &reader).expect_err("a reader issues nothing");
    assert!(exit == 4 && told.contains("403 accessDenied"), "{exit} {told}");
    let (exit, told) = desk.pass(&["create"], "desk@example.com", &token).expect_err("nobody issues for themselves");
    assert!(exit == 4 && told.contains("nobody issues a pass for themselves"), "{exit} {told}");
    site.stop(serve);
}

//! The admin API to Microsoft's own Graph client for JavaScript, against the plugin under real Envoy with TLS in front, as the
//! command line renders it.
#![expect(clippy::expect_used, reason = "a test that meets the unexpected must fail")]

use std::path::PathBuf;
use std::process::Command;

use tapgate_host_tests::desk::{Desk, ISSUER};
use tapgate_host_tests::gate::Gate;
use tapgate_host_tests::node::{Said, Script};
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::workspace;
use tempfile::TempDir;

/// A gate with an administration, and the authority that its certificate is from: itself.
struct Site {
    gate: Gate,
    desk: Desk,
    folder: TempDir,
}

impl Site {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name);
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(place("gate.pem"), made.cert.pem()).expect("a file");
        std::fs::write(place("key.pem"), made.signing_key.serialize_pem()).expect("a file");
        let policy = Desk::in_charge(Policy::shipped(), &["localhost"]);
        std::fs::write(place("policy.json"), policy.text()).expect("a file");
        let rendered = rendered(&place);
        let secrets = Secrets::default();
        let desk = Desk::new(&secrets);
        let (name, key) = desk.environment();
        let gate = Gate::with(|setup| setup.rendered(&rendered).variable(name, &key)).await;
        gate.secrets.note(key);
        Self { gate, desk, folder }
    }

    /// Plays a scenario of the script; what it says, and that the log holds none of the codes and tokens.
    async fn plays(&self, scenario: &str, role: &str) -> Said {
        let [token, reader, issuer] = [role, "Global Reader", ISSUER].map(|role| self.desk.token(role));
        for token in [&token, &reader, &issuer] {
            self.gate.secrets.note(token);
        }
        let said = Script::new("graph.cjs", &[scenario])
            .believing(&self.folder.path().join("gate.pem"))
            .variable("GATE", format!("https://localhost:{}", self.gate.envoy.address().port()))
            .variable("TOKEN", token)
            .variable("READER", reader)
            .variable("ISSUER", issuer)
            .run()
            .await;
        let log = self.gate.envoy.log();
        for code in &said.gives {
            assert!(!log.text().contains(code), "a code in Envoy's log");
        }
        said
    }
}

/// The bootstrap that the policy renders to, with TLS.
fn rendered(place: &impl Fn(&str) -> PathBuf) -> String {
    let output = Command::new(workspace::command_line())
        .args(["policy", "render", "--for", "envoy", "--listen", "127.0.0.1:10000"])
        .arg("--tls-cert")
        .arg(place("gate.pem"))
        .arg("--tls-key")
        .arg(place("key.pem"))
        .arg(place("policy.json"))
        .env_clear()
        .output()
        .expect("the command line can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn it_creates_lists_gets_and_deletes_a_pass() {
    let site = Site::start().await;
    let said = site.plays("passes", ISSUER).await;
    assert_eq!((said.gives.len(), said.checks.len()), (3, 18), "{said:?}");
}

#[tokio::test]
async fn it_makes_of_each_refusal_an_error_that_a_program_can_read() {
    let site = Site::start().await;
    let said = site.plays("refusals", ISSUER).await;
    assert_eq!((said.gives.len(), said.checks.len()), (0, 34), "{said:?}");
}

#[tokio::test]
async fn it_reads_patches_and_restores_the_policy() {
    let site = Site::start().await;
    let said = site.plays("policy", "Authentication Policy Administrator").await;
    assert_eq!((said.gives.len(), said.checks.len()), (1, 20), "{said:?}");
}

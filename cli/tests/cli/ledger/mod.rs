//! `tapgate ledger` against something that answers in etcd's place. How it does on a real cluster is tested in `host-tests`.

mod fake;
mod hostile;
mod reached;
mod revoked;
mod shown;
mod watched;

use tapgate_cli::Exit;

use self::fake::Fake;
use crate::policy::{Scratch, shipped};
use crate::support::{Outcome, Tapgate, tapgate};

/// A folder with a policy whose ledger is in etcd.
pub(crate) struct Place {
    scratch: Scratch,
    policy: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with("recheckInSeconds: 1, recheckRegisteredInSeconds: 2, graceInSeconds: 3")
    }

    /// With these fields of `ledger.etcd`.
    pub(crate) fn with(fields: &str) -> Self {
        let scratch = Scratch::new();
        let text = std::fs::read_to_string(shipped("entra-default")).unwrap();
        let policy = scratch.file("policy.yaml", &format!("{text}\nledger: {{etcd: {{{fields}}}}}\n"));
        Self { scratch, policy }
    }

    /// A command to be run, with nothing in its environment.
    pub(crate) fn command(&self, arguments: &[&str], members: &[String]) -> Tapgate {
        let mut all = vec!["ledger"];
        all.extend_from_slice(arguments);
        all.extend(["--policy", self.policy.as_str()]);
        for member in members {
            all.extend(["--etcd", member.as_str()]);
        }
        tapgate(&all)
    }

    pub(crate) fn run(&self, arguments: &[&str], fake: &Fake) -> Outcome {
        self.command(arguments, &[fake.url()]).run()
    }
}

/// An address where nobody listens.
fn nobody() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", free.local_addr().unwrap())
}

#[test]
fn what_is_missing_is_named_with_its_mend() {
    let place = Place::new();
    place.command(&["show"], &[]).run().failed(Exit::Usage, "give `--etcd URL`, or set the environment variable");
    let listed = |text: &str| place.command(&["show"], &[]).env("TAPGATE_ETCD", text).run();
    listed("etcd:2379").failed(Exit::Usage, "`TAPGATE_ETCD` does not hold addresses");
    let secret = listed("http://root:hunter2hunter2@etcd:2379");
    assert!(!secret.stderr.contains("hunter2"), "{}", secret.stderr);
    secret.failed(Exit::Usage, "expected no user in the address");
    place.command(&["show"], &["https://etcd".to_owned()]).run().failed(Exit::Usage, "`https` needs `--cacert FILE`");
    let cacert = place.command(&["show", "--cacert", "/nowhere/ca.pem"], &["https://etcd".to_owned()]).run();
    cacert.failed(Exit::Unreadable, "cannot read `/nowhere/ca.pem`");
    let file = place.scratch.file("no.pem", "nothing");
    let cacert = place.command(&["show", "--cacert", &file], &["https://etcd".to_owned()]).run();
    cacert.failed(Exit::Unreadable, "holds no usable certificate");
    let outcome = place.command(&["revoke"], &[nobody()]).run();
    assert!(outcome.exit == Exit::Usage && outcome.stderr.contains("--user"), "{}", outcome.stderr);
    let outcome = place.command(&["revoke", "--user", "a", "--pass", "b"], &[nobody()]).run();
    assert_eq!(outcome.exit, Exit::Usage);
}

#[test]
fn a_ledger_in_shared_data_is_not_for_here() {
    let policy = shipped("entra-default");
    for command in ["show", "export", "watch"] {
        let outcome = tapgate(&["ledger", command, "--policy", &policy, "--etcd", &nobody()]).run();
        outcome.failed(Exit::Findings, "lives in the memory of the proxy");
    }
}

#[test]
fn one_of_several_tenants_has_to_be_named() {
    let policy = shipped("multi-tenant");
    let run =
        |more: &[&str]| tapgate(&[&["ledger", "show", "--policy", &policy, "--etcd", &nobody()], more].concat()).run();
    run(&[]).failed(Exit::Usage, "say which one by `--tenant`");
    run(&["--tenant", "nobody"]).failed(Exit::Usage, "has no tenant `nobody`");
}

#[test]
fn help_has_examples() {
    for command in ["show", "revoke", "export", "watch"] {
        tapgate(&["ledger", command, "--help"]).run().succeeded().says("Examples:").says("--etcd-password-file");
    }
}

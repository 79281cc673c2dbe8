//! The section `ledger`: where the record of passes is kept.

use zeroize::Zeroizing;

use super::seconds;
use crate::ledger::etcd::{Credentials, CredentialsError};
use crate::policy::doc::{Node, Section};
use crate::policy::fields::Text;
use crate::policy::shape;
use crate::policy::{Environment, Etcd, LedgerPlace};

pub(in crate::policy) fn ledger(node: &Node<'_>, environment: Environment<'_>) -> Option<LedgerPlace> {
    if node.is_text("sharedData") {
        return Some(SHARED_DATA);
    }
    if node.as_text().is_some() {
        node.wrong("`sharedData`, or a section with `sharedData` or `etcd`");
        return None;
    }
    let section = node.section()?;
    let shared = section.optional("sharedData");
    let etcd = section.optional("etcd");
    section.finish();
    match (shared, etcd) {
        (Some(shared), None) => shared_data(&shared),
        (None, Some(etcd)) => etcd_cluster(&etcd, environment).map(LedgerPlace::Etcd),
        _ => {
            node.wrong("either `sharedData` or `etcd`");
            None
        }
    }
}

/// The ledger unless the policy says otherwise.
pub(in crate::policy) const SHARED_DATA: LedgerPlace =
    LedgerPlace::SharedData { maximum_records: shape::MAXIMUM_RECORDS.default };

fn shared_data(node: &Node<'_>) -> Option<LedgerPlace> {
    let section = node.section()?;
    let maximum = shape::MAXIMUM_RECORDS.read(&section);
    section.finish();
    Some(LedgerPlace::SharedData { maximum_records: maximum? })
}

fn etcd_cluster(node: &Node<'_>, environment: Environment<'_>) -> Option<Etcd> {
    let section = node.section()?;
    let cluster = shape::CLUSTER.read(&section);
    let authority = shape::AUTHORITY.read(&section);
    let prefix = shape::PREFIX.read(&section);
    let timeout = shape::TIMEOUT.read(&section);
    let recheck = seconds(shape::RECHECK, &section);
    let registered = seconds(shape::RECHECK_REGISTERED, &section);
    let grace = seconds(shape::GRACE, &section);
    let credentials = credentials(node, &section, environment);
    section.finish();
    Some(Etcd {
        cluster: cluster?,
        authority: authority?,
        prefix: prefix?,
        timeout_in_milliseconds: timeout?,
        recheck: recheck?,
        recheck_registered: registered?,
        grace: grace?,
        credentials: credentials?,
    })
}

/// Reads `usernameEnv` and `passwordEnv`; `Some(None)` where neither is given. Nothing of them is ever shown: people put a
/// password where its variable's name belongs.
fn credentials(node: &Node<'_>, section: &Section<'_>, environment: Environment<'_>) -> Option<Option<Credentials>> {
    let variable = |field: Text| {
        let Some(node) = section.optional(field.name).map(Node::secret) else { return Some(None) };
        let value = environment(&field.of(&node)?).map(Zeroizing::new);
        if value.is_none() {
            node.wrong("the name of an environment variable that is set and handed to the plugin");
        }
        Some(Some((node, value?)))
    };
    let (name, password) = (variable(shape::USERNAME_ENV), variable(shape::PASSWORD_ENV));
    match (name?, password?) {
        (None, None) => Some(None),
        (Some((name_node, name)), Some((password_node, password))) => {
            let credentials = Credentials::new(name.to_string(), password);
            if let Err(error) = credentials {
                let node = if error == CredentialsError::Name { name_node } else { password_node };
                node.wrong_as(error, "a variable that holds one line of text");
            }
            credentials.ok().map(Some)
        }
        _ => {
            node.wrong_as("only one of them", "both `usernameEnv` and `passwordEnv`, or neither");
            None
        }
    }
}

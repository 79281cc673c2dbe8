//! The section `ledger`: where the record of passes is kept.

use super::seconds;
use crate::policy::doc::Node;
use crate::policy::shape;
use crate::policy::{Etcd, LedgerPlace};

pub(in crate::policy) fn ledger(node: &Node<'_>) -> Option<LedgerPlace> {
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
        (None, Some(etcd)) => etcd_cluster(&etcd).map(LedgerPlace::Etcd),
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

fn etcd_cluster(node: &Node<'_>) -> Option<Etcd> {
    let section = node.section()?;
    let cluster = shape::CLUSTER.read(&section);
    let authority = shape::AUTHORITY.read(&section);
    let prefix = shape::PREFIX.read(&section);
    let timeout = shape::TIMEOUT.read(&section);
    let recheck = seconds(shape::RECHECK, &section);
    let registered = seconds(shape::RECHECK_REGISTERED, &section);
    let grace = seconds(shape::GRACE, &section);
    let username = shape::USERNAME_ENV.optional(&section);
    let password = shape::PASSWORD_ENV.optional(&section);
    section.finish();
    Some(Etcd {
        cluster: cluster?,
        authority: authority?,
        prefix: prefix?,
        timeout_in_milliseconds: timeout?,
        recheck: recheck?,
        recheck_registered: registered?,
        grace: grace?,
        username_env: username?,
        password_env: password?,
    })
}

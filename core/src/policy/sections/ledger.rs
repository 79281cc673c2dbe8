//! The section `ledger`: where the record of passes is kept.

use super::{seconds, token};
use crate::policy::doc::Node;
use crate::policy::{Etcd, LedgerPlace};
use crate::time::Seconds;

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
pub(in crate::policy) const SHARED_DATA: LedgerPlace = LedgerPlace::SharedData { maximum_records: 100_000 };

fn shared_data(node: &Node<'_>) -> Option<LedgerPlace> {
    let section = node.section()?;
    let maximum = section.or("maximumRecords", 100_000, |node| node.number(1, 1_000_000));
    section.finish();
    Some(LedgerPlace::SharedData { maximum_records: maximum? })
}

fn etcd_cluster(node: &Node<'_>) -> Option<Etcd> {
    let section = node.section()?;
    let cluster = section.or("cluster", "etcd".to_owned(), |node| token(&node, 128));
    let authority = section.or("authority", "etcd".to_owned(), |node| token(&node, 255));
    let prefix = section.or("prefix", "/tapgate/".to_owned(), |node| token(&node, 128));
    let timeout = section.or("timeoutInMilliseconds", 500, |node| node.number(1, 60_000));
    let recheck = section.or("recheckInSeconds", Seconds::new(5), |node| seconds(&node, 1, 60));
    let registered = section.or("recheckRegisteredInSeconds", Seconds::new(60), |node| seconds(&node, 1, 600));
    let grace = section.or("graceInSeconds", Seconds::new(30), |node| seconds(&node, 0, 120));
    let username = section.or("usernameEnv", None, |node| token(&node, 128).map(Some));
    let password = section.or("passwordEnv", None, |node| token(&node, 128).map(Some));
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

//! The section `webhook`: where events go.

use super::each;
use crate::audit::Kind;
use crate::policy::doc::Node;
use crate::policy::shape;
use crate::webhook::Webhook;

pub(in crate::policy) fn webhook(node: &Node<'_>) -> Option<Webhook> {
    let section = node.section()?;
    let cluster = shape::WEBHOOK_CLUSTER.read(&section);
    let authority = shape::WEBHOOK_AUTHORITY.read(&section);
    let path = section.required("path", "where the receiver takes events").and_then(|node| node.parsed());
    let timeout = shape::WEBHOOK_TIMEOUT.read(&section);
    let most_waiting = shape::MOST_WAITING.read(&section);
    let kinds = section.or(shape::EVENTS.name, Vec::new(), |node| each(&node, shape::EVENTS.most, kind));
    section.finish();
    Some(Webhook {
        cluster: cluster?,
        authority: authority?,
        path: path?,
        timeout_in_milliseconds: timeout?,
        most_waiting: usize::try_from(most_waiting?).ok()?,
        kinds: kinds?,
    })
}

fn kind(node: &Node<'_>) -> Option<&'static str> {
    let name = shape::EVENT.of(node)?;
    let known = Kind::ALL.map(Kind::name);
    let found = known.into_iter().find(|known| *known == name);
    if found.is_none() {
        node.wrong(format_args!("one of {}", known.join(", ")));
    }
    found
}

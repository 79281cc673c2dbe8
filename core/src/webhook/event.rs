//! One event on its way: its body, and the headers that it is sent with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Webhook;
use crate::audit::{AuditEvent, Fields, Origin, Who};
use crate::key::{KeyRing, Webhooks};
use crate::names::TenantId;
use crate::time::UnixSeconds;

/// An event as it is sent, the first time and every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id, by which a receiver knows one that it has had already.
    pub id: String,
    /// A CloudEvent in JSON.
    pub body: String,
    /// How many events it stands for: those that are told as lost, or itself.
    pub(super) stands_for: u64,
}

impl Delivery {
    pub(super) fn of(id: String, tenant: &TenantId, event: &AuditEvent, origin: Origin<'_>) -> Self {
        let subject = match &event.who {
            Who::User(identity) => Some(identity.as_str().as_bytes()),
            Who::Unknown | Who::Typed(_) => None,
        };
        let kind = format!("tapgate.{}.{}", event.kind.name(), event.outcome.name());
        let body = envelope(&id, tenant, &kind, event.time, subject, &event.json(origin));
        Self { id, body, stands_for: 1 }
    }

    /// That so many events were lost before this one.
    pub(super) fn lost(id: String, tenant: &TenantId, lost: u64, now: UnixSeconds) -> Self {
        let body = envelope(&id, tenant, "tapgate.events.lost", now, None, &format!("{{\"lost\":{lost}}}"));
        Self { id, body, stands_for: lost }
    }

    /// The headers that say what it is and who sent it, at this moment (Standard Webhooks): one signature a key.
    #[must_use]
    pub fn headers(&self, keys: &KeyRing<Webhooks>, now: UnixSeconds) -> [(&'static str, String); 4] {
        let message = format!("{}.{}.{}", self.id, now.get(), self.body);
        let signatures = keys.tags(message.as_bytes());
        let signatures: Vec<_> = signatures.iter().map(|tag| format!("v1,{}", STANDARD.encode(tag))).collect();
        [
            ("content-type", "application/cloudevents+json; charset=utf-8".to_owned()),
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", now.get().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

/// Whether a policy's webhook is told of an event.
#[must_use]
pub fn is_sent(webhook: &Webhook, event: &AuditEvent) -> bool {
    event.is_logged() && (webhook.kinds.is_empty() || webhook.kinds.contains(&event.kind.name()))
}

fn envelope(id: &str, tenant: &TenantId, kind: &str, time: UnixSeconds, subject: Option<&[u8]>, data: &str) -> String {
    let mut body = String::new();
    let mut fields = Fields::begin(&mut body);
    fields.text("specversion", b"1.0");
    fields.text("id", id.as_bytes());
    fields.text("source", format!("/tapgate/{tenant}").as_bytes());
    fields.text("type", kind.as_bytes());
    fields.text("time", time.to_string().as_bytes());
    if let Some(subject) = subject {
        // Whoever keys by it must not take one person for another.
        fields.whole("subject", subject);
    }
    fields.text("datacontenttype", b"application/json");
    fields.raw("data", data);
    body.push('}');
    body
}

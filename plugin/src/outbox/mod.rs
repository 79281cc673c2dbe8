//! Events on their way to the webhooks of policies, and passes whose end is awaited because somebody is to be told if nobody used them.
//!
//! What waits and for how long is [`Queue`]'s; this sends, from the timer and from answers, never from a stream, whose calls end
//! with it. Everything here is one worker's own, and gone with it.

mod awaited;

use std::sync::Arc;

use tapgate_core::audit::{AuditEvent, Origin};
use tapgate_core::policy::Policy;
use tapgate_core::random::Random;
use tapgate_core::time::{Seconds, UnixSeconds};
use tapgate_core::webhook::{Came, Queue, Webhook, is_sent};

pub(crate) use self::awaited::Expiries;
use self::awaited::{Awaited, Due};
use crate::host::{self, HostRandom, Level};
use crate::metrics::Metrics;

/// What a worker has to send.
#[derive(Default)]
pub(crate) struct Outbox {
    posts: Vec<Post>,
    awaited: Awaited,
}

/// What it has to send for one policy.
struct Post {
    policy: Arc<Policy>,
    /// Made with the first event: its ids begin with something random.
    queue: Option<Queue>,
    /// The call that is out, and since when.
    out: Option<(u32, UnixSeconds)>,
}

impl Outbox {
    /// Goes by these policies from now on; whether any of them has a webhook.
    pub(crate) fn load(&mut self, policies: &[Arc<Policy>]) -> bool {
        let with_webhook = policies.iter().filter(|policy| policy.webhook.is_some());
        self.posts = with_webhook.map(|policy| Post { policy: Arc::clone(policy), queue: None, out: None }).collect();
        !self.posts.is_empty()
    }

    /// Something has happened.
    pub(crate) fn saw(&mut self, event: &AuditEvent, origin: Origin<'_>, metrics: &Metrics) {
        let theirs = |post: &&mut Post| event.tenant.as_ref() == Some(&post.policy.tenant);
        let Some(post) = self.posts.iter_mut().find(theirs) else { return };
        if !self.awaited.saw(&post.policy, event) {
            metrics.count("tapgate.webhook.unwatched");
        }
        let Some(webhook) = post.policy.webhook.as_ref().filter(|webhook| is_sent(webhook, event)) else { return };
        if post.queue.is_none() {
            let random: &mut dyn Random = &mut HostRandom;
            let prefix = random.bytes().ok();
            let tenant = post.policy.tenant.clone();
            post.queue = prefix.map(|prefix| Queue::new(tenant, prefix, webhook.most_waiting));
        }
        if !post.queue.as_mut().is_some_and(|queue| queue.push(event, origin)) {
            metrics.count("tapgate.webhook.lost");
        }
    }

    /// Sends what can be sent now; gives the passes whose end is to be looked at.
    pub(crate) fn tick(&mut self, now: UnixSeconds, metrics: &Metrics) -> Vec<Due> {
        for post in &mut self.posts {
            post.give_up(now, metrics);
            post.send(now, metrics);
        }
        self.awaited.due(now)
    }

    /// A call has come back with this status, if it is one of these; whether it is.
    pub(crate) fn hear(&mut self, call: u32, status: Option<u16>, now: UnixSeconds, metrics: &Metrics) -> bool {
        let mine = |post: &&mut Post| post.out.is_some_and(|(out, _)| out == call);
        let Some(post) = self.posts.iter_mut().find(mine) else { return false };
        post.came(status, now, metrics);
        post.send(now, metrics);
        true
    }
}

impl Post {
    fn webhook(&self) -> Option<&Webhook> {
        self.policy.webhook.as_ref()
    }

    fn send(&mut self, now: UnixSeconds, metrics: &Metrics) {
        let Some(queue) = &mut self.queue else { return };
        queue.heed(now);
        let (Some(webhook), Some(keys)) = (&self.policy.webhook, &self.policy.webhook_keys) else { return };
        let Some(delivery) = queue.next(now) else { return };
        let signed = delivery.headers(keys, now);
        let mut headers =
            vec![(":method", "POST"), (":path", webhook.path.as_str()), (":authority", webhook.authority.as_str())];
        headers.extend(signed.iter().map(|(name, value)| (*name, value.as_str())));
        let body = Some(delivery.body.as_bytes());
        let call = host::call(&webhook.cluster, &headers, body, webhook.timeout_in_milliseconds);
        match call {
            Ok(call) => self.out = Some((call, now)),
            Err(_) => self.came(None, now, metrics),
        }
    }

    fn came(&mut self, status: Option<u16>, now: UnixSeconds, metrics: &Metrics) {
        self.out = None;
        let Some(queue) = &mut self.queue else { return };
        let tenant = &self.policy.tenant;
        let answer = || status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        match queue.answered(status, now) {
            Came::Delivered => metrics.count("tapgate.webhook.delivered"),
            Came::Failed { first } => {
                metrics.count("tapgate.webhook.failed");
                if first {
                    let line =
                        format!("tapgate: the webhook of tenant {tenant} takes no events ({}): they wait", answer());
                    host::log(Level::Warn, &line);
                }
            }
            Came::GivenUp => {
                metrics.count("tapgate.webhook.lost");
                let line =
                    format!("tapgate: the webhook of tenant {tenant} refuses an event ({}): it is lost", answer());
                host::log(Level::Warn, &line);
            }
        }
    }

    /// Waits no longer for a call that nothing has come back from, whatever the proxy does with time-outs.
    fn give_up(&mut self, now: UnixSeconds, metrics: &Metrics) {
        let timeout = self.webhook().map_or(0, |webhook| webhook.timeout_in_milliseconds);
        let longest = Seconds::new(u64::from(timeout).div_ceil(1000).saturating_add(1));
        if self.out.is_some_and(|(_, since)| now < since || now.since(since) > longest) {
            self.came(None, now, metrics);
        }
    }
}

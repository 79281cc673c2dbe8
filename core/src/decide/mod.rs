//! The entry points: what becomes of a request, of its body, of the application's answer.
//!
//! A [`Gate`] is a compiled configuration. It is asked with borrowed bytes and answers with a [`Step`]: a decision, or
//! what it needs from the ledger first. The path of a request: [`Gate::request`] finds tenant and session
//! (`person`), then `admin` answers for Graph's API, `endpoints` for the plugin's own paths and `confine` for all others; a body that may hold
//! a pass is held by `sign_in`, read by `presented` and judged by `signed` or `typed`, which `begin` a session; `refusals` words what is
//! refused; [`Gate::response`] sees the answer, where `completion` looks for the application's word that a method is registered.

mod admin;
mod answer;
mod asked;
mod begin;
mod body;
mod completion;
mod confine;
mod endpoints;
mod expiry;
mod hosts;
mod identity;
mod in_force;
mod person;
mod presented;
mod refusals;
mod response;
mod sign_in;
mod signed;
mod typed;

pub use answer::{ResponseDecision, ResponseView, Stream};
pub use body::AwaitBody;
pub use expiry::expired;
pub(crate) use presented::RETURN_TO;

use std::sync::Arc;

use self::asked::Asked;
use self::hosts::Hosts;
use self::person::Person;
use crate::audit::{AuditEvent, Kind, Outcome, Who};
use crate::context::Context;
use crate::graph;
use crate::headers::{Header, HeaderEdits, ReservedNames, is_own, redirects_meaning};
use crate::ledger::Step;
use crate::names::TenantId;
use crate::path::LocalPath;
use crate::policy::{Compiled, Policy};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::session::HOLDER_COOKIE;
use crate::time::UnixSeconds;

/// The most bytes of a body that may hold a pass (4.2).
pub const MOST_BODY: usize = 16 << 10;

/// A compiled configuration, ready to be asked.
pub struct Gate {
    policies: Vec<Arc<Policy>>,
    hosts: Hosts,
    /// Where the admin API answers.
    admin_hosts: Hosts,
    reserved: ReservedNames,
    own_cookies: Arc<[Vec<u8>]>,
    hash: String,
}

/// What is known once a request's headers have been judged.
pub enum Head {
    /// Everything.
    Decided(Decision),
    /// The body may hold a pass: it has to be read first.
    Body(Box<AwaitBody>),
}

/// What becomes of a request.
pub struct Decision {
    /// Answer it, or let it go on.
    pub verdict: Verdict,
    /// What operators are told.
    pub audit: Vec<AuditEvent>,
}

/// Answer a request, or let it go on.
pub enum Verdict {
    /// Answer it.
    Reply(Reply),
    /// Let it go on.
    Forward(Box<Forward>),
}

/// A request that goes on to the application.
pub struct Forward {
    /// What changes in its headers first.
    pub edits: HeaderEdits,
    /// What the answer is judged by.
    pub stream: Stream,
}

impl Verdict {
    fn forward(forward: Forward) -> Self {
        Self::Forward(Box::new(forward))
    }
}

impl Decision {
    fn reply(reply: Reply) -> Self {
        Self { verdict: Verdict::Reply(reply), audit: Vec::new() }
    }

    fn audited(mut self, event: AuditEvent) -> Self {
        self.audit.push(event);
        self
    }

    /// The refusal of a request about which nothing more can be said (8.1a, 10.1).
    #[must_use]
    pub fn internal_error(now: UnixSeconds) -> Self {
        let outcome = Outcome::Refused(Refusal::Internal);
        Self::reply(Reply::problem(Refusal::Internal, None)).audited(event_at(now, None, Kind::Request, outcome))
    }
}

impl Gate {
    /// Puts compiled policies in charge.
    #[must_use]
    pub fn new(compiled: Compiled) -> Self {
        let policies: Vec<Arc<Policy>> = compiled.policies.into_iter().map(Arc::new).collect();
        let mut reserved = ReservedNames::default();
        let mut own_cookies = vec![HOLDER_COOKIE.as_bytes().to_vec()];
        for policy in &policies {
            reserved.reserve(&policy.user_header);
            let cookie = policy.session.cookie.as_bytes();
            if !own_cookies.iter().any(|known| known == cookie) {
                own_cookies.push(cookie.to_vec());
            }
        }
        let admin_hosts = Hosts::of(&policies, |policy| policy.admin.as_ref().map_or(&[], |admin| &admin.hosts));
        Self {
            hosts: Hosts::of(&policies, |policy| &policy.hosts),
            admin_hosts,
            policies,
            reserved,
            own_cookies: own_cookies.into(),
            hash: compiled.hash,
        }
    }

    /// The tenants' policies.
    #[must_use]
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// The document's hash, for logs.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Judges a request by its headers.
    pub fn request(&self, request: &RequestView<'_>, context: &mut Context<'_>) -> Step<Head> {
        // Without a method the host could not give us the headers: nothing can be judged, nothing removed.
        if request.method().is_none() {
            return decided(Decision::internal_error(context.now));
        }
        let policy = self.hosts.find(request.authority());
        if self.may_administer(request) {
            if let Some((policy, path)) = self.administers(request, policy) {
                let asked = Asked::of(request, self, Some(policy));
                return admin::judge(policy, path, request, asked, context);
            }
            // It may carry an administrator's token, for another version of the API, say: it never goes on (5.4).
            if policy.is_none() && self.admin_hosts.find(request.authority()).is_some() {
                return decided(endpoints::nowhere());
            }
        }
        let asked = Asked::of(request, self, policy.map(AsRef::as_ref));
        match policy {
            Some(policy) => {
                let person = person::recognise(policy, &asked, context);
                let policy = Arc::clone(policy);
                person.and_then(move |person, context| route(&policy, asked, person, context), context)
            }
            None => decided(Decision { verdict: Verdict::forward(asked.forward_bare()), audit: Vec::new() }),
        }
    }

    /// Whether a request is for an address where some tenant's admin API could be: most are not, and cost no more than this.
    fn may_administer(&self, request: &RequestView<'_>) -> bool {
        let path = request.path();
        let own = |base: &LocalPath| path == base.as_str().as_bytes() || base.below(path).is_some();
        self.policies.iter().any(|policy| policy.admin.is_some() && own(&policy.base_path))
    }

    /// Whose admin API a request is for, and the path below that API's root. `signs_in` is whose people sign in at its host.
    fn administers<'a, 'p>(
        &'p self,
        request: &RequestView<'a>,
        signs_in: Option<&'p Arc<Policy>>,
    ) -> Option<(&'p Arc<Policy>, &'a [u8])> {
        let below = |policy: &Arc<Policy>| {
            policy.admin.as_ref().and(policy.base_path.below(request.path())?.strip_prefix(graph::ROOT.as_bytes()))
        };
        // Where people of another tenant sign in, that tenant's policy decides.
        let by_admin_host = self
            .admin_hosts
            .find(request.authority())
            .filter(|policy| signs_in.is_none_or(|other| Arc::ptr_eq(policy, other)))
            .and_then(|policy| Some((policy, below(policy)?)));
        by_admin_host.or_else(|| {
            // A person asks about themselves where their session is.
            let policy = signs_in?;
            let path = below(policy)?;
            path.get(..3).is_some_and(|me| me.eq_ignore_ascii_case(b"me/")).then_some((policy, path))
        })
    }

    /// What goes from a request's trailers: reserved names (6.1), and from those of a session also what an application
    /// that reads trailers like headers could take for cookies, another path or another method.
    #[must_use]
    pub fn request_trailers(&self, trailers: &[Header<'_>], confined: bool) -> HeaderEdits {
        let goes = |name: &[u8]| {
            let in_session = name.eq_ignore_ascii_case(b"cookie") || redirects_meaning(name);
            self.reserved.contains(name) || (confined && in_session)
        };
        removals(trailers, goes)
    }

    /// What goes from an answer's trailers: the plugin's own names (6.2), and from those of a session cookies, which
    /// could not be sealed any more.
    #[must_use]
    pub fn response_trailers(trailers: &[Header<'_>], confined: bool) -> HeaderEdits {
        removals(trailers, |name| is_own(name) || (confined && name.eq_ignore_ascii_case(b"set-cookie")))
    }
}

fn removals(headers: &[Header<'_>], goes: impl Fn(&[u8]) -> bool) -> HeaderEdits {
    let mut edits = HeaderEdits::default();
    headers.iter().filter(|(name, _)| goes(name)).for_each(|(name, _)| edits.remove(name));
    edits
}

/// Where a request goes once it is known who asks.
fn route(policy: &Arc<Policy>, asked: Asked, person: Person, context: &mut Context<'_>) -> Step<Head> {
    if let Some(endpoint) = policy.base_path.below(&asked.path) {
        let endpoint = endpoint.to_vec();
        return endpoints::answer(policy, &endpoint, asked, person, context);
    }
    let otherwise = confine::judge(policy, &asked, person, context);
    if sign_in::may_carry_pass(policy, &asked) {
        return Step::Done(Head::Body(Box::new(sign_in::Carried::beside(policy, asked, otherwise).into())));
    }
    decided(otherwise)
}

fn decided(decision: Decision) -> Step<Head> {
    Step::Done(Head::Decided(decision))
}

/// An event of this tenant, with nothing known of the person yet.
fn event(policy: &Policy, context: &Context<'_>, kind: Kind, outcome: Outcome) -> AuditEvent {
    event_at(context.now, Some(&policy.tenant), kind, outcome)
}

fn event_at(time: UnixSeconds, tenant: Option<&TenantId>, kind: Kind, outcome: Outcome) -> AuditEvent {
    let tenant = tenant.cloned();
    AuditEvent {
        time,
        kind,
        outcome,
        tenant,
        who: Who::Unknown,
        pass: None,
        session: None,
        took: None,
        administration: None,
    }
}

/// What must not happen: refused, audited (8.1a, 10.1).
fn internal(policy: &Policy, context: &Context<'_>) -> Decision {
    let event = event(policy, context, Kind::Request, Outcome::Refused(Refusal::Internal));
    Decision::reply(Reply::problem(Refusal::Internal, None)).audited(event)
}

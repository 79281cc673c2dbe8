//! A compiled policy: what a tenant's document says, checked once and ready to be asked (section 2).
//!
//! [`compile()`] is the only way to get one. [`InForce::admit`] is where a pass meets it (2.4, 3.5).

mod across;
mod amend;
mod compile;
pub mod doc;
pub mod fields;
mod in_force;
mod keys;
mod scope;
mod sections;
pub mod shape;

pub(crate) use amend::NotAmended;
pub use amend::Void;
pub use compile::{Compiled, compile, compile_tree};
pub use doc::{Defect, DocPath, Fault, Step};
pub use in_force::{Claimed, InForce};
pub use keys::Environment;
pub use scope::{Scope, Target};

use std::fmt;
use std::sync::Arc;

use self::amend::Amending;
use crate::directory::{Directory, Known};
use crate::graph::{self, Role};
use crate::key::{Admins, GatewayKeys, KeyRing, Passes, Upstream, Webhooks};
use crate::ledger::etcd::Credentials;
use crate::names::TenantId;
use crate::pages;
use crate::pass::{self, AuthenticPass, GroupTags};
use crate::path::{LocalPath, PathPattern};
use crate::refusal::Refusal;
use crate::time::{Minutes, Seconds, UnixSeconds};
use crate::webhook::Webhook;

/// A tenant's policy.
pub struct Policy {
    /// The tenant.
    pub tenant: TenantId,
    /// The hosts it answers for, as the document has them.
    pub hosts: Vec<HostPattern>,
    /// What a pass's `iss` must be.
    pub issuer: String,
    /// What a pass's `aud` must be.
    pub audience: String,
    /// How far clocks may be apart; widens a multi-use pass's start only (2.3).
    pub clock_skew: Seconds,
    /// Verifies passes.
    pub pass_keys: KeyRing<Passes>,
    /// Signs sessions, seals cookies, hashes holders.
    pub gateway_keys: GatewayKeys,
    /// Signs assertions, verifies receipts.
    pub upstream_keys: KeyRing<Upstream>,
    /// Verifies administrators' tokens; `None` where there are no such tokens.
    pub admin_keys: Option<KeyRing<Admins>>,
    /// Keys that sign events for the webhook, where there is one.
    pub webhook_keys: Option<KeyRing<Webhooks>>,
    /// What passes must be like, and for whom, as the document has it. What is in force may have been amended:
    /// [`Policy::in_force`].
    pub passes: Arc<TemporaryAccessPass>,
    /// What it takes to amend that.
    amending: Amending,
    /// Who exists.
    pub directory: Directory,
    /// Where passes are presented.
    pub sign_in: SignIn,
    /// What a registering session may do.
    pub registration: Registration,
    /// How a session is kept.
    pub session: SessionRules,
    /// The header that names the user to the application.
    pub user_header: String,
    /// Where the record of passes is kept.
    pub ledger: LedgerPlace,
    /// Who may administer; `None` for no admin API.
    pub admin: Option<Admin>,
    /// Where events go, if anywhere.
    pub webhook: Option<Webhook>,
    /// What the plugin's own pages say of the place.
    pub pages: Pages,
    /// Where the plugin's own endpoints live.
    pub base_path: LocalPath,
}

/// Graph's `temporaryAccessPassAuthenticationMethodConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemporaryAccessPass {
    /// Whether passes are accepted at all.
    pub enabled: bool,
    /// Characters of a typed code.
    pub default_length: u32,
    /// Lifetime of a pass whose issuer names none.
    pub default_lifetime: Minutes,
    /// The shortest lifetime.
    pub minimum_lifetime: Minutes,
    /// The longest lifetime.
    pub maximum_lifetime: Minutes,
    /// Whether every pass must be one-time.
    pub is_usable_once: bool,
    /// Whom the policy targets.
    pub scope: Scope,
}

/// Where and how passes are presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The gateway's own sign-in.
    pub path: LocalPath,
    /// The field of the user's name.
    pub user_field: String,
    /// The field of the pass.
    pub pass_field: String,
    /// How long after its issue a pass may start.
    pub starts_within: Minutes,
}

/// What a registering session may do, and how it ends well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Where a registering person is sent.
    pub page: LocalPath,
    /// What a registering session may reach.
    pub allow: Vec<PathPattern>,
    /// Whether a receipt completes.
    pub by_receipt: bool,
    /// The answers that complete.
    pub by_response: Vec<ResponseRule>,
    /// What a receipt leads to; an answer by status always acts as [`Then::SignIn`].
    pub then: Then,
    /// How long a registering session lasts.
    pub window: Minutes,
    /// How often the holder of a one-time pass may sign in again.
    pub retries: u8,
    /// What becomes of the application's cookies.
    pub cookies: CookieRule,
}

/// An answer of the application that means "registered".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseRule {
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: PathPattern,
    /// The answer's status: one of these.
    pub status: Vec<u16>,
}

/// What follows a completed registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// The session is over; the person signs in with the new method.
    SignIn,
    /// The session opens the rest of the site.
    Continue,
}

/// What becomes of the application's cookies during a session (5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieRule {
    /// Encrypted for this session.
    Sealed,
    /// Held back both ways.
    Withheld,
}

/// How a session is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// The cookie's name, which begins with `__Host-`.
    pub cookie: String,
    /// Whether a registered session ends with its pass.
    pub ends_with_pass: bool,
    /// The longest a session lasts.
    pub maximum: Minutes,
}

/// Where the record of passes is kept (section 7).
pub enum LedgerPlace {
    /// In the proxy's own memory.
    SharedData {
        /// About how many records it holds.
        maximum_records: u32,
    },
    /// In an etcd v3 cluster.
    Etcd(Etcd),
}

/// An etcd v3 cluster reached through the proxy.
pub struct Etcd {
    /// The proxy's name for the cluster.
    pub cluster: String,
    /// What `:authority` says.
    pub authority: String,
    /// What keys begin with.
    pub prefix: String,
    /// How long a call may take.
    pub timeout_in_milliseconds: u32,
    /// How often a registering session is checked again.
    pub recheck: Seconds,
    /// How often a registered session is checked again.
    pub recheck_registered: Seconds,
    /// How long a check may be overdue.
    pub grace: Seconds,
    /// Who the plugin is to it; `None` where etcd has no users.
    pub credentials: Option<Credentials>,
}

/// Who may administer, and where (section 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The hosts on which the admin API answers.
    pub hosts: Vec<HostPattern>,
    /// Whether a reason must be given.
    pub require_reason: bool,
    /// Limits by role.
    pub caps: Vec<(Role, Cap)>,
    /// What a token is looked up by that the proxy itself has verified: under which name it keeps the claims, and which of them lists
    /// the roles.
    pub jwt_authn: Option<(String, String)>,
}

/// What a role may issue at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The longest lifetime.
    pub maximum_lifetime: Option<Minutes>,
    /// Whether only one-time passes.
    pub is_usable_once: bool,
}

/// What the plugin's own pages say of the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The organisation.
    pub name: String,
    /// Whom to ask.
    pub contact: Option<String>,
    /// A sentence of help.
    pub help: Option<String>,
    /// `#rrggbb`.
    pub colour: Option<String>,
}

/// A host of a policy: exact or `*.suffix`, lower-cased, without trailing dot; or every host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostPattern {
    /// This host.
    Exact(String),
    /// Every host that ends so; kept with its leading dot.
    Suffix(String),
    /// Every host.
    Any,
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// When a pass may be used, and how often: what a policy judges of any pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From here ...
    pub start: UnixSeconds,
    /// ... to before here.
    pub end: UnixSeconds,
    /// Once only.
    pub once: bool,
}

impl Policy {
    /// Judges whose an authentic pass is, and its times: what no amendment changes. The rest comes with the record
    /// ([`InForce::admit`]).
    ///
    /// `known` is whom the directory knows by the pass's user name, `typed` the user name that came with it, if any.
    ///
    /// # Errors
    /// The first check that fails, in the order of 3.4.
    pub fn claim(
        &self,
        pass: AuthenticPass,
        known: Option<Known>,
        typed: Option<&str>,
        now: UnixSeconds,
    ) -> Result<Claimed, Refusal> {
        if let Some(typed) = typed {
            let same = match &known {
                Some(known) => known.is_called(typed),
                None => pass.user.as_str().eq_ignore_ascii_case(typed),
            };
            if !same {
                return Err(Refusal::WrongUser);
            }
        }
        if pass.issued > now.plus(self.clock_skew) {
            return Err(Refusal::NotYetValid);
        }
        self.in_time(Terms { start: pass.start, end: pass.end, once: pass.once }, now)?;
        // What the document switches off no amendment switches on, so no ledger need be asked.
        if !self.passes.enabled {
            return Err(Refusal::Disabled);
        }
        let known = known.filter(|known| known.active).ok_or(Refusal::OutOfScope)?;
        Ok(Claimed { pass, known })
    }

    fn in_time(&self, terms: Terms, now: UnixSeconds) -> Result<(), Refusal> {
        let skew = if terms.once { Seconds::default() } else { self.clock_skew };
        if terms.start > now.plus(skew) {
            Err(Refusal::NotYetValid)
        } else if now >= terms.end {
            Err(Refusal::Expired)
        } else {
            Ok(())
        }
    }

    /// What a session carries of its user's groups, so that a policy tightened later still finds out whom it concerns: what the pass
    /// claims, or where a server was asked, what it said. A cookie has room for as many as a pass may claim: those that the policy
    /// names come first.
    pub(crate) fn carried_groups(&self, known: &Known, claimed: Option<&GroupTags>) -> Option<GroupTags> {
        match self.directory {
            Directory::Open | Directory::Users(_) => claimed.cloned(),
            Directory::Scim(_) => known
                .groups
                .as_ref()
                .map(|groups| groups.at_most(pass::MOST_GROUPS, |tag| self.passes.scope.names(tag))),
        }
    }

    /// Where a request is decided by its body: the application's own sign-in, and the plugin's. A proxy has to hold such a
    /// request back whole, so that the application sees nothing of a sign-in (4.2).
    #[must_use]
    pub fn sign_in_paths(&self) -> [String; 2] {
        [self.sign_in.path.as_str().to_owned(), pages::sign_in_path(&self.base_path)]
    }

    /// Below which path the admin API lies, where there is one: a proxy has to hold these requests back likewise.
    #[must_use]
    pub fn admin_api(&self) -> Option<String> {
        self.admin.as_ref().map(|_| format!("{}/{}", self.base_path, graph::ROOT))
    }

    /// How long a record must be kept after its floor so that nothing that it refuses could still be valid (7.2).
    #[must_use]
    pub fn longest_from_issue(&self) -> Seconds {
        let start = Seconds::from(self.sign_in.starts_within).get();
        // Where the admin API may amend the policy, any lifetime that a policy can have may be allowed later.
        let lifetime = match self.admin {
            Some(_) => Minutes::new(shape::MAXIMUM_LIFETIME.most),
            None => self.passes.maximum_lifetime,
        };
        let lifetime = Seconds::from(lifetime).get();
        Seconds::new(start.saturating_add(lifetime).saturating_add(self.clock_skew.get()))
    }

    /// How long after it was written a record is kept at most: a floor is at most the skew ahead, and a session that goes on
    /// is counted from its sign-in (7.2).
    #[must_use]
    pub fn longest_kept(&self) -> Seconds {
        let refuses = self.longest_from_issue().get().saturating_add(self.clock_skew.get());
        Seconds::new(refuses).max(self.session.maximum.into())
    }
}

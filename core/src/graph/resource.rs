//! Graph's resources, as its clients read them.

use serde::Serialize;

use crate::code::Code;
use crate::directory::Known;
use crate::ledger::StandingPass;
use crate::names::{GroupId, Identity};
use crate::policy::{InForce, Target, TemporaryAccessPass, Terms};
use crate::refusal::Refusal;
use crate::time::{Minutes, UnixSeconds};

const PASS_TYPE: &str = "#microsoft.graph.temporaryAccessPassAuthenticationMethod";
/// The policy's id, of which there is one.
pub(super) const POLICY_ID: &str = "TemporaryAccessPass";
pub(super) const POLICY_TYPE: &str = "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration";

/// `temporaryAccessPassAuthenticationMethod`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pass<'a> {
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(rename = "@odata.type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    id: &'a str,
    /// Present once, in the answer to its creation.
    temporary_access_pass: Option<&'a str>,
    created_date_time: String,
    start_date_time: String,
    lifetime_in_minutes: u64,
    is_usable_once: bool,
    is_usable: bool,
    method_usability_reason: &'static str,
}

/// A collection.
#[derive(Serialize)]
pub(crate) struct Collection<T> {
    #[serde(rename = "@odata.context")]
    context: String,
    value: Vec<T>,
}

impl<'a> Pass<'a> {
    fn bare(in_force: &InForce, of: &Known, pass: &'a StandingPass, now: UnixSeconds) -> Self {
        let reason = usability(in_force, of, pass, now);
        Self {
            context: None,
            kind: None,
            id: pass.id.as_str(),
            temporary_access_pass: None,
            created_date_time: pass.created.to_string(),
            start_date_time: pass.start.to_string(),
            lifetime_in_minutes: pass.end.since(pass.start).get() / 60,
            is_usable_once: pass.once,
            is_usable: reason == ENABLED,
            method_usability_reason: reason,
        }
    }

    /// One pass. `root` is where the API lies, and `code` its code if it has just been made.
    pub(crate) fn one(
        root: &str,
        in_force: &InForce,
        of: &Known,
        pass: &'a StandingPass,
        code: Option<&'a Code>,
        now: UnixSeconds,
    ) -> Self {
        Self {
            context: Some(format!("{}/$entity", collection(root, &of.identity, "temporaryAccessPassMethods"))),
            temporary_access_pass: code.map(Code::reveal),
            ..Self::bare(in_force, of, pass, now)
        }
    }
}

/// A user's passes.
pub(crate) fn passes<'a>(
    root: &str,
    in_force: &InForce,
    of: &Known,
    pass: Option<&'a StandingPass>,
    now: UnixSeconds,
) -> Collection<Pass<'a>> {
    Collection {
        context: collection(root, &of.identity, "temporaryAccessPassMethods"),
        value: pass.map(|pass| Pass::bare(in_force, of, pass, now)).into_iter().collect(),
    }
}

/// A user's authentication methods, each with its type.
pub(crate) fn methods<'a>(
    root: &str,
    in_force: &InForce,
    of: &Known,
    pass: Option<&'a StandingPass>,
    now: UnixSeconds,
) -> Collection<Pass<'a>> {
    let typed = |pass| Pass { kind: Some(PASS_TYPE), ..Pass::bare(in_force, of, pass, now) };
    Collection { context: collection(root, &of.identity, "methods"), value: pass.map(typed).into_iter().collect() }
}

fn collection(root: &str, identity: &Identity, name: &str) -> String {
    // OData doubles a quote inside a key.
    let key = identity.as_str().replace('\'', "''");
    format!("{root}$metadata#users('{key}')/authentication/{name}")
}

const ENABLED: &str = "EnabledByPolicy";
const BY_POLICY: &str = "DisabledByPolicy";

/// Graph's `methodUsabilityReason`: what a sign-in with it would be told now.
fn usability(in_force: &InForce, of: &Known, pass: &StandingPass, now: UnixSeconds) -> &'static str {
    let terms = Terms { start: pass.start, end: pass.end, once: pass.once };
    let refused = if now >= pass.end {
        Err(Refusal::Expired)
    } else if pass.reservation.is_some() {
        Err(Refusal::AlreadyUsed)
    } else if !of.active {
        Err(Refusal::OutOfScope)
    } else {
        in_force.admit_standing(terms, of, now)
    };
    match refused {
        Err(refusal) => refusal.method_usability_reason().unwrap_or(BY_POLICY),
        // Guessed at too often: no code opens it any more.
        Ok(()) if pass.code.as_ref().is_some_and(|code| code.guesses.is_dead()) => BY_POLICY,
        Ok(()) => ENABLED,
    }
}

/// `temporaryAccessPassAuthenticationMethodConfiguration`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Configuration {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.type")]
    kind: &'static str,
    id: &'static str,
    state: &'static str,
    default_lifetime_in_minutes: u32,
    default_length: u32,
    minimum_lifetime_in_minutes: u32,
    maximum_lifetime_in_minutes: u32,
    is_usable_once: bool,
    #[serde(rename = "includeTargets@odata.context")]
    include_context: String,
    include_targets: Vec<IncludeTarget>,
    exclude_targets: Vec<ExcludeTarget>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IncludeTarget {
    target_type: &'static str,
    id: String,
    is_registration_required: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExcludeTarget {
    id: String,
    target_type: &'static str,
}

/// The policy now in force.
pub(crate) fn policy(root: &str, passes: &TemporaryAccessPass) -> Configuration {
    let named = |target: &Target| match target {
        Target::AllUsers => ("group", "all_users".to_owned()),
        Target::Group(group) => ("group", GroupId::as_str(group).to_owned()),
        Target::User(user) => ("user", Identity::as_str(user).to_owned()),
    };
    let include = |target: &Target| {
        let (target_type, id) = named(target);
        IncludeTarget { target_type, id, is_registration_required: false }
    };
    let exclude = |target: &Target| {
        let (target_type, id) = named(target);
        ExcludeTarget { id, target_type }
    };
    let configurations = "policies/authenticationMethodsPolicy/authenticationMethodConfigurations";
    Configuration {
        context: format!("{root}$metadata#authenticationMethodConfigurations/$entity"),
        kind: POLICY_TYPE,
        id: POLICY_ID,
        state: if passes.enabled { "enabled" } else { "disabled" },
        default_lifetime_in_minutes: Minutes::get(passes.default_lifetime),
        default_length: passes.default_length,
        minimum_lifetime_in_minutes: passes.minimum_lifetime.get(),
        maximum_lifetime_in_minutes: passes.maximum_lifetime.get(),
        is_usable_once: passes.is_usable_once,
        include_context: format!(
            "{root}$metadata#{configurations}('TemporaryAccessPass')/microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration/includeTargets"
        ),
        include_targets: passes.scope.included().iter().map(include).collect(),
        exclude_targets: passes.scope.excluded().iter().map(exclude).collect(),
    }
}

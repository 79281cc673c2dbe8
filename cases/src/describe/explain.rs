//! What a document says and what of it can go badly, tenant by tenant.

use serde::Serialize;
use tapgate_core::json::Json;
use tapgate_core::policy::Policy;

use super::{Fact, Risk, facts, risks};
use crate::policy::tenants;

/// One tenant's policy in words.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// Whose policy it is.
    pub tenant: String,
    /// What it says.
    pub facts: Vec<Fact>,
    /// What of it can go badly, the worst first.
    pub risks: Vec<Risk>,
}

/// What a document says. `policies` are what its tree compiles to.
#[must_use]
pub fn explained(policies: &[Policy], tree: &Json) -> Vec<Explained> {
    let one = |(policy, tree): (&Policy, &Json)| Explained {
        tenant: policy.tenant.to_string(),
        facts: facts(policy, tree),
        risks: risks(policy, tree),
    };
    policies.iter().zip(tenants(tree)).map(one).collect()
}

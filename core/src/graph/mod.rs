//! Microsoft Graph's Temporary Access Pass API: its paths, bodies, errors and rules about who may do what (section 11). What the
//! ledger has to do with a call is in [`decide`](crate::decide).
//!
//! Everything is named as Graph's reference names it, v1.0, resource types `temporaryAccessPassAuthenticationMethod` and
//! `temporaryAccessPassAuthenticationMethodConfiguration`.

mod body;
mod caller;
mod error;
mod mint;
mod request_key;
mod resource;
mod role;
mod route;

pub(crate) use body::{NewPass, policy_patch};
pub use caller::LONGEST as LONGEST_TOKEN;
pub(crate) use caller::{Bearer, Caller};
pub(crate) use error::{ApiError, Ids};
pub use mint::{NoAdminToken, mint_token};
pub use request_key::request_key;
pub(crate) use resource::{Pass, methods, passes, policy};
pub use role::Role;
pub(crate) use role::{Action, Target as RoleTarget, may};
pub(crate) use route::{Resource, Route};

/// Where the API lies below `basePath`, with its slash.
pub(crate) const ROOT: &str = "graph/v1.0/";

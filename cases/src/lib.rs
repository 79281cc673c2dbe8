//! Policies as people write them, and the cases beside them.
//!
//! `policies/NAME.yaml` is a policy; `policies/NAME.cases.yaml` says what it does: steps of time, of requests and of the
//! application's answers, each with the decision that is expected. One corpus serves as the policy's documentation, as
//! fixtures and as regression tests, and runs wherever a gate runs: a host implements [`site::Host`], and [`run::run`]
//! does the rest. [`native`] is the host without a proxy: the rules of `tapgate-core` and a ledger in memory.
//!
//! What is written in YAML is read once, by [`yaml`], with the line and column of every key and value, so that whatever
//! is wrong with a document is reported where it stands. Nothing here decides what a pass or a request may do.
//!
//! ```
//! use tapgate_cases::policy::PolicyDocument;
//!
//! let flaws = PolicyDocument::read("version: 1\ntenant: Contoso\n")
//!     .and_then(|policy| policy.compile(&|_| None))
//!     .err()
//!     .unwrap_or_default();
//! assert!(flaws.iter().any(|flaw| flaw.to_string().starts_with("2:1: `tenant`: found `Contoso`")));
//! ```

pub mod case;
pub mod compare;
pub mod describe;
mod expect;
mod fill;
pub mod inspect;
mod jar;
mod mint;
pub mod native;
pub mod policy;
mod read;
pub mod report;
pub mod run;
pub mod site;
pub mod story;
pub mod yaml;

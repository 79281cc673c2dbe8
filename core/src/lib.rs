//! The rules of Tapgate: bytes, state and time in, a decision out.
//!
//! Nothing here does I/O, reads a clock, draws randomness or looks at the environment: those are arguments. What a
//! caller needs to know about a request it hands in as borrowed bytes ([`request::RequestView`]); what it has to do
//! comes back as a value ([`decide`]). Where a rule needs the ledger it does not call it, it yields
//! ([`ledger::Step`]), so that one code serves a proxy's shared memory, a remote store and a model checker.
//!
//! Statement numbers in these docs ("3.2", "7.3") are those of the behaviour contract, summarised in `ARCHITECTURE.md`.

pub mod audit;
pub mod code;
pub mod context;
mod cookie;
pub mod decide;
mod digest;
pub mod directory;
pub mod graph;
pub mod headers;
pub mod json;
pub mod jws;
pub mod key;
pub mod ledger;
pub mod names;
mod pages;
pub mod pass;
pub mod path;
pub mod policy;
mod protobuf;
pub mod random;
pub mod refusal;
pub mod reply;
pub mod request;
mod seal;
pub mod session;
mod texts;
pub mod time;
pub mod webhook;

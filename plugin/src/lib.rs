//! The proxy-wasm filter: carries the decisions of `tapgate-core` out, makes none.
//!
//! [`root`] loads the policy and hands it to the streams; [`filter`] walks one stream through its phases; [`pursue`] asks the
//! policy's ledger, be that [`ledger`], records in the proxy's shared data, or [`etcd`]; [`metrics`] counts;
//! [`outbox`] sends events to webhooks. Only [`host`] talks to the proxy. Nothing here may
//! panic: a trap kills every stream of its worker.
#![expect(missing_docs, reason = "the SDK's `main!` makes a public function; nothing else here is public")]

mod directory;
mod etcd;
mod filter;
mod host;
mod ledger;
mod metrics;
mod outbox;
mod pursue;
mod root;
mod worker;

use proxy_wasm::traits::RootContext;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::<root::Root>::default() });
}}

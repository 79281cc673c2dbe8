//! A filter that does nothing, by the SDK alone: the yardstick of `cargo xtask bench`.
//!
//! It takes part in every stream, in both directions, and lets all of it through. It must never do any work: what it
//! costs is what every filter costs.
#![expect(missing_docs, reason = "the SDK's `main!` makes a public function; nothing else here is public")]

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Root) });
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Stream;

impl Context for Stream {}

/// The SDK's defaults: every callback goes on.
impl HttpContext for Stream {}

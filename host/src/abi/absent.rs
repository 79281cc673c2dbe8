//! What every Rust filter imports and this host has nothing behind: gRPC, queues, foreign functions.
//!
//! They answer as a proxy does that has no such cluster, queue or function, so a guest that needs one sees an honest
//! failure.

use super::{ENV, Registry, Status, offer};
use crate::vm::{Guest, Stop};

pub(super) fn link(registry: &mut Registry<'_>) -> wasmtime::Result<()> {
    offer!(registry, ENV, ProxyWasm;
        "proxy_grpc_call" => twelve, (a, b, c, d, e, f, g, h, i, j, k, l);
        "proxy_grpc_stream" => nine, (a, b, c, d, e, f, g, h, i);
        "proxy_grpc_send" => four, (a, b, c, d);
        "proxy_grpc_cancel" => one, (a);
        "proxy_grpc_close" => one, (a);
        "proxy_register_shared_queue" => three, (a, b, c);
        "proxy_resolve_shared_queue" => five, (a, b, c, d, e);
        "proxy_dequeue_shared_queue" => three, (a, b, c);
        "proxy_enqueue_shared_queue" => three, (a, b, c);
        "proxy_call_foreign_function" => six, (a, b, c, d, e, f);
    );
    Ok(())
}

/// Functions of so many arguments that find nothing.
macro_rules! nothing {
    ($($name:ident($($argument:ident)*);)+) => {$(
        #[expect(clippy::allow_attributes, clippy::allow_attributes_without_reason, reason = "only some have many")]
        #[allow(clippy::too_many_arguments)]
        fn $name(_: &mut Guest<'_>, $($argument: u32),*) -> Result<(), Stop> {
            Err(Status::NotFound.into())
        }
    )+};
}

nothing! {
    one(_a);
    three(_a _b _c);
    four(_a _b _c _d);
    five(_a _b _c _d _e);
    six(_a _b _c _d _e _f);
    nine(_a _b _c _d _e _f _g _h _i);
    twelve(_a _b _c _d _e _f _g _h _i _j _k _l);
}

//! The host calls of proxy-wasm 0.2.1 and those of WASI preview 1 that Envoy offers, a file per concern.
//!
//! Each is a function from checked arguments to a status; what reads or writes the guest's memory goes through
//! [`Guest`](crate::vm::Guest), and nothing here calls the guest but its allocator.

mod absent;
mod buffers;
mod calls;
mod context;
mod header_maps;
mod metrics;
mod properties;
mod shared_data;
mod streams;
mod wasi;
mod wasi_files;

use wasmtime::Linker;

use crate::vm::VmData;

/// The statuses that host calls give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    InvalidMemoryAccess = 6,
    CasMismatch = 8,
    InternalFailure = 10,
    Unimplemented = 12,
}

/// The module of the ABI's host calls.
const ENV: &str = "env";

/// A linker, and what has been put into it.
pub(crate) struct Registry<'l> {
    linker: &'l mut Linker<VmData>,
    names: Vec<(&'static str, &'static str)>,
}

/// Puts host calls into a registry: `"name" => function(argument, argument: u64)`; arguments are `u32` unless they say
/// otherwise.
macro_rules! offer {
    (@type) => { u32 };
    (@type $type:ty) => { $type };
    ($registry:expr, $module:expr, $convention:ident;
     $($name:literal => $function:path, ($($argument:ident $(: $type:ty)?),*);)+) => {$(
        $registry.linker.func_wrap(
            $module,
            $name,
            |caller: wasmtime::Caller<'_, $crate::vm::VmData>, $($argument: $crate::abi::offer!(@type $($type)?)),*| {
                $crate::vm::Guest::enter(caller, $name, $crate::vm::Convention::$convention, |guest| {
                    $function(guest, $($argument),*)
                })
            },
        )?;
        $registry.names.push(($module, $name));
    )+};
}
pub(crate) use offer;

/// Puts every host call into the linker and gives their modules and names.
pub(crate) fn link(linker: &mut Linker<VmData>) -> wasmtime::Result<Vec<(&'static str, &'static str)>> {
    let mut registry = Registry { linker, names: Vec::new() };
    context::link(&mut registry)?;
    header_maps::link(&mut registry)?;
    buffers::link(&mut registry)?;
    properties::link(&mut registry)?;
    shared_data::link(&mut registry)?;
    streams::link(&mut registry)?;
    calls::link(&mut registry)?;
    metrics::link(&mut registry)?;
    absent::link(&mut registry)?;
    wasi::link(&mut registry)?;
    Ok(registry.names)
}

//! A compiled module: what it imports and exports, checked once, instantiated as often as needed.

use std::sync::Arc;

use wasmtime::{Engine, ExternType, InstancePre, Linker};

use crate::abi;
use crate::error::HostError;
use crate::vm::VmData;

/// The versions of the ABI that the host speaks, as modules declare them.
const VERSIONS: &[&str] = &[NEWEST, "proxy_abi_version_0_2_0"];
const NEWEST: &str = "proxy_abi_version_0_2_1";
/// The one host call that only the newest has.
const ONLY_NEWEST: &str = "proxy_get_log_level";
/// The guest's allocator, by either of its names.
const ALLOCATORS: &[&str] = &["proxy_on_memory_allocate", "malloc"];

/// A compiled module. Compiling is slow and cloning is cheap: compile once, start many hosts.
#[derive(Clone)]
pub struct Module(Arc<Compiled>);

struct Compiled {
    engine: Engine,
    metered: bool,
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    prepared: InstancePre<VmData>,
}

impl Module {
    /// Compiles a module and checks its imports and exports. Its callbacks are metered: what each costs in fuel can be read,
    /// and is limited.
    ///
    /// # Errors
    /// If it is no module, imports what no proxy offers, or lacks an export that no filter can do without.
    pub fn compile(bytes: &[u8]) -> Result<Self, HostError> {
        Self::compile_as(bytes, true)
    }

    /// Compiles a module whose callbacks are not metered, which makes them faster: only [`Config::deadline`] bounds them,
    /// and reports say that they cost no fuel.
    ///
    /// [`Config::deadline`]: crate::Config::deadline
    ///
    /// # Errors
    /// As [`Module::compile`].
    pub fn compile_unmetered(bytes: &[u8]) -> Result<Self, HostError> {
        Self::compile_as(bytes, false)
    }

    fn compile_as(bytes: &[u8], metered: bool) -> Result<Self, HostError> {
        let invalid = |error: wasmtime::Error| HostError::Module(error.to_string());
        let mut config = wasmtime::Config::new();
        config.consume_fuel(metered).epoch_interruption(true);
        // One memory, with addresses of 32 bits: what the ABI is written for, and what the limits of a VM are meant for.
        config.wasm_memory64(false).wasm_multi_memory(false);
        let engine = Engine::new(&config).map_err(invalid)?;
        let module = wasmtime::Module::new(&engine, bytes).map_err(invalid)?;
        let mut linker = Linker::new(&engine);
        let offered = abi::link(&mut linker).map_err(|error| HostError::Instantiate(error.to_string()))?;
        let imports: Vec<_> = module.imports().map(|one| (one.module().to_owned(), one.name().to_owned())).collect();
        let exports: Vec<String> = module.exports().map(|one| one.name().to_owned()).collect();
        let newer = exports.iter().any(|export| export == NEWEST);
        for (from, name) in &imports {
            let known = newer || name != ONLY_NEWEST;
            if !known || !offered.contains(&(from.as_str(), name.as_str())) {
                return Err(HostError::MissingImport { module: from.clone(), name: name.clone() });
            }
        }
        for (names, wanted) in [(VERSIONS, NEWEST), (ALLOCATORS, "proxy_on_memory_allocate")] {
            if !names.iter().any(|name| exports.iter().any(|export| export == name)) {
                return Err(HostError::MissingExport(wanted));
            }
        }
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(HostError::MissingExport("memory"));
        }
        let prepared = linker.instantiate_pre(&module).map_err(|error| HostError::Instantiate(format!("{error:#}")))?;
        Ok(Self(Arc::new(Compiled { engine, metered, imports, exports, prepared })))
    }

    /// Lets one tick of time pass for every callback that runs now, on whatever thread: see
    /// [`Config::deadline`](crate::Config::deadline). The host has no clock of its own, so somebody has to call this.
    pub fn tick(&self) {
        self.0.engine.increment_epoch();
    }

    /// What the module imports: module and name.
    #[must_use]
    pub fn imports(&self) -> &[(String, String)] {
        &self.0.imports
    }

    /// What the module exports.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.0.exports
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    pub(crate) fn is_metered(&self) -> bool {
        self.0.metered
    }

    pub(crate) fn prepared(&self) -> &InstancePre<VmData> {
        &self.0.prepared
    }
}

//! A compiled module: what it imports and exports, checked once, instantiated as often as needed.

use std::sync::Arc;

use wasmtime::{Engine, ExternType, InstancePre, Linker};

use crate::abi;
use crate::error::HostError;
use crate::vm::VmData;

/// The versions of the ABI that the host speaks, as modules declare them.
const VERSIONS: &[&str] = &["proxy_abi_version_0_2_1", "proxy_abi_version_0_2_0"];
/// The guest's allocator, by either of its names.
const ALLOCATORS: &[&str] = &["proxy_on_memory_allocate", "malloc"];

/// A compiled module. Compiling is slow and cloning is cheap: compile once, start many hosts.
#[derive(Clone)]
pub struct Module(Arc<Compiled>);

struct Compiled {
    engine: Engine,
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    prepared: InstancePre<VmData>,
}

impl Module {
    /// Compiles a module and checks its imports and exports.
    ///
    /// # Errors
    /// If it is no module, imports what no proxy offers, or lacks an export that no filter can do without.
    pub fn compile(bytes: &[u8]) -> Result<Self, HostError> {
        let invalid = |error: wasmtime::Error| HostError::Module(error.to_string());
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(invalid)?;
        let module = wasmtime::Module::new(&engine, bytes).map_err(invalid)?;
        let mut linker = Linker::new(&engine);
        let offered = abi::link(&mut linker).map_err(|error| HostError::Instantiate(error.to_string()))?;
        let imports: Vec<_> = module.imports().map(|one| (one.module().to_owned(), one.name().to_owned())).collect();
        for (from, name) in &imports {
            if !offered.contains(&(from.as_str(), name.as_str())) {
                return Err(HostError::MissingImport { module: from.clone(), name: name.clone() });
            }
        }
        let exports: Vec<String> = module.exports().map(|one| one.name().to_owned()).collect();
        for (names, wanted) in [(VERSIONS, "proxy_abi_version_0_2_1"), (ALLOCATORS, "proxy_on_memory_allocate")] {
            if !names.iter().any(|name| exports.iter().any(|export| export == name)) {
                return Err(HostError::MissingExport(wanted));
            }
        }
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(HostError::MissingExport("memory"));
        }
        let prepared = linker.instantiate_pre(&module).map_err(|error| HostError::Instantiate(format!("{error:#}")))?;
        Ok(Self(Arc::new(Compiled { engine, imports, exports, prepared })))
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

    pub(crate) fn prepared(&self) -> &InstancePre<VmData> {
        &self.0.prepared
    }
}

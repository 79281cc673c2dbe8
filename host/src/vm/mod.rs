//! One VM: an instance of the module, called with fuel, whose every end is recorded.

mod data;
mod guest;
mod memory;

pub(crate) use data::{Deferred, Incoming, Mode, VmData};
pub(crate) use guest::{Convention, Guest, Stop};

use std::sync::Arc;

use wasmtime::{Instance, Store, Val, ValType};

use crate::config::Config;
use crate::error::{Failure, HostError, Trap};
use crate::module::Module;
use crate::process::Shared;
use crate::report::{CallReport, VmName};

/// The root context's id. Zero is the VM itself; streams follow.
pub(crate) const ROOT: u32 = 1;

/// An instance with its state.
pub(crate) struct Vm {
    store: Store<VmData>,
    instance: Instance,
    metered: bool,
}

/// So many ticks never come: the largest number that can be added to a count of ticks.
const NEVER: u64 = u64::MAX >> 1;

impl Vm {
    /// Makes an instance; runs none of its code but a start function, if it has one.
    pub(crate) fn new(module: &Module, config: &Arc<Config>, shared: &Shared, name: VmName) -> Result<Self, HostError> {
        let mut store = Store::new(module.engine(), VmData::new(Arc::clone(config), shared.clone(), name));
        store.limiter(|data| &mut data.memory);
        let metered = module.is_metered();
        grant(&mut store, config, metered).map_err(|error| HostError::Instantiate(error.to_string()))?;
        let instance = module
            .prepared()
            .instantiate(&mut store)
            .map_err(|error| HostError::Instantiate(Trap::read(&error).to_string()))?;
        Ok(Self { store, instance, metered })
    }

    /// Which of all VMs that the process has had it is.
    pub(crate) fn number(&self) -> u64 {
        self.store.data().number
    }

    pub(crate) fn data(&mut self) -> &mut VmData {
        self.store.data_mut()
    }

    /// Initialises the module, creates its root context, starts and configures it. `false` if the guest refuses.
    pub(crate) fn start(&mut self) -> Result<bool, Failure> {
        self.data().mode = Mode::Initialising;
        self.initialise()?;
        self.data().mode = Mode::Running;
        let config = Arc::clone(&self.data().config);
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.call(ROOT, "proxy_on_context_create", &[ROOT, 0])?;
        let started = self.call(ROOT, "proxy_on_vm_start", &[ROOT, size(&config.vm_configuration)])?;
        if started == Some(0) {
            return Ok(false);
        }
        self.data().configuring = true;
        let configured = self.call(ROOT, "proxy_on_configure", &[ROOT, size(&config.configuration)])?;
        self.data().configuring = false;
        Ok(configured != Some(0))
    }

    /// Whether the module has an export that may be called.
    pub(crate) fn has(&mut self, callback: &str) -> bool {
        self.data().config.calls(callback) && self.instance.get_func(&mut self.store, callback).is_some()
    }

    /// Runs a reactor's `_initialize` and then its `main`, if it has one, or a command's `_start`.
    fn initialise(&mut self) -> Result<(), Failure> {
        if !self.has("_initialize") {
            return self.call(0, "_start", &[]).map(drop);
        }
        self.call(0, "_initialize", &[])?;
        if self.has("main") {
            return self.call(0, "main", &[0, 0]).map(drop);
        }
        self.call(0, "__main_void", &[]).map(drop)
    }

    /// Calls an export in a context; `None` if there is no such export or it gives nothing.
    pub(crate) fn call(
        &mut self,
        context: u32,
        callback: &'static str,
        arguments: &[u32],
    ) -> Result<Option<i32>, Failure> {
        let config = Arc::clone(&self.store.data().config);
        let function = self.instance.get_func(&mut self.store, callback).filter(|_| config.calls(callback));
        let Some(function) = function else { return Ok(None) };
        self.store.data_mut().begin(context);
        let kind = function.ty(&self.store);
        let fits = kind.params().len() == arguments.len()
            && kind.params().all(|one| matches!(one, ValType::I32))
            && kind.results().len() <= 1;
        let mut results = vec![Val::I32(0); kind.results().len()];
        let arguments: Vec<Val> = arguments.iter().map(|argument| Val::I32(argument.cast_signed())).collect();
        let outcome = if fits {
            grant(&mut self.store, &config, self.metered)
                .and_then(|()| function.call(&mut self.store, &arguments, &mut results))
        } else {
            Err(Trap::WrongType.into())
        };
        let trap = outcome.err().map(|error| Trap::read(&error));
        self.record(callback, trap.clone());
        match trap {
            Some(trap) => Err(Failure { callback, trap }),
            None => Ok(results.first().and_then(Val::i32)),
        }
    }

    fn record(&mut self, callback: &'static str, trap: Option<Trap>) {
        let left = self.store.get_fuel();
        let memory = self.instance.get_memory(&mut self.store, "memory").map_or(0, |one| one.data_size(&self.store));
        let data = self.store.data_mut();
        let report = CallReport {
            vm: data.name,
            callback,
            fuel: left.map_or(0, |left| data.config.fuel.saturating_sub(left)),
            host_calls: std::mem::take(&mut data.host_calls),
            allocated: std::mem::take(&mut data.allocated),
            memory,
            trap,
        };
        data.shared.spent(report);
    }
}

/// Grants what one run of the guest may use up.
fn grant(store: &mut Store<VmData>, config: &Config, metered: bool) -> wasmtime::Result<()> {
    store.set_epoch_deadline(config.deadline.unwrap_or(NEVER).min(NEVER));
    if metered { store.set_fuel(config.fuel) } else { Ok(()) }
}

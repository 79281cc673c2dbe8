//! The guest, as a host call sees it: its memory, every access to which is checked, and its allocator.

use wasmtime::{AsContextMut, Caller, Memory};

use super::{Mode, NEVER, VmData};
use crate::abi::Status;
use crate::config::Refusal;
use crate::error::Trap;
use crate::process::Misuse;

/// WASI's `EFAULT`.
const WASI_FAULT: i32 = 21;
/// WASI's `ENOTCAPABLE`.
const WASI_NOT_CAPABLE: i32 = 76;

/// The fuel that a host call costs, so that a loop of them ends before the host's own memory does.
const CALL_FUEL: u64 = 200;

/// How often one run of the guest may wait for the platform without that being counted as its own time.
const MOST_WAITS: u32 = 64;

/// Why a host call ends early.
pub(crate) enum Stop {
    /// With a status (or WASI's error number) for the guest.
    Status(i32),
    /// With the guest's end.
    Trap(wasmtime::Error),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Status(status as i32)
    }
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap.into())
    }
}

/// Whose conventions a host call follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Convention {
    ProxyWasm,
    Wasi,
}

/// The guest that makes a host call.
pub(crate) struct Guest<'a> {
    caller: Caller<'a, VmData>,
    memory: Memory,
    function: &'static str,
    convention: Convention,
}

impl<'a> Guest<'a> {
    /// Runs a host call: checks that it is allowed now and granted, and gives its status.
    pub(crate) fn enter(
        mut caller: Caller<'a, VmData>,
        function: &'static str,
        convention: Convention,
        body: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> wasmtime::Result<i32> {
        let data = caller.data_mut();
        data.host_calls.push(function);
        if let Some(turn) = &data.turn {
            turn.before(function);
        }
        let logs = matches!(function, "proxy_log" | "fd_write");
        let allowed = match data.mode {
            Mode::Initialising => logs || convention == Convention::Wasi,
            Mode::Allocating => logs,
            Mode::Running => true,
        };
        if !allowed {
            return Err(Trap::Restricted(function).into());
        }
        match (data.config.refusal(function), convention) {
            (None, _) => {}
            (Some(Refusal::Ignored), _) => return Ok(0),
            (Some(Refusal::Traps), _) => return Err(Trap::NotOffered(function).into()),
            (Some(_), Convention::Wasi) => return Ok(WASI_NOT_CAPABLE),
            (Some(Refusal::Denied), Convention::ProxyWasm) => return Ok(Status::InternalFailure as i32),
            (Some(Refusal::Unimplemented), Convention::ProxyWasm) => return Ok(Status::Unimplemented as i32),
        }
        let Some(memory) = caller.get_export("memory").and_then(wasmtime::Extern::into_memory) else {
            return Err(Trap::WrongType.into());
        };
        let mut guest = Self { caller, memory, function, convention };
        match guest.charge(CALL_FUEL).and_then(|()| body(&mut guest)) {
            Ok(()) => Ok(0),
            Err(Stop::Status(status)) => Ok(status),
            Err(Stop::Trap(error)) => Err(error),
        }
    }

    /// The VM's state.
    pub(crate) fn data(&mut self) -> &mut VmData {
        self.caller.data_mut()
    }

    /// Puts the deadline off: what the guest has just waited for was the platform's doing. Only so often, since a guest that
    /// waits for ever must end as well.
    pub(crate) fn waited(&mut self) {
        let data = self.caller.data_mut();
        data.waits = data.waits.saturating_add(1);
        let (waits, deadline) = (data.waits, data.config.deadline);
        if let Some(deadline) = deadline.filter(|_| waits <= MOST_WAITS) {
            self.caller.as_context_mut().set_epoch_deadline(deadline.min(NEVER));
        }
    }

    /// Records a misuse.
    pub(crate) fn note(&mut self, misuse: impl FnOnce(&'static str) -> Misuse) {
        let misuse = misuse(self.function);
        self.data().shared.misuse(misuse);
    }

    /// Ends the call for an argument that makes no sense, and records it.
    pub(crate) fn bad_argument(&mut self) -> Stop {
        self.note(Misuse::BadArgument);
        Status::BadArgument.into()
    }

    /// Reads from the guest's memory.
    pub(crate) fn read(&mut self, at: u32, size: u32) -> Result<Vec<u8>, Stop> {
        let Some(range) = range(at, size) else { return Err(self.fault()) };
        if self.memory.data_size(&self.caller) < range.end {
            return Err(self.fault());
        }
        self.charge(u64::from(size))?;
        Ok(self.memory.data(&self.caller).get(range).unwrap_or_default().to_vec())
    }

    /// Reads a number from the guest's memory.
    pub(crate) fn read_u32(&mut self, at: u32) -> Result<u32, Stop> {
        let bytes = self.read(at, 4)?;
        bytes.try_into().map(u32::from_le_bytes).map_err(|_| self.fault())
    }

    /// Writes to the guest's memory.
    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Stop> {
        let size = u32::try_from(bytes.len()).ok();
        let range = size.and_then(|size| range(at, size));
        match range.and_then(|range| self.memory.data_mut(&mut self.caller).get_mut(range)) {
            Some(place) => {
                place.copy_from_slice(bytes);
                Ok(())
            }
            None => Err(self.fault()),
        }
    }

    /// Writes a number to the guest's memory.
    pub(crate) fn write_u32(&mut self, at: u32, number: u32) -> Result<(), Stop> {
        self.write(at, &number.to_le_bytes())
    }

    /// Gives bytes to the guest: in memory that it allocates now, its place and size written where it wants them.
    pub(crate) fn give(&mut self, bytes: &[u8], pointer_at: u32, size_at: u32) -> Result<(), Stop> {
        let place = if bytes.is_empty() { 0 } else { self.allocate(bytes.len())? };
        self.write(place, bytes)?;
        self.write_u32(pointer_at, place)?;
        self.write_u32(size_at, u32::try_from(bytes.len()).unwrap_or(u32::MAX))
    }

    fn allocate(&mut self, size: usize) -> Result<u32, Stop> {
        let wanted = u32::try_from(size).map_err(|_| self.fault())?;
        self.charge(u64::from(wanted))?;
        // In this order, as Envoy looks for them.
        let allocator = ["malloc", "proxy_on_memory_allocate"]
            .into_iter()
            .find_map(|name| self.caller.get_export(name).and_then(wasmtime::Extern::into_func));
        let allocator = allocator.and_then(|function| function.typed::<u32, u32>(&self.caller).ok());
        let Some(allocator) = allocator else { return Err(Trap::WrongType.into()) };
        self.data().mode = Mode::Allocating;
        let place = allocator.call(&mut self.caller, wanted).map_err(Stop::Trap)?;
        let data = self.data();
        data.mode = Mode::Running;
        data.allocated = data.allocated.saturating_add(u64::from(wanted));
        if place == 0 { Err(self.fault()) } else { Ok(place) }
    }

    /// Takes fuel for what the host does; each byte copied costs one unit.
    fn charge(&mut self, fuel: u64) -> Result<(), Stop> {
        // Without fuel the module is not metered.
        let Ok(left) = self.caller.get_fuel() else { return Ok(()) };
        let left = left.checked_sub(fuel);
        self.caller.set_fuel(left.unwrap_or(0)).map_err(Stop::Trap)?;
        left.map(|_| ()).ok_or_else(|| Trap::OutOfFuel.into())
    }

    /// A pointer leads outside the guest's memory.
    fn fault(&mut self) -> Stop {
        self.note(Misuse::BadPointer);
        match self.convention {
            Convention::ProxyWasm => Status::InvalidMemoryAccess.into(),
            Convention::Wasi => Stop::Status(WASI_FAULT),
        }
    }
}

/// The place of `size` bytes at `at`.
fn range(at: u32, size: u32) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(at).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}

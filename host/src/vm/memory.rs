//! How much memory a VM may have.

use wasmtime::ResourceLimiter;

/// The most elements that a VM's tables may have.
const MOST_ELEMENTS: usize = 100_000;

/// Refuses growth beyond a bound; the guest sees its `memory.grow` fail.
pub(crate) struct MemoryLimit {
    most: usize,
}

impl MemoryLimit {
    pub(crate) const fn new(most: usize) -> Self {
        Self { most }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.most)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MOST_ELEMENTS)
    }
}

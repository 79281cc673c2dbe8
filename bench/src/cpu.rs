//! The CPU time of one thread of another process, as the kernel accounts for it.
//!
//! `schedstat` counts nanoseconds, where `stat` counts hundredths of a second. Its first field is what the thread has spent
//! on a processor, in user and kernel mode, up to the moment of reading.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What Envoy calls its workers. The kernel keeps 15 bytes of a thread's name, enough for the first ten of them.
const WORKER: &str = "wrk:worker_";

/// A thread whose time can be read.
#[derive(Debug)]
pub struct Thread {
    schedstat: PathBuf,
}

impl Thread {
    /// The only worker of an Envoy.
    ///
    /// The worker, not the process: all work on requests is done there. The other threads go by the clock (statistics,
    /// watching the heap, writing the access log out), so their share of a burst depends on how long it took, and that on
    /// who else uses the machine.
    ///
    /// # Errors
    /// If the process is gone, or has not exactly one worker.
    pub fn worker_of(process: u32) -> Result<Self> {
        let mut workers = Vec::new();
        let threads = PathBuf::from(format!("/proc/{process}/task"));
        for thread in fs::read_dir(&threads).with_context(|| format!("listing {}", threads.display()))? {
            let folder = thread?.path();
            // A thread may end between being listed and being looked at; a worker lives as long as its Envoy.
            if read(&folder.join("comm")).is_ok_and(|name| name.starts_with(WORKER)) {
                workers.push(folder.join("schedstat"));
            }
        }
        let count = workers.len();
        let schedstat = workers.pop().context("envoy has no worker")?;
        ensure!(count == 1, "envoy has {count} workers; one was asked for");
        let thread = Self { schedstat };
        thread.nanoseconds()?; // a kernel without this file says so now
        Ok(thread)
    }

    /// The time that the thread has spent on a processor so far, in nanoseconds.
    ///
    /// # Errors
    /// If the thread is gone, or the kernel does not account for it.
    pub fn nanoseconds(&self) -> Result<u64> {
        on_cpu(&read(&self.schedstat)?).with_context(|| format!("{} makes no sense", self.schedstat.display()))
    }
}

/// The first of the three numbers in a `schedstat`.
fn on_cpu(text: &str) -> Option<u64> {
    let mut fields = text.split_ascii_whitespace();
    let time = fields.next()?.parse().ok()?;
    (fields.count() == 2).then_some(time)
}

/// The bytes of memory that a process has resident.
///
/// # Errors
/// If the process is gone, or the kernel does not say.
pub fn resident_bytes(process: u32) -> Result<u64> {
    let place = PathBuf::from(format!("/proc/{process}/status"));
    resident(&read(&place)?).with_context(|| format!("{} says nothing of resident memory", place.display()))
}

/// The value of the line `VmRSS`, which counts in units of 1024 bytes whatever it calls them.
fn resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let units: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    units.checked_mul(1024)
}

fn read(place: &Path) -> Result<String> {
    fs::read_to_string(place).with_context(|| format!("reading {}", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_three_numbers_is_the_time_on_a_processor() {
        assert_eq!(on_cpu("512923 17 1\n"), Some(512_923));
        for bad in ["", "512923", "512923 17", "-1 0 1", "a 0 1", "1 2 3 4"] {
            assert_eq!(on_cpu(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "Name:\tenvoy\nVmHWM:\t   99 kB\nVmRSS:\t   12 kB\nThreads:\t4\n";
        assert_eq!(resident(status), Some(12 * 1024));
        for bad in ["", "VmRSS:\t12 MB\n", "VmRSS:\tmany kB\n", "VmRSS:\t99999999999999999999 kB\n"] {
            assert_eq!(resident(bad), None, "{bad:?}");
        }
    }

    /// What is read grows while a thread works: here the test's own, which stands for a worker.
    #[test]
    fn time_on_a_processor_grows_with_work() {
        let me = Thread { schedstat: PathBuf::from("/proc/thread-self/schedstat") };
        let before = me.nanoseconds().unwrap();
        let mut rounds = 0_u64;
        while me.nanoseconds().unwrap() == before {
            rounds = std::hint::black_box(rounds.wrapping_add(1));
        }
        assert!(rounds < u64::MAX);
    }

    #[test]
    fn a_process_without_workers_is_no_envoy() {
        let error = Thread::worker_of(std::process::id()).unwrap_err();
        assert!(error.to_string().contains("no worker"), "{error}");
        assert!(resident_bytes(std::process::id()).unwrap() > 0);
    }
}

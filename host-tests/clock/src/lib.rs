//! A wall clock that a test moves, for a process that this library is preloaded into (`LD_PRELOAD`, Linux).
//!
//! The C library's `clock_gettime`, `gettimeofday` and `time` are replaced: `CLOCK_REALTIME` and `CLOCK_REALTIME_COARSE` are
//! the kernel's time, asked for by raw system call, plus an offset; every other clock is the kernel's own, so that timers and
//! timeouts go on as they are. The offset is a number of nanoseconds (`i64`, native byte order) at the beginning of the file
//! that `TAPGATE_TEST_CLOCK` names. The file is mapped once; whoever writes it moves the clock.
//!
//! Without a file that can be mapped the process ends before it has begun: it must never run by the wrong time. Nothing here
//! allocates, locks or calls what may ask for the time itself.
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "takes the place of functions of the C library, which speak in raw pointers")]

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};

/// The environment variable that names the file with the offset.
const VARIABLE: &CStr = c"TAPGATE_TEST_CLOCK";

const NANOSECONDS: i64 = 1_000_000_000;

/// Where the offset lies; null until the file is mapped.
static OFFSET: AtomicPtr<AtomicI64> = AtomicPtr::new(ptr::null_mut());

/// Has the loader map the file before the process's own code begins.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;

extern "C" fn at_start() {
    offset();
}

/// The time of a clock, as POSIX has it.
///
/// # Safety
/// `time` must be what the C library's function wants: null or valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    // SAFETY: the kernel checks the pointer itself, and answers `EFAULT`.
    if unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } != 0 {
        return -1;
    }
    if matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE) {
        // SAFETY: the kernel has just written there.
        unsafe { *time = moved(*time, offset()) };
    }
    0
}

/// The wall clock in microseconds. The time zone is given as it always is: not at all.
///
/// # Safety
/// As [`clock_gettime`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut libc::timeval, _zone: *mut libc::c_void) -> libc::c_int {
    if !time.is_null() {
        let now = now();
        // SAFETY: the caller says so.
        unsafe { *time = libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec.div_euclid(1000) } };
    }
    0
}

/// The wall clock in seconds.
///
/// # Safety
/// As [`clock_gettime`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(time: *mut libc::time_t) -> libc::time_t {
    let seconds = now().tv_sec;
    if !time.is_null() {
        // SAFETY: the caller says so.
        unsafe { *time = seconds };
    }
    seconds
}

fn now() -> libc::timespec {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a pointer to a variable that lives here. With it and this clock the call cannot fail.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    now
}

/// A moment so many nanoseconds later.
const fn moved(time: libc::timespec, by: i64) -> libc::timespec {
    // Less than two seconds: nothing of it can overflow.
    let nanoseconds = time.tv_nsec.saturating_add(by.rem_euclid(NANOSECONDS));
    let seconds = by.div_euclid(NANOSECONDS).saturating_add(nanoseconds.div_euclid(NANOSECONDS));
    libc::timespec { tv_sec: time.tv_sec.saturating_add(seconds), tv_nsec: nanoseconds.rem_euclid(NANOSECONDS) }
}

/// The offset at this moment.
fn offset() -> i64 {
    let mut place = OFFSET.load(Ordering::Acquire);
    if place.is_null() {
        // Two threads that come here at once map it twice, which harms nobody.
        place = map().unwrap_or_else(|reason| refuse(reason));
        OFFSET.store(place, Ordering::Release);
    }
    // SAFETY: a mapping of at least eight bytes, aligned to a page, that is never taken away.
    unsafe { &*place }.load(Ordering::Relaxed)
}

fn map() -> Result<*mut AtomicI64, &'static [u8]> {
    const SIZE: usize = size_of::<AtomicI64>();
    // SAFETY: calls of the C library with strings that end in a zero byte and variables that live through the call. Nobody
    // changes the environment while the loader runs.
    unsafe {
        let path = libc::getenv(VARIABLE.as_ptr());
        if path.is_null() {
            return Err(b"test clock: TAPGATE_TEST_CLOCK names no file\n");
        }
        let file = libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return Err(b"test clock: the file that TAPGATE_TEST_CLOCK names cannot be opened\n");
        }
        let mut status: libc::stat = std::mem::zeroed();
        if libc::fstat(file, &raw mut status) != 0 || usize::try_from(status.st_size).is_ok_and(|size| size < SIZE) {
            return Err(b"test clock: the file that TAPGATE_TEST_CLOCK names holds no offset\n");
        }
        let place = libc::mmap(ptr::null_mut(), SIZE, libc::PROT_READ, libc::MAP_SHARED, file, 0);
        libc::close(file);
        if place == libc::MAP_FAILED {
            return Err(b"test clock: the file that TAPGATE_TEST_CLOCK names cannot be mapped\n");
        }
        Ok(place.cast())
    }
}

/// Says why on standard error, and ends the process.
fn refuse(reason: &[u8]) -> ! {
    // SAFETY: a slice and its length; `_exit` runs nothing of the process's any more.
    unsafe {
        libc::write(libc::STDERR_FILENO, reason.as_ptr().cast(), reason.len());
        libc::_exit(70)
    }
}

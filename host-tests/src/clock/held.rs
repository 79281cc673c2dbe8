//! The wall clock of one proxy: it stands where a case puts it.
//!
//! The preloaded library adds an offset to the kernel's time (see `host-tests/clock`). A thread puts the clock back every
//! [`BEAT`], so that neither a slow start nor a slow answer carries it over into the case's next second. Where the machine was
//! so busy that it got there all the same, [`Clock::slipped`] says so.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;

/// How often the clock is put back.
const BEAT: Duration = Duration::from_millis(100);

/// How far into its second the clock is put.
const INTO: Duration = Duration::from_millis(5);

/// How long after it was put back it may still be read: less than what is left of the second.
const LATEST: Duration = Duration::from_millis(900);

/// A clock that is held until it is dropped.
pub struct Clock {
    file: NamedTempFile,
    hand: Arc<Mutex<Hand>>,
    /// Its end tells the thread to stop.
    _alive: Sender<()>,
}

struct Hand {
    file: File,
    /// Seconds since 1970.
    second: u64,
    put: Instant,
    slipped: bool,
}

impl Clock {
    /// A clock that stands at so many seconds since 1970.
    ///
    /// # Errors
    /// If the file cannot be made that the proxy reads.
    pub fn at(second: u64) -> io::Result<Self> {
        let file = NamedTempFile::new()?;
        let mut hand = Hand { file: file.reopen()?, second, put: Instant::now(), slipped: false };
        hand.put()?;
        let hand = Arc::new(Mutex::new(hand));
        let (alive, gone) = mpsc::channel::<()>();
        let held = Arc::clone(&hand);
        thread::spawn(move || {
            while gone.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let mut hand = held.lock().unwrap_or_else(PoisonError::into_inner);
                if hand.put().is_err() {
                    hand.slipped = true;
                    return;
                }
            }
        });
        Ok(Self { file, hand, _alive: alive })
    }

    /// Puts it at another second.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn set(&self, second: u64) -> io::Result<()> {
        let mut hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        hand.second = second;
        hand.put()
    }

    /// Whether it has shown, since this was last asked, a time that it was not put at.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn slipped(&self) -> io::Result<bool> {
        let mut hand = self.hand.lock().unwrap_or_else(PoisonError::into_inner);
        hand.put()?;
        Ok(std::mem::take(&mut hand.slipped))
    }

    /// What a process needs in its environment to go by this clock.
    ///
    /// # Panics
    /// If the library is not there that is to be preloaded.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let file = self.file.path().to_string_lossy().into_owned();
        [("LD_PRELOAD", library().to_string_lossy().into_owned()), ("TAPGATE_TEST_CLOCK", file)]
    }
}

impl Hand {
    fn put(&mut self) -> io::Result<()> {
        self.slipped |= self.put.elapsed() > LATEST;
        let wanted = Duration::from_secs(self.second) + INTO;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).map_err(io::Error::other);
        let offset = nanoseconds(wanted)? - nanoseconds(now)?;
        // One write of eight bytes at the beginning of a page: the other side never reads half of it.
        self.file.write_all_at(&offset.to_ne_bytes(), 0)?;
        self.put = Instant::now();
        Ok(())
    }
}

/// The library to preload, which cargo builds beside the tests that depend on it.
fn library() -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows where it lies");
    let library = tests.with_file_name("libtapgate_test_clock.so");
    assert!(library.exists(), "{} is not there: is tapgate-test-clock a dependency?", library.display());
    library
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};

    use super::*;

    /// What `date` says, and what the kernel's other clocks say to it.
    fn date(environment: &[(&str, String)]) -> Output {
        let mut command = Command::new("date");
        command.args(["-u", "+%s"]).env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.output().expect("coreutils' date")
    }

    #[test]
    fn a_process_goes_by_the_clock_that_it_is_given_while_it_is_moved() {
        let clock = Clock::at(1_000_000_000).unwrap();
        for second in [1_000_000_000, 1_000_000_001, 4_102_444_800, 1] {
            clock.set(second).unwrap();
            let shown = date(&clock.environment());
            assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), second.to_string(), "{shown:?}");
        }
    }

    #[test]
    fn it_stands_and_says_so_if_it_did_not() {
        let clock = Clock::at(7).unwrap();
        // Far more than the rest of the second.
        thread::sleep(Duration::from_millis(1500));
        assert_eq!(String::from_utf8_lossy(&date(&clock.environment()).stdout).trim(), "7");
        clock.slipped().unwrap();
        clock.hand.lock().unwrap().put -= Duration::from_secs(1);
        assert!(clock.slipped().unwrap());
    }

    #[test]
    fn without_an_offset_a_process_does_not_begin() {
        let [preload, _] = Clock::at(0).unwrap().environment();
        let empty = NamedTempFile::new().unwrap().path().to_string_lossy().into_owned();
        for variable in [None, Some("/nowhere/clock".to_owned()), Some(empty)] {
            let mut environment = vec![preload.clone()];
            environment.extend(variable.map(|file| ("TAPGATE_TEST_CLOCK", file)));
            let ended = date(&environment);
            assert!(!ended.status.success() && ended.stdout.is_empty(), "{environment:?}: {ended:?}");
            assert!(String::from_utf8_lossy(&ended.stderr).contains("test clock:"), "{ended:?}");
        }
    }
}

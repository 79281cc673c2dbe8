//! One run of the library, with everything that it gets from outside chosen by the test.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Cursor;

use serde_json::Value;
use tapgate_cli::{Exit, Screen, World};
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::time::UnixSeconds;

/// What the clock shows unless a test says otherwise: 2026-11-24T06:07:53Z.
pub(crate) const NOW: u64 = 1_795_500_473;

/// The key that tests mint with: 32 bytes of `k`.
pub(crate) const KEY: &str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
pub(crate) const KEY_BYTES: [u8; 32] = [b'k'; 32];

/// Another key.
pub(crate) const OTHER_KEY: &str = "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

/// A run to be.
pub(crate) struct Tapgate {
    arguments: Vec<OsString>,
    environment: BTreeMap<String, OsString>,
    stdin: Vec<u8>,
    typed: bool,
    screen: Option<Screen>,
    now: Option<u64>,
    entropy: bool,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Random bytes that count up, so that a test knows them; or none.
struct Counting {
    next: u8,
    entropy: bool,
}

impl Random for Counting {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in buffer {
            *byte = self.next;
            self.next = self.next.wrapping_add(1);
        }
        if self.entropy { Ok(()) } else { Err(NoEntropy) }
    }
}

/// A run with these arguments and nothing else.
pub(crate) fn tapgate(arguments: &[&str]) -> Tapgate {
    Tapgate {
        arguments: ["tapgate"].iter().chain(arguments).map(OsString::from).collect(),
        environment: BTreeMap::new(),
        stdin: Vec::new(),
        typed: false,
        screen: None,
        now: Some(NOW),
        entropy: true,
    }
}

/// A run in an environment that has a key, its id, an issuer and an audience.
pub(crate) fn equipped(arguments: &[&str]) -> Tapgate {
    tapgate(arguments)
        .env("TAPGATE_PASS_KEY", KEY)
        .env("TAPGATE_PASS_KEY_ID", "pass-1")
        .env("TAPGATE_ISSUER", "https://gate.example.com")
        .env("TAPGATE_AUDIENCE", "gate.example.com")
}

/// Mints a pass in that environment.
pub(crate) fn minted(more: &[&str]) -> String {
    let arguments = [&["mint", "--user", "alice@example.com", "--print", "pass"], more].concat();
    equipped(&arguments).run().succeeded().stdout.trim_end().to_owned()
}

impl Tapgate {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Somebody types at a terminal.
    pub(crate) fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    pub(crate) fn screen(mut self, columns: Option<usize>) -> Self {
        self.screen = Some(Screen { columns });
        self
    }

    pub(crate) fn at(mut self, now: u64) -> Self {
        self.now = Some(now);
        self
    }

    pub(crate) fn without_clock(mut self) -> Self {
        self.now = None;
        self
    }

    pub(crate) fn without_entropy(mut self) -> Self {
        self.entropy = false;
        self
    }

    pub(crate) fn run(self) -> Outcome {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let environment = self.environment;
        // Whoever looks again and again sees it go on.
        let clock = Cell::new(self.now);
        let mut world = World {
            stdin: &mut Cursor::new(self.stdin),
            typed: self.typed,
            stdout: &mut stdout,
            screen: self.screen,
            stderr: &mut stderr,
            log: || Box::new(std::io::sink()),
            environment: &|name| environment.get(name).cloned(),
            watched: false,
            now: self.now.and_then(UnixSeconds::new),
            clock: &|| clock.get().and_then(UnixSeconds::new).inspect(|_| clock.set(clock.get().map(|now| now + 1))),
            random: &mut Counting { next: 0, entropy: self.entropy },
        };
        let exit = tapgate_cli::run(self.arguments, &mut world);
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Outcome { exit, stdout: text(stdout), stderr: text(stderr) }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        self.ended(Exit::Done)
    }

    #[track_caller]
    pub(crate) fn ended(self, exit: Exit) -> Self {
        assert_eq!(self.exit, exit, "\n{}{}", self.stdout, self.stderr);
        self
    }

    /// It failed so, said nothing on standard output, and one line of error that holds these words.
    #[track_caller]
    pub(crate) fn failed(self, exit: Exit, words: &str) {
        let outcome = self.ended(exit);
        assert_eq!(outcome.stdout, "");
        let errors: Vec<_> = outcome.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", outcome.stderr);
        assert!(errors[0].contains(words), "{words}\n{}", outcome.stderr);
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "{words}\n{}", self.stdout);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("standard output is JSON")
    }
}

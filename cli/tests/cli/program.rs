//! The program itself: what only a process has.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::{KEY, OTHER_KEY, minted};

struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Starts the program with an environment of its own and feeds it.
fn program(arguments: &[&str], environment: &[(&str, &str)], stdin: &[u8]) -> Finished {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tapgate"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may be done before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

const GATE: [(&str, &str); 4] = [
    ("TAPGATE_PASS_KEY", KEY),
    ("TAPGATE_PASS_KEY_ID", "pass-1"),
    ("TAPGATE_ISSUER", "https://gate.example.com"),
    ("TAPGATE_AUDIENCE", "gate.example.com"),
];

#[test]
fn a_pass_goes_from_mint_to_inspect() {
    let minted = program(&["mint", "--user", "alice@example.com", "--print", "link"], &GATE, b"");
    assert_eq!((minted.code, minted.stderr.as_str()), (Some(0), ""));
    let inspected = program(&["inspect"], &GATE, minted.stdout.as_bytes());
    assert_eq!(inspected.code, Some(0), "{}{}", inspected.stdout, inspected.stderr);
    assert!(inspected.stdout.starts_with("VERIFIED\n"));
}

#[test]
fn keys_and_ids_are_fresh() {
    let keys = [(); 2].map(|()| program(&["keygen"], &[], b"").stdout);
    assert_ne!(keys[0], keys[1]);
    let passes = [(); 2].map(|()| program(&["mint", "-u", "alice"], &GATE, b"").stdout);
    assert_ne!(passes[0], passes[1]);
}

#[test]
fn exit_codes_are_as_help_says() {
    let pass = minted(&[]);
    let help = program(&["--help"], &[], b"");
    assert_eq!(help.code, Some(0));
    for (code, words, finished) in [
        (0, "done", program(&["inspect", "--no-key"], &[], pass.as_bytes())),
        (1, "would be turned away", program(&["inspect"], &[("TAPGATE_PASS_KEY", OTHER_KEY)], pass.as_bytes())),
        (2, "not understood", program(&["mint", "--user", "a b"], &GATE, b"")),
        (3, "could not be read", program(&["inspect"], &[], b"\xff")),
        (4, "no usable key", program(&["mint", "--user", "alice"], &GATE[1..], b"")),
    ] {
        assert_eq!(finished.code, Some(code), "{}{}", finished.stdout, finished.stderr);
        let line = help.stdout.lines().find(|line| line.starts_with(&format!("  {code}  "))).unwrap();
        assert!(line.contains(words), "{line}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_tapgate")).arg("keygen").stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(5));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tapgate"))
        .args(["inspect", "--no-key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(minted(&[]).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_not_text_is_not_readable() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tapgate"));
    let output = command.arg("inspect").arg(OsStr::from_bytes(b"a\xff\x1b[2J")).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(!output.stderr.contains(&0x1b));
}

#[test]
fn four_megabytes_of_input_are_turned_away() {
    let finished = program(&["inspect"], &[], &vec![b'a'; 4_000_000]);
    assert_eq!(finished.code, Some(3));
    assert_eq!(finished.stderr, "error: the input has more than 16384 bytes; a pass has at most 4096\n");
}

#[test]
fn help_needs_no_manual() {
    for (arguments, words) in [
        (&["--help"][..], &["First steps:", "Exit codes:", "TAPGATE_PASS_KEY_ID"][..]),
        (&["keygen", "--help"], &["Examples:", "--count", "--json"]),
        (&["mint", "--help"], &["Examples", "--user", "--lifetime", "--once", "has two lines: the pass, and the link"]),
        (&["inspect", "--help"], &["Examples:", "nothing is verified", "--no-key"]),
        (&["--version"], &["tapgate 0."]),
    ] {
        let help = program(arguments, &[], b"");
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        for words in words {
            assert!(help.stdout.contains(words), "{words}\n{}", help.stdout);
        }
    }
    assert_eq!(program(&[], &[], b"").code, Some(2));
}

//! Input that somebody made in order to do harm: nothing of it reaches the terminal as it is, and none of it takes long.

use tapgate_cli::Exit;

use crate::forge::{self, CLAIMS, HEADER};
use crate::support::{Outcome, equipped, tapgate};

/// What a terminal may act on, and what makes text look like other text.
const NASTY: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\r\u{8}\u{7f}\u{202e}\u{200b}\u{2028}";

#[track_caller]
fn is_harmless(outcome: &Outcome) {
    for text in [&outcome.stdout, &outcome.stderr] {
        let harmful = text.chars().find(|letter| {
            letter.is_control() && *letter != '\n'
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        });
        assert_eq!(harmful, None, "{text:?}");
    }
}

/// Text inside a JSON string, every character of it escaped.
fn escaped(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect()
}

#[test]
fn control_characters_are_spelled_out() {
    let nasty = escaped(NASTY);
    let passes = [
        forge::pass(HEADER, CLAIMS.replace("alice@example.com", &nasty)),
        forge::pass(HEADER, CLAIMS.replace('}', &format!(r#","{nasty}":"{nasty}"}}"#))),
        forge::pass(HEADER, CLAIMS.replace('}', &format!(r#","{nasty}":1,"{nasty}":1}}"#))),
        forge::pass(HEADER, CLAIMS.replace('}', &format!(r#","groups":["{nasty}\n"]}}"#))),
        forge::pass(&HEADER.replace("pass-1", &nasty), CLAIMS),
        forge::pass(&HEADER.replace("HS256", &nasty), CLAIMS),
        forge::pass(HEADER, CLAIMS.replace('}', &format!(r#","x":{{"{nasty}":["{nasty}"]}}}}"#))),
        format!("{NASTY}.{NASTY}.{NASTY}"),
        NASTY.to_owned(),
    ];
    for pass in passes {
        for options in [&["inspect"][..], &["inspect", "--json"], &["inspect", "--no-key"]] {
            is_harmless(&equipped(options).stdin(pass.clone()).run());
            is_harmless(&equipped(options).stdin(pass.clone()).screen(Some(80)).run());
        }
        is_harmless(&equipped(&["inspect", &pass]).run());
    }
}

#[test]
fn complaints_about_the_command_line_are_harmless_too() {
    let option = format!("--{NASTY}");
    let path = format!("/no/{NASTY}");
    for arguments in [
        &["inspect", option.as_str()][..],
        &[NASTY],
        &["mint", "--user", NASTY],
        &["mint", "--user", "a", "--lifetime", NASTY],
        &["mint", "--user", "a", "--audience", "\u{202e}", "--issuer", "i"],
        &["inspect", "--key-file", &path, "x"],
        &["inspect", "--key-env", NASTY, "x"],
    ] {
        let outcome = tapgate(arguments).run();
        assert!(matches!(outcome.exit, Exit::Usage | Exit::Key), "{}", outcome.stderr);
        is_harmless(&outcome);
    }
}

#[test]
fn input_is_bounded() {
    let long = "a".repeat(4_000_000);
    tapgate(&["inspect"]).stdin(long.clone()).run().failed(Exit::Unreadable, "more than 16384 bytes");
    tapgate(&["inspect"]).typed().stdin(long).run().failed(Exit::Unreadable, "more than 16384 bytes");
    tapgate(&["inspect", &"a".repeat(16_385)]).run().failed(Exit::Unreadable, "more than 16384 bytes");
    tapgate(&["inspect"]).stdin(" ".repeat(16_384)).run().failed(Exit::Unreadable, "empty");
    tapgate(&["inspect"]).stdin(".".repeat(16_384)).run().ended(Exit::Findings).says("16385 parts");
}

#[test]
fn what_is_not_text_is_not_readable() {
    for bytes in [&b"\xff\xfe\x00"[..], b"eyJ\x80.a.b", &[0xC3]] {
        tapgate(&["inspect"]).stdin(bytes).run().failed(Exit::Unreadable, "not UTF-8");
    }
}

#[test]
fn deep_nesting_is_no_trouble() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(1400), "]".repeat(1400));
    let pass = forge::pass(HEADER, &deep);
    tapgate(&["inspect", &pass]).run().ended(Exit::Findings).says("nested too deeply");
}

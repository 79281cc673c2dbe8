//! `tapgate mint`.

use serde_json::json;
use tapgate_cli::Exit;

use crate::support::{KEY, NOW, OTHER_KEY, equipped, minted, tapgate};

const ALICE: &[&str] = &["mint", "--user", "alice@example.com"];

fn mint(more: &[&str]) -> crate::support::Tapgate {
    equipped(&[ALICE, more].concat())
}

#[test]
fn a_pipe_gets_the_pass_and_the_link_and_nothing_else() {
    let outcome = mint(&[]).run().succeeded();
    let lines: Vec<_> = outcome.stdout.lines().collect();
    let [pass, link] = lines[..] else { panic!("{lines:?}") };
    assert_eq!(pass.split('.').count(), 3);
    assert_eq!(link, format!("https://gate.example.com/.tap/sign-in#pass={pass}"));
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_part_can_be_asked_for() {
    let whole = mint(&[]).run().succeeded().stdout;
    let parts = ["pass", "link"].map(|part| mint(&["--print", part]).run().succeeded().stdout);
    assert_eq!(parts.concat(), whole);
}

#[test]
fn a_minted_pass_verifies() {
    for more in
        [&[][..], &["--once"], &["--group", "staff", "--group", "Zoë's"], &["--no-groups"], &["--lifetime", "8h"]]
    {
        let outcome = equipped(&["inspect", &minted(more)]).run().succeeded();
        assert!(outcome.stdout.starts_with("VERIFIED\n"), "{}", outcome.stdout);
    }
}

#[test]
fn json_has_everything() {
    let more =
        ["--json", "--once", "--start", "+2h", "--end", "+4h", "--group", "staff", "--group", "it", "--id", "id-1"];
    let mut shown = mint(&more).run().succeeded().json();
    let pass = shown["pass"].take().as_str().unwrap().to_owned();
    let expected = json!({
        "pass": null,
        "link": format!("https://gate.example.com/.tap/sign-in#pass={pass}"),
        "id": "id-1",
        "user": "alice@example.com",
        "issuer": "https://gate.example.com",
        "audience": "gate.example.com",
        "keyId": "pass-1",
        "issued": "2026-11-24T06:07:53Z",
        "start": "2026-11-24T08:07:53Z",
        "end": "2026-11-24T10:07:53Z",
        "lifetimeInMinutes": 120,
        "once": true,
        "groups": ["staff", "it"],
    });
    assert_eq!(shown, expected);
    let inside = equipped(&["inspect", "--no-key", "--json", &pass]).run().succeeded().json();
    let claims = json!({
        "iss": "https://gate.example.com", "aud": "gate.example.com", "sub": "alice@example.com", "jti": "id-1",
        "iat": NOW, "nbf": NOW + 7200, "exp": NOW + 14_400, "once": true, "groups": ["staff", "it"],
    });
    assert_eq!(inside["claims"], claims);
    assert_eq!(inside["header"], json!({"alg": "HS256", "typ": "tap+jwt", "kid": "pass-1"}));
}

#[test]
fn groups_are_claimed_only_if_something_is_said_of_them() {
    for (more, groups) in [(&["--json"][..], json!(null)), (&["--json", "--no-groups"], json!([]))] {
        assert_eq!(mint(more).run().succeeded().json()["groups"], groups);
    }
}

#[test]
fn an_id_is_128_random_bits() {
    assert_eq!(mint(&["--json"]).run().succeeded().json()["id"], "AAECAwQFBgcICQoLDA0ODw");
    mint(&[]).without_entropy().run().failed(Exit::Failed, "no randomness");
}

#[test]
fn the_command_line_comes_before_the_environment() {
    let more = ["--json", "--issuer", "me", "--audience", "gate.test", "--key-id", "k2", "--key-env", "MY_KEY"];
    let outcome = mint(&more).env("MY_KEY", OTHER_KEY).run().succeeded();
    let shown = outcome.json();
    assert_eq!([&shown["issuer"], &shown["audience"], &shown["keyId"]], ["me", "gate.test", "k2"]);
    let pass = shown["pass"].as_str().unwrap();
    let verify = |key| tapgate(&["inspect", pass]).env("TAPGATE_PASS_KEY", key).run();
    verify(OTHER_KEY).succeeded();
    verify(KEY).ended(Exit::Findings);
}

#[test]
fn the_link_leads_to_the_gate() {
    for (more, start) in [
        (&["--gate", "http://localhost:10000"][..], "http://localhost:10000/.tap/sign-in#pass=ey"),
        (&["--gate", "https://GATE.test/"], "https://gate.test/.tap/sign-in#pass=ey"),
        (&["--base-path", "/auth/tap"], "https://gate.example.com/auth/tap/sign-in#pass=ey"),
        (&["--audience", "https://aud.test"], "https://aud.test/.tap/sign-in#pass=ey"),
    ] {
        let link = mint(&[more, &["--print", "link"]].concat()).run().succeeded().stdout;
        assert!(link.starts_with(start), "{link}");
    }
}

#[test]
fn a_terminal_gets_words_and_a_qr_code() {
    let outcome = mint(&["--once", "--start", "+2h"]).screen(Some(100)).run().succeeded();
    let outcome = outcome.says("use       one-time").says("starts    2026-11-24T08:07:53Z, in 2 h").says("#pass=ey");
    assert!(outcome.stdout.contains("\u{1b}[40;97m████"));
    assert!(!outcome.stdout.contains("groups"));
    mint(&["--group", "a", "--group", "b"]).screen(None).run().succeeded().says("groups    a, b").says("████");
}

#[test]
fn a_narrow_terminal_gets_no_broken_qr_code() {
    let outcome = mint(&[]).screen(Some(40)).run().succeeded();
    assert!(!outcome.stdout.contains('█'));
    assert!(outcome.stderr.contains("the terminal has 40"));
    mint(&["--qr"]).screen(Some(40)).run().succeeded().says("████");
}

#[test]
fn a_qr_code_can_be_asked_for() {
    let lines = |more| mint(more).run().succeeded().stdout.lines().map(str::to_owned).collect::<Vec<_>>();
    let with_code = lines(&["--qr"]);
    assert!(with_code[0].starts_with("ey") && with_code[1].starts_with("https://"));
    assert_eq!(with_code[2..], lines(&["--print", "qr"]));
    assert!(with_code[2..].iter().all(|line| line.chars().all(|letter| " ▀▄█".contains(letter))));
}

#[test]
fn what_a_qr_code_does_not_hold_is_not_drawn() {
    let group = "g".repeat(250);
    let more: Vec<&str> = (0..9).flat_map(|_| ["--group", &group]).collect();
    mint(&[&more[..], &["--qr"]].concat()).run().failed(Exit::Usage, "more than a QR code holds");
    let outcome = mint(&more).screen(Some(500)).run().succeeded();
    assert!(outcome.stderr.contains("longer than a QR code holds") && !outcome.stdout.contains('█'));
}

#[test]
fn what_a_default_policy_refuses_is_told() {
    for (more, words) in [
        (&["--lifetime", "30"][..], "a lifetime of 30 min is refused unless the policy allows it"),
        (&["--lifetime", "9h"], "a lifetime of 540 min (9 h) is refused unless the policy allows it"),
        (&["--start", "+31d"], "is refused unless the policy allows it (`startsWithinInMinutes`"),
    ] {
        let outcome = mint(more).run().succeeded();
        assert!(outcome.stderr.starts_with("warning: ") && outcome.stderr.contains(words), "{}", outcome.stderr);
        assert_eq!(outcome.stdout.lines().count(), 2);
    }
}

#[test]
fn a_pass_may_have_started_already() {
    let pass = minted(&["--start=-595s", "--end", "+5s"]);
    equipped(&["inspect", &pass]).run().succeeded().says("in time: ends in 5 s");
    equipped(&["inspect", &pass]).at(NOW + 5).run().ended(Exit::Findings).says("REFUSED (expired)");
}

#[test]
fn nonsense_is_refused_with_the_option_and_the_mend() {
    let many: Vec<&str> = (0..65).flat_map(|_| ["--group", "g"]).collect();
    let long = "g".repeat(250);
    let long: Vec<&str> = (0..14).flat_map(|_| ["--group", long.as_str()]).collect();
    let cases: &[(&[&str], &str)] = &[
        (&["--lifetime", "5"], "no policy allows that: it has to be between 10 min and 43200 min (30 d)"),
        (&["--lifetime", "0"], "no policy allows"),
        (&["--lifetime", "soon"], "`soon` is no value for `--lifetime <SPAN>`: expected a time span such as"),
        (&["--lifetime", "1h", "--end", "+1h"], "cannot be used with"),
        (&["--start", "tomorrow"], "expected `now`, a span from now"),
        (&["--start", "+2h", "--end", "+1h"], "give a later `--end`"),
        (&["--start=-3h"], "before now; give a later `--end`"),
        (&["--start", "2400-01-01T00:00:00Z"], "give an earlier `--start`"),
        (&["--start", "9999-12-31T23:59:59Z"], "no policy allows"),
        (&["--user", "a b"], "`a b` is no value for `--user <USER>`: expected a user name of"),
        (&["--id", "a.b"], "`--id <ID>`: expected 1 to 64"),
        (&["--key-id", ""], "`--key-id <ID>`"),
        (&["--group", "a\nb"], "`a\\u{a}b` is no value for `--group <GROUP>`: expected a group name"),
        (&["--issuer", ""], "`` is no value for `--issuer`: expected the policy's"),
        (&["--audience", "a\u{7}"], "`a\\u{7}` is no value for `--audience`"),
        (&["--audience", "gate/one"], "`gate/one` is no host name, so the link's address is not known; give `--gate"),
        (&["--gate", "http://gate.example.com"], "`--gate <URL>`: `http` would send the pass in the clear"),
        (&["--gate", "gate.example.com"], "expected an address such as `https://"),
        (&["--base-path", ".tap"], "`--base-path <PATH>`: expected the policy's `basePath`"),
        (&["--print", "all"], "'--print <WHAT>'"),
        (&["--print", "pass", "--json"], "cannot be used with"),
        (&["--group", "a", "--no-groups"], "cannot be used with"),
        (&["--key-env", "A", "--key-file", "b"], "cannot be used with"),
        (&many, "at most 64 groups, and `--group` is given 65 times"),
        (&long, "longer than the 4096 bytes"),
    ];
    for (more, words) in cases {
        // clap takes an option twice for an error of its own; the case's `--user` is the one that counts.
        let first: &[&str] = if more.contains(&"--user") { &["mint"] } else { ALICE };
        equipped(&[first, more].concat()).run().failed(Exit::Usage, words);
    }
}

#[test]
fn what_is_missing_is_named_with_the_variable_that_may_stand_in() {
    let given: [(&str, &str); 3] = [
        ("--issuer", "`--issuer` is missing: give it, or set the environment variable `TAPGATE_ISSUER`"),
        ("--audience", "`TAPGATE_AUDIENCE`"),
        ("--key-id", "`TAPGATE_PASS_KEY_ID`"),
    ];
    for (missing, words) in given {
        let others = given.iter().filter(|(option, _)| *option != missing);
        let more: Vec<&str> = others.flat_map(|(option, _)| [*option, "gate.test"]).collect();
        tapgate(&[ALICE, &more].concat()).env("TAPGATE_PASS_KEY", KEY).run().failed(Exit::Usage, words);
    }
    assert!(tapgate(&["mint"]).run().ended(Exit::Usage).stderr.contains("--user <USER>"));
    mint(&[]).env("TAPGATE_PASS_KEY_ID", "not an id").run().failed(Exit::Usage, "`TAPGATE_PASS_KEY_ID` does not hold");
}

#[test]
fn without_a_clock_there_is_no_pass() {
    mint(&[]).without_clock().run().failed(Exit::Failed, "clock");
}

mod key {
    //! Where the key comes from.

    use std::fs;

    use super::{ALICE, Exit, KEY, equipped, mint, tapgate};

    #[test]
    fn no_key_is_named_with_the_mend() {
        for (more, value, words) in [
            (&["--key-env", "MY_KEY"][..], None, "the environment variable `MY_KEY` is not set"),
            (&[], Some(""), "no key: set the environment variable `TAPGATE_PASS_KEY`, or give"),
            (&[], Some("dG9vIHNob3J0"), "holds no usable key: a key of 9 bytes; a key has 32 to 1024"),
            (&[], Some("not base64 at all"), "holds no usable key: a key that is neither"),
            (&["--key-file", "/no/such/file"], None, "cannot read the key file `/no/such/file`: "),
        ] {
            let run = equipped(&[ALICE, more].concat());
            let run = if let Some(value) = value { run.env("TAPGATE_PASS_KEY", value) } else { run };
            run.run().failed(Exit::Key, words);
        }
    }

    #[test]
    fn a_key_on_the_command_line_is_refused_and_not_repeated() {
        let outcome = mint(&["--key-env", KEY]).run();
        assert!(!outcome.stderr.contains(KEY));
        outcome.failed(Exit::Key, "a key itself never belongs on the command line");
        let letters = "a".repeat(43);
        mint(&["--key-env", &letters]).run().failed(Exit::Key, "never belongs on the command line");
    }

    #[test]
    fn a_key_file_is_read_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass.key");
        let run = || tapgate(&[ALICE, &["--key-file", path.to_str().unwrap()]].concat());
        let run = || {
            run().env("TAPGATE_PASS_KEY_ID", "k").env("TAPGATE_ISSUER", "i").env("TAPGATE_AUDIENCE", "gate.test").run()
        };
        let write = |text: &[u8]| fs::write(&path, text).unwrap();
        write(format!("{KEY}\n").as_bytes());
        run().succeeded();
        write(format!("{KEY}{}", " ".repeat(4096 - KEY.len())).as_bytes());
        run().succeeded();
        write(format!("{KEY}{}", " ".repeat(4097 - KEY.len())).as_bytes());
        run().failed(Exit::Key, "more than 4096 bytes");
        write(&[b'a'; 4_000_000]);
        run().failed(Exit::Key, "more than 4096 bytes");
        write(b"\xff\xfe");
        run().failed(Exit::Key, "does not hold text");
        write(b"");
        run().failed(Exit::Key, "holds no usable key");
    }

    #[test]
    #[cfg(unix)]
    fn a_key_file_that_everyone_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pass.key");
        fs::write(&path, KEY).unwrap();
        for (mode, told) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let outcome = mint(&["--key-file", path.to_str().unwrap()]).run().succeeded();
            assert_eq!(outcome.stderr.contains("warning: everyone on this machine can read"), told, "{mode:o}");
        }
    }
}

//! `tapgate workbench`: what it serves, and to whom. What the page does is tested in a browser, in `host-tests`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use tapgate_cli::Exit;

use crate::policy::Scratch;
use crate::support::tapgate;

/// The program, with a page to serve. Dropping it ends it.
struct Served {
    child: Child,
    address: String,
    _page: Scratch,
}

impl Served {
    fn start() -> Self {
        let page = Scratch::new();
        for (name, text) in [
            ("index.html", "<p>page"),
            ("workbench.js", "let it"),
            ("workbench.js.gz", "\u{1f}gzipped"),
            ("workbench.css", "p {}"),
            ("secret.txt", "nobody's"),
        ] {
            page.file(name, text);
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_tapgate"))
            .args(["workbench", "--listen", "127.0.0.1:0", "--page"])
            .arg(page.folder())
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { address: address.to_owned(), child, _page: page }
    }

    /// One request, and the whole answer.
    fn ask(&self, line: &str, more: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        write!(stream, "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n").expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        String::from_utf8(answer).expect("text")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn the_page_and_nothing_else_is_served() {
    let served = Served::start();
    for (path, kind, body) in [
        ("/", "text/html; charset=utf-8", "<p>page"),
        ("/index.html", "text/html; charset=utf-8", "<p>page"),
        ("/workbench.js?x=1", "text/javascript; charset=utf-8", "let it"),
        ("/workbench.css", "text/css; charset=utf-8", "p {}"),
    ] {
        let answer = served.ask(&format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(body), "{path}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}\r\n")), "{path}: {answer}");
        for header in ["connect-src 'none'", "x-content-type-options: nosniff", "frame-ancestors 'none'"] {
            assert!(answer.contains(header), "{path} without {header}: {answer}");
        }
    }
    for path in ["/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/workbench.js.gz", "//", "/workbench.js/"] {
        let answer = served.ask(&format!("GET {path}"), "");
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(served.ask("POST /", "content-length: 0\r\n").starts_with("HTTP/1.1 405"));
    assert!(served.ask("HEAD /workbench.js", "").ends_with("\r\n\r\n"));
}

/// What the server says is what the page says of itself, and who may frame it, which only a server can say.
#[test]
fn server_and_page_say_the_same_of_what_may_be_loaded() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../workbench/page/index.html")).unwrap();
    let (_, rest) = page.split_once("Content-Security-Policy\" content=\"").expect("a policy");
    let (own, _) = rest.split_once('"').expect("its end");
    let answer = Served::start().ask("GET /", "");
    assert!(answer.contains(&format!("content-security-policy: {own}; frame-ancestors 'none'\r\n")), "{own}\n{answer}");
}

#[test]
fn a_browser_that_takes_gzip_gets_it() {
    let served = Served::start();
    let answer = served.ask("GET /workbench.js", "accept-encoding: gzip, br\r\n");
    assert!(answer.contains("content-encoding: gzip\r\n") && answer.ends_with("\u{1f}gzipped"), "{answer}");
    let answer = served.ask("GET /workbench.css", "accept-encoding: gzip, br\r\n");
    assert!(!answer.contains("content-encoding") && answer.ends_with("p {}"), "none lies beside it: {answer}");
}

#[test]
fn a_page_that_was_not_made_is_told_with_its_mend() {
    let outcome = tapgate(&["workbench", "--page", "/nowhere"]).run();
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Unreadable, ""));
    assert!(outcome.stderr.contains("cannot read `/nowhere/index.html`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("cargo xtask workbench"), "{}", outcome.stderr);
}

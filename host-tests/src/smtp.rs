//! A mail server on loopback that nobody here wrote: aiosmtpd. It keeps what it is sent.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value;

use crate::child::{bound, end};
use crate::clock::HANG;
use crate::workspace;

/// Says where it listens, then each message: whom it is for, its subject, its text, and its attachments by name.
const SERVER: &str = r#"
import asyncio, email, email.policy, json
from aiosmtpd.smtp import SMTP
class Keeper:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
        print(json.dumps({"to": envelope.rcpt_tos, "from": envelope.mail_from, "subject": message["subject"],
                          "text": message.get_body(("plain",)).get_content(), "attachments": parts}), flush=True)
        return "250 kept"
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Keeper()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"#;

/// A running mail server. Dropping it kills it.
#[derive(Debug)]
pub struct Smtp {
    child: Child,
    port: u16,
    mails: Receiver<Value>,
}

impl Smtp {
    /// Starts one.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        let mut child = bound(&workspace::python())
            .args(["-c", SERVER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python can be run");
        let stdout: ChildStdout = child.stdout.take().expect("its output");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let port = lines.next().and_then(|line| line.parse().ok()).expect("a port");
        let (told, mails) = mpsc::channel();
        thread::spawn(move || {
            for line in lines {
                let mail = serde_json::from_str(&line).expect("a mail as JSON");
                // A test that is over has no use for it.
                if told.send(mail).is_err() {
                    return;
                }
            }
        });
        Self { child, port, mails }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The next mail.
    ///
    /// # Panics
    /// If none comes.
    #[must_use]
    pub fn mail(&self) -> Value {
        self.mails.recv_timeout(HANG).expect("a mail")
    }

    /// Whether there is none that has not been looked at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mails.try_recv().is_err()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

//! Something that answers in a gateway's place.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

/// What is done about it.
#[derive(Clone)]
pub(crate) enum Reply {
    Body(u16, Vec<u8>),
    /// The head, more of a body announced than comes, and the end.
    Half(Vec<u8>),
    Silence,
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::Body(status, value.to_string().into_bytes())
    }
}

pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    pub(crate) fn doing(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, handler) = (Arc::clone(&asked), Arc::new(handler));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, handler) = (Arc::clone(&seen), Arc::clone(&handler));
                // Whoever hangs up early has seen enough.
                thread::spawn(move || serve(&stream, &seen, &*handler).ok());
            }
        });
        Self { address, asked }
    }

    pub(crate) fn saying(reply: Reply) -> Self {
        Self::doing(move |_| reply.clone())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Asked>>, handler: &dyn Fn(&Asked) -> Reply) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut asked, mut length) = (Asked::default(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        match line.split_once(": ") {
            _ if line.is_empty() => break,
            None => asked.line = line.trim_end_matches(" HTTP/1.1").to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => {
                value.clone_into(&mut asked.authorization);
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    asked.body = String::from_utf8(body).unwrap();
    seen.lock().unwrap().push(asked.clone());
    let mut stream = stream;
    match handler(&asked) {
        Reply::Body(status, body) => {
            write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len())?;
            stream.write_all(&body)
        }
        Reply::Half(body) => {
            write!(stream, "HTTP/1.1 200 -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len() + 1)?;
            stream.write_all(&body)
        }
        Reply::Silence => loop {
            thread::park();
        },
    }
}

pub(crate) const ID: &str = "6f1967b7-15e8-4935-ac26-d50770ed07a7";

/// A pass as a gateway tells it.
pub(crate) fn method(code: Option<&str>) -> Value {
    json!({
        "@odata.context": "https://admin.example.com/.tap/graph/v1.0/$metadata#users('alice')/authentication/temporaryAccessPassMethods/$entity",
        "id": ID,
        "temporaryAccessPass": code,
        "createdDateTime": "2026-11-24T06:07:53Z",
        "startDateTime": "2026-11-24T07:00:00Z",
        "lifetimeInMinutes": 480,
        "isUsableOnce": true,
        "isUsable": false,
        "methodUsabilityReason": "NotYetValid",
    })
}

pub(crate) fn collection(passes: &[Value]) -> Value {
    json!({"@odata.context": "x", "value": passes})
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error": {"code": code, "message": message, "innerError": {"date": "2026-11-24T06:07:53"}}}),
    )
}

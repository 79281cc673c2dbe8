//! A site: gate, ledger, clock and randomness in one place, and browsers that keep cookies as browsers do.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tapgate_core::audit::AuditEvent;
use tapgate_core::context::Context;
use tapgate_core::decide::{Gate, Head, ResponseView, Stream, Verdict};
use tapgate_core::headers::{Header, HeaderEdits};
use tapgate_core::key::{KeyRing, Passes};
use tapgate_core::ledger::{self, Memory};
use tapgate_core::pass::{PassClaims, mint};
use tapgate_core::policy::compile;
use tapgate_core::random::{NoEntropy, Random};
use tapgate_core::reply::Reply;
use tapgate_core::request::{Metadata, RequestView};
use tapgate_core::time::UnixSeconds;

/// When tests begin: 2026-11-24T08:00:00Z.
pub(crate) const START: u64 = 1_795_507_200;

/// Keys of the test policies, in base64: one byte repeated.
pub(crate) fn key(byte: u8) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode([byte; 32])
}

/// A policy with everything a test may want to change.
pub(crate) fn policy() -> Value {
    json!({
        "version": 1,
        "tenant": "contoso",
        "hosts": ["gate.example.com"],
        "issuer": "https://gate.example.com",
        "audience": "gate.example.com",
        "keys": {
            "pass": [{"id": "pass-1", "value": key(1)}],
            "gateway": [{"id": "gw-1", "value": key(2)}],
            "upstream": [{"id": "up-1", "value": key(3)}],
        },
        "temporaryAccessPass": {
            "state": "enabled",
            "includeTargets": [{"targetType": "group", "id": "all_users"}],
        },
        "signIn": {"path": "/sign-in"},
        "registration": {
            "page": "/register",
            "allow": ["/register", "/webauthn/*"],
            "completedBy": [
                {"receipt": {}},
                {"response": {"method": "POST", "path": "/webauthn/finish", "status": [200]}},
            ],
            "then": "continue",
        },
    })
}

/// The policy with one value changed, found by a JSON pointer.
pub(crate) fn policy_with(pointer: &str, value: Value) -> Value {
    let mut policy = policy();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = policy.pointer_mut(parent).unwrap();
    match name.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[name] = value,
    }
    policy
}

/// Repeatable randomness: a counter, run through a multiplier so that its bytes differ.
pub(crate) struct Seeded(pub(crate) u64);

impl Random for Seeded {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// A gate with all it needs.
pub(crate) struct Site {
    pub(crate) gate: Gate,
    pub(crate) ledger: Memory,
    pub(crate) random: Seeded,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Every event so far.
    pub(crate) audit: Vec<AuditEvent>,
    /// What the proxy's other filters say of requests.
    pub(crate) metadata: Metadata,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The status that the browser saw.
    pub(crate) status: u16,
    /// The headers that the browser saw.
    pub(crate) headers: Vec<(String, String)>,
    /// The body, where the plugin answered.
    pub(crate) body: String,
    /// What the application was sent; `None` if the plugin answered.
    pub(crate) forwarded: Option<Vec<(String, String)>>,
}

/// A browser: its cookies, and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authority: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// What the application answers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// Whether it is the application's own.
    pub(crate) from_application: bool,
}

impl Answer {
    pub(crate) fn ok() -> Self {
        Self { status: 200, headers: Vec::new(), from_application: true }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            authority: "gate.example.com".into(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A browser on its way to a page.
    pub(crate) fn page(path: &str) -> Self {
        Self::new("GET", path).header("sec-fetch-mode", "navigate").header("sec-fetch-site", "none")
    }

    /// A script's request.
    pub(crate) fn fetch(method: &str, path: &str) -> Self {
        Self::new(method, path).header("sec-fetch-mode", "cors").header("sec-fetch-site", "same-origin")
    }

    /// The sign-in form.
    pub(crate) fn sign_in(user: &str, pass: &str) -> Self {
        Self::new("POST", "/sign-in")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-site", "same-origin")
            .form(&[("username", user), ("pass", pass)])
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", &body)
    }

    pub(crate) fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = Some(body.as_bytes().to_vec());
        self.header("content-type", content_type)
    }
}

impl Site {
    pub(crate) fn new(policy: &Value) -> Self {
        Self {
            gate: gate(policy),
            // The ledger began a while ago.
            ledger: Memory::born(UnixSeconds::new(START - 3600).unwrap()),
            random: Seeded(1),
            now: START,
            audit: Vec::new(),
            metadata: Vec::new,
        }
    }

    /// Loads another policy, as a proxy does: sessions and ledger stay.
    pub(crate) fn reload(&mut self, policy: &Value) {
        self.gate = gate(policy);
    }

    /// Sends a request to an application that answers 200.
    pub(crate) fn send(&mut self, browser: &mut Browser, ask: Ask) -> Exchange {
        self.send_to(browser, ask, |_| Answer::ok())
    }

    /// Sends a request through the gate to an application, as a filter does.
    pub(crate) fn send_to(
        &mut self,
        browser: &mut Browser,
        ask: Ask,
        application: impl FnOnce(&[(String, String)]) -> Answer,
    ) -> Exchange {
        let is_connect = ask.method == "CONNECT";
        let mut headers = vec![(":method".to_owned(), ask.method), (":authority".to_owned(), ask.authority)];
        if !is_connect {
            headers.push((":path".to_owned(), ask.path));
        }
        headers.extend(ask.headers);
        if !browser.cookies.is_empty() {
            let pairs: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie".to_owned(), pairs.join("; ")));
        }
        let exchange = self.pass_through(headers, ask.body.as_deref(), application);
        browser.keep(&exchange);
        exchange
    }

    fn pass_through(
        &mut self,
        mut headers: Vec<(String, String)>,
        body: Option<&[u8]>,
        application: impl FnOnce(&[(String, String)]) -> Answer,
    ) -> Exchange {
        let now = UnixSeconds::new(self.now).unwrap();
        let borrowed = borrow(&headers);
        let mut context = Context { now, random: &mut self.random };
        let step = self.gate.request(&RequestView::new(&borrowed).with_metadata(self.metadata), &mut context);
        let mut edits = HeaderEdits::default();
        let decision = match ledger::settle(step, &mut self.ledger, &mut context) {
            Head::Decided(decision) => decision,
            Head::Body(await_body) => {
                edits = await_body.edits().clone();
                let step = await_body.complete(body.unwrap_or_default(), &mut context);
                ledger::settle(step, &mut self.ledger, &mut context)
            }
        };
        drop(borrowed);
        self.audit.extend(decision.audit);
        match decision.verdict {
            Verdict::Reply(reply) => answered(reply),
            Verdict::Forward(forward) => {
                apply(&mut headers, &edits);
                apply(&mut headers, &forward.edits);
                let answer = application(&headers);
                let (status, answered) = self.answer(&forward.stream, answer);
                Exchange { status, headers: answered, body: String::new(), forwarded: Some(headers) }
            }
        }
    }

    fn answer(&mut self, stream: &Stream, answer: Answer) -> (u16, Vec<(String, String)>) {
        let mut headers = vec![(":status".to_owned(), answer.status.to_string())];
        headers.extend(answer.headers);
        let borrowed = borrow(&headers);
        let response = ResponseView { headers: &borrowed, from_application: answer.from_application };
        let now = UnixSeconds::new(self.now).unwrap();
        let mut context = Context { now, random: &mut self.random };
        let step = Gate::response(stream, &response, &mut context).unwrap();
        let decision = ledger::settle(step, &mut self.ledger, &mut context);
        drop(borrowed);
        self.audit.extend(decision.audit);
        apply(&mut headers, &decision.edits);
        headers.retain(|(name, _)| name != ":status");
        (answer.status, headers)
    }

    /// A browser that has signed in with a pass of its own and is registering.
    pub(crate) fn registering(&mut self, pass: &Pass) -> Browser {
        let mut browser = Browser::default();
        let exchange = self.send(&mut browser, Ask::sign_in("", &pass.mint()));
        assert_eq!(exchange.status, 303, "{exchange:?}");
        browser
    }

    /// A browser that has registered with a receipt and goes on.
    pub(crate) fn registered(&mut self, pass: &Pass) -> Browser {
        let mut browser = self.registering(pass);
        let now = self.now;
        self.send_to(&mut browser, Ask::fetch("POST", "/webauthn/x"), |request| {
            Answer::ok().with("tapgate-receipt", &receipt_for(request, now))
        });
        let exchange = self.send(&mut browser, Ask::page("/account"));
        assert!(exchange.forwarded.is_some(), "{exchange:?}");
        browser
    }
}

/// The gate's own answer to a browser without cookies, by another ledger.
pub(crate) fn one_answer(
    gate: &Gate,
    ledger: &mut dyn ledger::Ledger,
    random: &mut Seeded,
    now: u64,
    ask: Ask,
) -> Exchange {
    one_answer_and_audit(gate, ledger, random, now, ask).0
}

/// Likewise, with what operators are told of it.
pub(crate) fn one_answer_and_audit(
    gate: &Gate,
    ledger: &mut dyn ledger::Ledger,
    random: &mut Seeded,
    now: u64,
    ask: Ask,
) -> (Exchange, Vec<AuditEvent>) {
    let mut context = Context { now: UnixSeconds::new(now).unwrap(), random };
    let mut headers = vec![
        (":method".to_owned(), ask.method),
        (":authority".to_owned(), ask.authority),
        (":path".to_owned(), ask.path),
    ];
    headers.extend(ask.headers);
    let step = gate.request(&RequestView::new(&borrow(&headers)), &mut context);
    let decision = match ledger::settle(step, ledger, &mut context) {
        Head::Decided(decision) => decision,
        Head::Body(body) => {
            let step = body.complete(ask.body.as_deref().unwrap_or_default(), &mut context);
            ledger::settle(step, ledger, &mut context)
        }
    };
    let Verdict::Reply(reply) = decision.verdict else { panic!("an answer of the gate's own") };
    (answered(reply), decision.audit)
}

fn answered(reply: Reply) -> Exchange {
    Exchange {
        status: reply.status,
        headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        body: String::from_utf8(reply.body).unwrap(),
        forwarded: None,
    }
}

fn gate(policy: &Value) -> Gate {
    match compile(policy.to_string().as_bytes(), &|_| None) {
        Ok(compiled) => Gate::new(compiled),
        Err(defects) => panic!("{}", defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn borrow(headers: &[(String, String)]) -> Vec<Header<'_>> {
    headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect()
}

fn apply(headers: &mut Vec<(String, String)>, edits: &HeaderEdits) {
    headers.retain(|(name, _)| !edits.remove.iter().any(|gone| gone.eq_ignore_ascii_case(name.as_bytes())));
    for (name, value) in &edits.add {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        headers.push((text(name), text(value)));
    }
}

/// The value of the first header of this name.
pub(crate) fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

impl Exchange {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// What the application saw under a name, all of it.
    pub(crate) fn seen(&self, name: &str) -> Vec<&str> {
        let headers = self.forwarded.as_ref().expect("the request to go on");
        headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The `reason` of a problem document.
    pub(crate) fn reason(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("a problem: {self:?}"));
        body["reason"].as_str().unwrap_or_default().to_owned()
    }
}

impl Browser {
    fn keep(&mut self, exchange: &Exchange) {
        for (_, cookie) in exchange.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A pass in the making: one-time, for an hour from [`START`], unless changed.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) user: String,
    pub(crate) id: String,
    pub(crate) issued: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) once: bool,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) key: u8,
    pub(crate) key_id: String,
}

impl Pass {
    pub(crate) fn once(id: &str) -> Self {
        Self {
            user: "alice@example.com".into(),
            id: id.into(),
            issued: START,
            start: START,
            end: START + 3600,
            once: true,
            groups: None,
            issuer: "https://gate.example.com".into(),
            audience: "gate.example.com".into(),
            key: 1,
            key_id: "pass-1".into(),
        }
    }

    pub(crate) fn many(id: &str) -> Self {
        Self { once: false, ..Self::once(id) }
    }

    pub(crate) fn mint(&self) -> String {
        let bytes = key(self.key).parse().unwrap();
        let ring = KeyRing::<Passes>::new(&[(self.key_id.parse().unwrap(), bytes)]).unwrap();
        let claims = PassClaims {
            iss: &self.issuer,
            aud: &self.audience,
            sub: &self.user,
            jti: &self.id,
            iat: self.issued,
            nbf: self.start,
            exp: self.end,
            once: self.once,
            groups: self.groups.as_deref(),
        };
        mint(&ring, &claims).unwrap()
    }
}

/// A compact JWS signed here, by hand: what another library, or an attacker with the key, would make.
pub(crate) fn jws(header: &str, claims: &str, key: u8) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mac = Hmac::<sha2::Sha256>::new_from_slice(&[key; 32]).unwrap().chain_update(&signed).finalize();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

/// The claims of a JWS, unverified.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// The receipt that an application makes for whom the assertion names.
pub(crate) fn receipt_for(request: &[(String, String)], now: u64) -> String {
    let assertion = claims(first(request, "tapgate-assertion").expect("an assertion"));
    receipt(&json!({"sub": assertion["sub"], "sid": assertion["sid"], "exp": now + 60}))
}

/// A receipt of these claims.
pub(crate) fn receipt(claims: &Value) -> String {
    jws(r#"{"alg":"HS256","typ":"tap-receipt+jwt","kid":"up-1"}"#, &claims.to_string(), 3)
}

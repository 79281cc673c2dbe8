//! Stories: what may happen, how likely it is, and how it reads as a case.

use std::fmt;

use proptest::prelude::{Just, Strategy, any as whatever, prop_oneof};
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// The users that passes are for.
const USERS: [&str; 3] = ["alice", "bob", "carol"];
/// How many browsers there are.
const BROWSERS: usize = 3;
/// How many passes there are.
const PASSES: usize = 5;

/// Where requests go: inside the confinement, outside, and at its edges.
const PATHS: &[&str] = &[
    "/register",
    "/register?step=2",
    "/webauthn/begin",
    "/webauthn/",
    "/assets/app.js",
    "/",
    "/account",
    "/account?/register",
    "/registered",
    "/webauthn",
    "/webauthn/../account",
    "/webauthn/%2e%2e/account",
    "/webauthn//account",
    "/webauthn/;/account",
    "/webauthn/a\\..\\..\\account",
    "/Register",
    "/.tap/status",
    "/.tap/sign-in",
    "/.tap/nowhere",
    "/sign-in",
];

/// Headers that somebody sends who would like to be somebody else, or somewhere else.
const FORGED: &[&str] = &[
    "tapgate-user: admin",
    "Tapgate-User: admin",
    "tapgate_user: admin",
    "tapgate-state: registered",
    "tapgate.assertion: e30.e30.e30",
    "tapgate-anything: 1",
    "x-original-url: /account",
    "x-envoy-original-path: /account",
    "x-http-method-override: DELETE",
    "upgrade: websocket",
    "cookie: __Host-tapgate=e30.e30.AAAA",
    "cookie: __Host-tapgate-holder=AAAAAAAAAAAAAAAAAAAAAA",
];

/// How the policy is changed while people are at work; the last one takes all changes back.
const CHANGES: &[&str] = &[
    "registration.windowInMinutes: 2",
    "registration.then: signIn",
    "registration.retries: 0",
    "registration.cookies: withheld",
    "registration.allow: [/register, \"/webauthn/*\"]",
    "session.maximumInMinutes: 15",
    "session.endsWithPass: false",
    "temporaryAccessPass.isUsableOnce: true",
    "temporaryAccessPass.state: disabled",
    "temporaryAccessPass.maximumLifetimeInMinutes: 60",
    "temporaryAccessPass.excludeTargets: [{targetType: user, id: bob}]",
];

/// What all changes are taken back to, for a story may change its mind.
const AS_BEFORE: &str = "registration.windowInMinutes: 10, registration.then: continue, registration.retries: 3, \
    registration.cookies: sealed, registration.allow: [/register, \"/webauthn/*\", \"/assets/*\"], \
    session.maximumInMinutes: 480, session.endsWithPass: true, temporaryAccessPass.isUsableOnce: false, \
    temporaryAccessPass.state: enabled, temporaryAccessPass.maximumLifetimeInMinutes: 480, \
    temporaryAccessPass.excludeTargets: []";

/// A story.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    passes: Vec<Pass>,
    change: Option<&'static str>,
    pub(crate) steps: Vec<Step>,
}

/// A pass; times are seconds after the story's start.
#[derive(Clone, Debug)]
struct Pass {
    user: usize,
    once: bool,
    issued: i64,
    start: i64,
    minutes: i64,
    forged: bool,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    wait: u32,
    browser: usize,
    copies: Option<usize>,
    act: Act,
}

#[derive(Clone, Debug)]
enum Act {
    /// The sign-in page is opened, which gives the browser a holder cookie.
    Open,
    SignIn {
        pass: usize,
        way: Way,
        named: Option<usize>,
        lost: bool,
        foreign: bool,
        spoilt: bool,
    },
    Visit {
        method: &'static str,
        path: &'static str,
        sender: &'static str,
        forged: Vec<&'static str>,
        answer: &'static str,
    },
    Register {
        receipt: &'static str,
        by_proxy: bool,
        lost: bool,
    },
    SignOut {
        foreign: bool,
    },
    Change(&'static str),
    Restart,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Form,
    OwnForm,
    Json,
}

/// Any story.
pub(crate) fn any() -> impl Strategy<Value = Story> {
    let change = proptest::option::of(select(CHANGES));
    let passes = proptest::collection::vec(pass(), PASSES);
    (passes, change, proptest::collection::vec(step(), 4..28)).prop_map(|(passes, change, steps)| Story {
        passes,
        change,
        steps,
    })
}

/// So many stories of a seed.
pub(crate) fn sample(seed: u64, stories: usize) -> Vec<Story> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    (0..stories).map(|_| any().new_tree(&mut runner).expect("a story").current()).collect()
}

fn pass() -> impl Strategy<Value = Pass> {
    let start = prop_oneof![4 => Just(0_i64), 1 => 1_i64..900, 1 => -600_i64..0];
    let minutes = prop_oneof![4 => Just(60_i64), 2 => Just(90), 1 => Just(480), 1 => Just(10), 1 => Just(481)];
    let forged = prop_oneof![9 => Just(false), 1 => Just(true)];
    (0..USERS.len(), whatever::<bool>(), -300_i64..300, start, minutes, forged).prop_map(
        |(user, once, issued, start, minutes, forged)| Pass {
            user,
            once,
            issued,
            start: issued + start,
            minutes,
            forged,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![6 => Just(0_u32), 4 => 1_u32..120, 2 => 120_u32..900, 1 => 900_u32..4000];
    let browser = prop_oneof![3 => Just(0), 1 => 1..BROWSERS];
    let copies = prop_oneof![12 => Just(None), 1 => (0..BROWSERS).prop_map(Some)];
    (wait, browser, copies, act()).prop_map(|(wait, browser, copies, act)| Step { wait, browser, copies, act })
}

fn seldom() -> impl Strategy<Value = bool> {
    prop_oneof![9 => Just(false), 1 => Just(true)]
}

fn act() -> impl Strategy<Value = Act> {
    let way = prop_oneof![Just(Way::Form), Just(Way::OwnForm), Just(Way::Json)];
    let named = prop_oneof![9 => Just(None), 1 => (0..USERS.len()).prop_map(Some)];
    let sign_in = (0..PASSES, way, named, seldom(), seldom(), seldom())
        .prop_map(|(pass, way, named, lost, foreign, spoilt)| Act::SignIn { pass, way, named, lost, foreign, spoilt });
    let method = prop_oneof![6 => Just("GET"), 1 => Just("POST"), 1 => Just("HEAD"), 1 => Just("DELETE")];
    let sender = select(&["page", "script", "program"][..]);
    let forged = proptest::collection::vec(select(FORGED), 0..3);
    let answer = prop_oneof![
        3 => Just("status: 200"),
        1 => Just("status: 200, headers: {set-cookie: [app=1; Path=/, __Host-tapgate=mine; Path=/]}"),
        1 => Just("status: 404, headers: {tapgate-user: admin, tapgate-receipt: none}"),
    ];
    let visit = (method, select(PATHS), sender, forged, answer)
        .prop_map(|(method, path, sender, forged, answer)| Act::Visit { method, path, sender, forged, answer });
    let receipt = prop_oneof![
        6 => Just("true"),
        1 => Just("{forged: true}"),
        1 => Just("{claims: {sub: mallory}}"),
        1 => Just("{claims: {sid: other}}"),
        1 => Just("{ends: 301s}"),
        1 => Just("{ends: 0s}"),
        1 => Just("[true, true]"),
    ];
    let register =
        (receipt, seldom(), seldom()).prop_map(|(receipt, by_proxy, lost)| Act::Register { receipt, by_proxy, lost });
    prop_oneof![
        1 => Just(Act::Open),
        8 => sign_in,
        10 => visit,
        5 => register,
        1 => seldom().prop_map(|foreign| Act::SignOut { foreign }),
        1 => prop_oneof![3 => select(CHANGES), 1 => Just(AS_BEFORE)].prop_map(Act::Change),
        1 => prop_oneof![4 => Just(Act::Open), 1 => Just(Act::Restart)],
    ]
}

impl Story {
    /// The story as a case file, with something expected of its last step that is told: the request of this number, from 0.
    pub(crate) fn case_file(&self, last: Option<(usize, &str)>) -> String {
        let told = last.map_or(usize::MAX, |(request, _)| request);
        let mut text = "passes:\n".to_owned();
        for (number, pass) in self.passes.iter().enumerate() {
            text.push_str(&format!("  p{number}: {pass}\n"));
        }
        text.push_str("cases:\n- name: A random story\n  shows: []\n");
        if let Some(change) = self.change {
            text.push_str(&format!("  policy: {{{change}}}\n"));
        }
        text.push_str("  steps:\n");
        let mut requests = 0;
        for step in &self.steps {
            let expect = last.filter(|(request, _)| *request == requests).map_or("", |(_, expect)| expect);
            text.push_str(&format!("  - {}\n", step.line(expect)));
            requests += usize::from(step.act.is_request());
            if requests > told {
                break;
            }
        }
        text
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.case_file(None))
    }
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, once, issued, start, minutes, forged } = self;
        let end = start + minutes * 60;
        let user = USERS[*user];
        write!(f, "{{user: {user}, once: {once}, issued: {issued}s, start: {start}s, end: {end}s, forged: {forged}}}")
    }
}

impl Act {
    const fn is_request(&self) -> bool {
        !matches!(self, Self::Change(_) | Self::Restart)
    }
}

impl Step {
    /// The step as a case has it.
    fn line(&self, expect: &str) -> String {
        let mut parts = Vec::new();
        if self.wait > 0 {
            parts.push(format!("wait: {}s", self.wait));
        }
        if self.act.is_request() {
            parts.push(format!("browser: b{}", self.browser));
            if let Some(copied) = self.copies {
                parts.push(format!("copies: b{copied}"));
            }
        }
        parts.push(self.act.text());
        if self.act.is_request() {
            parts.push(format!("expect: {{{expect}}}"));
        }
        format!("{{{}}}", parts.join(", "))
    }
}

impl Act {
    fn text(&self) -> String {
        let site = |foreign: &bool| if *foreign { ", headers: {sec-fetch-site: cross-site}" } else { "" };
        match self {
            Self::Open => "request: GET /.tap/sign-in, as: page".to_owned(),
            Self::SignIn { pass, way, named, lost, foreign, spoilt } => {
                let user = named.map_or("", |user| USERS[user]);
                let spoilt = if *spoilt { "x" } else { "" };
                let site = site(foreign);
                let (path, body) = match way {
                    Way::Form => ("/sign-in", "form"),
                    Way::OwnForm => ("/.tap/sign-in", "form"),
                    Way::Json => ("/.tap/sign-in", "json"),
                };
                format!(
                    "request: POST {path}, as: page{site}, lost: {lost}, {body}: {{username: \"{user}\", pass: <p{pass}>{spoilt}}}"
                )
            }
            Self::Visit { method, path, sender, forged, answer } => {
                // A header may come several times: those of a name go in one list.
                let mut headers: Vec<(&str, Vec<&str>)> = Vec::new();
                for (name, value) in forged.iter().filter_map(|header| header.split_once(": ")) {
                    match headers.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, values)) => values.push(value),
                        None => headers.push((name, vec![value])),
                    }
                }
                let headers: Vec<_> =
                    headers.iter().map(|(name, values)| format!("{name}: ['{}']", values.join("', '"))).collect();
                let headers = headers.join(", ");
                format!("request: '{method} {path}', as: {sender}, headers: {{{headers}}}, answer: {{{answer}}}")
            }
            Self::Register { receipt, by_proxy, lost } => format!(
                "request: POST /webauthn/finish, as: script, lost: {lost}, answer: {{byProxy: {by_proxy}, receipt: {receipt}}}"
            ),
            Self::SignOut { foreign } => format!("request: POST /.tap/sign-out, as: script{}", site(foreign)),
            Self::Change(change) => format!("policy: {{{change}}}"),
            Self::Restart => "restart: true".to_owned(),
        }
    }
}

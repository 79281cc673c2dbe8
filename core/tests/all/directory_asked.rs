//! A directory that has to be asked: who is let in, given a pass and told what, and what is asked for that (3.3, 3.6, 7.7, 11.2).

use serde_json::{Value, json};
use tapgate_core::audit::{AuditEvent, Kind, Outcome};
use tapgate_core::decide::Gate;
use tapgate_core::directory::scim::{Answer, Inquiry, Turn};
use tapgate_core::directory::{By, Known, Unavailable};
use tapgate_core::ledger::{self, Ledger, Loaded, Memory, Put, RecordName, SwapReply, Version};
use tapgate_core::names::UserName;
use tapgate_core::policy::{Policy, compile};
use tapgate_core::refusal::Refusal;
use tapgate_core::time::UnixSeconds;

use crate::admin::{self, PRIVILEGED, json_of};
use crate::site::{Ask, Exchange, Pass, START, Seeded, Site, one_answer_and_audit};

const AUTHENTICATION: &str = "Authentication Administrator";

/// A ledger beside a SCIM server with a few users.
struct Beside {
    memory: Memory,
    users: Vec<Value>,
    /// Id of a group, ids of its members.
    groups: Vec<(&'static str, Vec<&'static str>)>,
    down: bool,
    /// What the server was asked, and how often the ledger was.
    asked: Vec<String>,
    loads: usize,
    swaps: usize,
}

fn user(id: &str, name: &str, roles: &[&str]) -> Value {
    let roles: Vec<_> = roles.iter().map(|role| json!({"value": role})).collect();
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": id, "userName": name, "active": true, "roles": roles})
}

impl Beside {
    fn new() -> Self {
        Self {
            memory: Memory::born(UnixSeconds::new(START - 3600).unwrap()),
            users: vec![
                user("a-1", "alice@example.com", &[]),
                user("b-2", "bob@example.com", &[]),
                user("r-3", "root@example.com", &[PRIVILEGED]),
                user("h-4", "helper@example.com", &[AUTHENTICATION]),
            ],
            groups: vec![("g-hires", vec!["a-1", "r-3"]), ("g-leavers", vec!["b-2"])],
            down: false,
            asked: Vec::new(),
            loads: 0,
            swaps: 0,
        }
    }

    fn set(&mut self, name: &str, member: &str, value: Value) {
        let user = self.users.iter_mut().find(|user| user["userName"] == name).unwrap();
        user[member] = value;
    }

    fn answer(&self, path: &str) -> (u16, Value) {
        let list = |found: Vec<Value>| {
            let list = json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]);
            (200, json!({"schemas": list, "totalResults": found.len(), "Resources": found}))
        };
        let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap().into_owned();
        let filter = |start: &str| {
            path.strip_prefix(start).and_then(|rest| rest.split_once('"')).map(|(value, _)| value.to_owned())
        };
        if let Some(name) = filter("/Users?filter=userName eq \"") {
            let called = |user: &&Value| user["userName"].as_str().unwrap().eq_ignore_ascii_case(&name);
            return list(self.users.iter().filter(called).cloned().collect());
        }
        if let Some(member) = filter("/Groups?filter=members.value eq \"") {
            let group = |id: &str| json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": id});
            let theirs = self.groups.iter().filter(|(_, members)| members.contains(&&*member));
            return list(theirs.map(|(id, _)| group(id)).collect());
        }
        let id = path.strip_prefix("/Users/").unwrap().split('?').next().unwrap();
        match self.users.iter().find(|user| user["id"] == id) {
            Some(user) => (200, user.clone()),
            None => (404, json!({})),
        }
    }
}

impl Ledger for Beside {
    fn load(&mut self, policy: &Policy, name: &RecordName, now: UnixSeconds) -> Result<Loaded, ledger::Unavailable> {
        self.loads += 1;
        self.memory.load(policy, name, now)
    }

    fn swap(&mut self, policy: &Policy, expected: Option<Version>, put: &Put, now: UnixSeconds) -> SwapReply {
        self.swaps += 1;
        self.memory.swap(policy, expected, put, now)
    }

    fn find(&mut self, _: &Policy, name: &UserName, by: By) -> Result<Option<Known>, Unavailable> {
        let mut inquiry = Inquiry::about(name.clone(), by);
        loop {
            let path = inquiry.path();
            let (status, body) = self.answer(&path);
            self.asked.push(path);
            let body = body.to_string();
            let answer = (!self.down).then_some(Answer { status, body: body.as_bytes() });
            match inquiry.answer(answer) {
                Turn::Asks(next) => inquiry = next,
                Turn::Over(over) => return over,
            }
        }
    }
}

/// A gate whose directory is such a server; passes are for new hires.
struct Asking {
    gate: Gate,
    beside: Beside,
    random: Seeded,
    now: u64,
}

fn policy(include: &Value, exclude: &Value) -> Value {
    let mut policy = admin::policy(&json!({"includeTargets": include, "excludeTargets": exclude}));
    policy["directory"] = json!({"scim": {"saysAllRoles": true}});
    policy
}

fn hires() -> Value {
    json!([{"targetType": "group", "id": "g-hires"}])
}

impl Asking {
    fn new(policy: &Value) -> Self {
        let gate = Gate::new(compile(policy.to_string().as_bytes(), &|_| None).unwrap());
        Self { gate, beside: Beside::new(), random: Seeded(1), now: START }
    }

    fn send(&mut self, ask: Ask) -> (Exchange, Vec<AuditEvent>) {
        self.beside.asked.clear();
        (self.beside.loads, self.beside.swaps) = (0, 0);
        one_answer_and_audit(&self.gate, &mut self.beside, &mut self.random, self.now, ask)
    }

    fn sign_in(&mut self, user: &str, pass: &str) -> (Exchange, Outcome) {
        let (exchange, audit) = self.send(Ask::sign_in(user, pass).header("accept", "application/json"));
        let [event] = audit.as_slice() else { panic!("{audit:?}") };
        assert_eq!(event.kind, Kind::SignIn);
        (exchange, event.outcome)
    }

    fn call(&mut self, method: &str, path: &str, by: &str, role: &str, body: Option<&Value>) -> Exchange {
        let mut token_of = Site::new(&admin::policy(&json!({})));
        token_of.now = self.now;
        let ask = admin::ask(method, path).header("authorization", &admin::token(&token_of, by, &[role]));
        let ask = match body {
            Some(body) => ask.body("application/json", &body.to_string()),
            None => ask,
        };
        self.send(ask).0
    }

    /// Issues a pass; its code.
    fn issue(&mut self, user: &str) -> Exchange {
        self.call("POST", &passes_of(user), "root@example.com", PRIVILEGED, Some(&json!({})))
    }

    fn code(&mut self, user: &str) -> String {
        let issued = self.issue(user);
        assert_eq!(issued.status, 201, "{issued:?}");
        json_of(&issued)["temporaryAccessPass"].as_str().unwrap().to_owned()
    }
}

fn passes_of(user: &str) -> String {
    format!("users/{user}/authentication/temporaryAccessPassMethods")
}

fn of(user: &str) -> String {
    Pass { user: user.into(), ..Pass::many("p") }.mint()
}

#[test]
fn a_pass_lets_in_whom_the_server_knows_by_name_or_id_and_has_in_a_group_that_is_targeted() {
    let mut site = Asking::new(&policy(&hires(), &json!([])));
    for (user, typed) in [("alice@example.com", ""), ("a-1", "ALICE@example.com"), ("Alice@Example.com", "A-1")] {
        let (exchange, outcome) = site.sign_in(typed, &of(user));
        assert_eq!((exchange.status, outcome), (200, Outcome::Done), "{user}: {exchange:?}");
        assert_eq!(json_of(&exchange)["user"], "a-1", "one identity everywhere: the server's id");
    }
    // A pass says nothing about groups here.
    let claimed = Pass { user: "bob@example.com".into(), groups: Some(vec!["g-hires".into()]), ..Pass::many("p") };
    for (pass, typed, refusal) in [
        (claimed.mint(), "", Refusal::OutOfScope),
        (of("nobody@example.com"), "", Refusal::OutOfScope),
        (of("alice@example.com"), "bob@example.com", Refusal::WrongUser),
        (of("nobody@example.com"), "alice@example.com", Refusal::WrongUser),
    ] {
        let (exchange, outcome) = site.sign_in(typed, &pass);
        assert_eq!(outcome, Outcome::Refused(refusal), "{exchange:?}");
    }
}

#[test]
fn a_pass_that_is_not_authentic_asks_nobody() {
    let mut site = Asking::new(&policy(&hires(), &json!([])));
    let forged = Pass { key: 9, ..Pass::many("p") }.mint();
    assert_eq!(site.sign_in("", &forged).1, Outcome::Refused(Refusal::BadSignature));
    assert_eq!(site.beside.asked, Vec::<String>::new());
}

#[test]
fn whoever_is_deactivated_between_issue_and_sign_in_is_out_of_scope() {
    let mut site = Asking::new(&policy(&hires(), &json!([])));
    let code = site.code("alice@example.com");
    site.beside.set("alice@example.com", "active", json!(false));
    site.now += 60;
    assert_eq!(site.sign_in("", &of("alice@example.com")).1, Outcome::Refused(Refusal::OutOfScope));
    assert_eq!(site.sign_in("alice@example.com", &code).1, Outcome::Refused(Refusal::UnknownCode));
    // The pass stays where it was, and can be seen and taken back.
    let seen = site.call("GET", &passes_of("alice@example.com"), "root@example.com", PRIVILEGED, None);
    let standing = &json_of(&seen)["value"];
    assert_eq!(standing.as_array().unwrap().len(), 1, "{seen:?}");
    assert_eq!(standing[0]["methodUsabilityReason"], "DisabledByPolicy", "it could not be signed in with");
    let again = site.issue("alice@example.com");
    assert_eq!(again.status, 400);
    assert!(again.body.contains("not active"), "{again:?}");
    site.beside.set("alice@example.com", "active", json!(true));
    assert_eq!(site.sign_in("alice@example.com", &code).1, Outcome::Done);
}

#[test]
fn a_server_that_is_down_lets_nobody_in_and_operators_are_told_which_it_was() {
    let mut site = Asking::new(&policy(&json!([{"targetType": "group", "id": "all_users"}]), &json!([])));
    let code = site.code("alice@example.com");
    site.beside.down = true;
    for (typed, pass) in [("", of("alice@example.com")), ("alice@example.com", code.clone()), ("nobody", code)] {
        let (exchange, outcome) = site.sign_in(typed, &pass);
        assert_eq!(outcome, Outcome::Refused(Refusal::DirectoryUnavailable));
        assert_eq!((exchange.status, exchange.reason().as_str()), (503, "directory_unavailable"));
        assert_eq!(exchange.header("retry-after"), Some("2"));
        assert_eq!((site.beside.loads, site.beside.swaps), (0, 0), "nothing is used up");
    }
    let issued = site.issue("alice@example.com");
    assert_eq!(issued.status, 503);
    assert!(issued.body.contains("directory of users"), "{issued:?}");
}

#[test]
fn a_typed_code_tells_nobody_whether_there_is_such_a_user() {
    let mut site = Asking::new(&policy(&json!([{"targetType": "group", "id": "all_users"}]), &json!([])));
    let code = site.code("alice@example.com");
    site.beside.set("bob@example.com", "active", json!(false));
    let mut answers = Vec::new();
    for name in ["alice@example.com", "bob@example.com", "root@example.com", "nobody@example.com", "a-1"] {
        let (exchange, outcome) = site.sign_in(name, "WRNGWRNG");
        assert_eq!(outcome, Outcome::Refused(Refusal::UnknownCode), "{name}");
        let shapes: Vec<_> = site.beside.asked.iter().map(|path| path.split("eq").next().unwrap().to_owned()).collect();
        answers.push((exchange.status, exchange.body, shapes, site.beside.loads, site.beside.swaps));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(site.sign_in("alice@example.com", &code).1, Outcome::Done);
    assert_eq!(site.sign_in("a-1", &code).1, Outcome::Refused(Refusal::UnknownCode), "the id is nobody's name");
}

#[test]
fn reach_is_judged_by_the_roles_that_the_server_says() {
    let mut site = Asking::new(&policy(&json!([{"targetType": "group", "id": "all_users"}]), &json!([])));
    let mut issue =
        |user: &str, by: &str| site.call("POST", &passes_of(user), by, AUTHENTICATION, Some(&json!({}))).status;
    assert_eq!(issue("alice@example.com", "helper@example.com"), 201);
    assert_eq!(issue("a-1", "h-4"), 201);
    assert_eq!(issue("root@example.com", "helper@example.com"), 403, "beyond their reach");
    assert_eq!(issue("helper@example.com", "helper@example.com"), 403, "nobody issues for themselves");
    assert_eq!(issue("HELPER@example.com", "h-4"), 403, "by whatever name");
    assert_eq!(issue("nobody@example.com", "helper@example.com"), 404);
    assert_eq!(issue("alice@example.com", "alice"), 403, "a caller whom nobody knows may be her");
    site.beside.set("helper@example.com", "active", json!(false));
    assert_eq!(
        site.call("POST", &passes_of("alice@example.com"), "helper@example.com", AUTHENTICATION, Some(&json!({})))
            .status,
        403
    );
    site.beside.set("bob@example.com", "userType", json!("Guest"));
    let guest = site.issue("bob@example.com");
    assert!(guest.status == 400 && guest.body.contains("guest"), "{guest:?}");
}

/// RFC 7643 lets a server leave out what it does not know, and what there is none of.
#[test]
fn roles_that_a_server_may_leave_out_are_unknown() {
    let mut lax = policy(&json!([{"targetType": "group", "id": "all_users"}]), &json!([]));
    lax["directory"] = json!({"scim": {}});
    let mut site = Asking::new(&lax);
    site.beside.set("alice@example.com", "roles", json!(null));
    let mut issue = |role: &str| {
        site.call("POST", &passes_of("alice@example.com"), "helper@example.com", role, Some(&json!({}))).status
    };
    assert_eq!(issue(AUTHENTICATION), 403);
    assert_eq!(issue(PRIVILEGED), 201);
}

#[test]
fn whoever_may_not_ask_about_anybody_is_not_told_who_exists() {
    let mut site = Asking::new(&policy(&hires(), &json!([])));
    for user in ["alice@example.com", "nobody@example.com"] {
        let denied = site.call("POST", &passes_of(user), "bob@example.com", "Message Center Reader", Some(&json!({})));
        assert_eq!(denied.status, 403);
        assert!(
            site.beside.asked.iter().all(|path| !path.contains("alice") && !path.contains("nobody")),
            "{:?}",
            site.beside.asked
        );
    }
}

#[test]
fn a_session_carries_the_groups_so_that_a_tightened_policy_ends_it() {
    let mut site = Asking::new(&policy(&json!([{"targetType": "group", "id": "all_users"}]), &json!([])));
    let (exchange, _) = site.sign_in("", &of("alice@example.com"));
    let cookie = |exchange: &Exchange| {
        let cookies = exchange.headers.iter().filter(|(name, _)| name == "set-cookie");
        cookies.map(|(_, value)| value.split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
    };
    let cookie = cookie(&exchange);
    let status = |site: &mut Asking| site.send(Ask::fetch("GET", "/.tap/status").header("cookie", &cookie)).0;
    assert_eq!(json_of(&status(&mut site))["state"], "registering");
    assert_eq!(site.beside.asked, Vec::<String>::new(), "a session asks nobody");
    let everybody = json!([{"targetType": "group", "id": "all_users"}]);
    let tightened = policy(&everybody, &json!([{"targetType": "group", "id": "g-leavers"}]));
    site.gate = Gate::new(compile(tightened.to_string().as_bytes(), &|_| None).unwrap());
    assert_eq!(json_of(&status(&mut site))["state"], "registering");
    let tightened = policy(&everybody, &hires());
    site.gate = Gate::new(compile(tightened.to_string().as_bytes(), &|_| None).unwrap());
    assert_ne!(json_of(&status(&mut site))["state"], "registering");
}

#[test]
fn a_target_is_an_id_and_never_a_name() {
    let with = |id: &str| policy(&json!([{"targetType": "user", "id": id}]), &json!([]));
    let defects = |id: &str| match compile(with(id).to_string().as_bytes(), &|_| None) {
        Ok(_) => String::new(),
        Err(defects) => defects.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    };
    assert_eq!(defects("a-1"), "");
    assert!(
        defects("alice@example.com").contains("the `id` that the SCIM server has"),
        "{}",
        defects("alice@example.com")
    );
    let mut site = Asking::new(&with("a-1"));
    assert_eq!(site.sign_in("", &of("alice@example.com")).1, Outcome::Done);
    assert_eq!(site.sign_in("", &of("bob@example.com")).1, Outcome::Refused(Refusal::OutOfScope));
    // Whatever the case of the id in the policy, an exclusion excludes.
    let but = json!([{"targetType": "user", "id": "A-1"}]);
    let mut site = Asking::new(&policy(&json!([{"targetType": "group", "id": "all_users"}]), &but));
    assert_eq!(site.sign_in("", &of("alice@example.com")).1, Outcome::Refused(Refusal::OutOfScope));
}

//! A code guessed at through two gates at once until it is dead, and where codes must not be found (7.6, 7.7).

use serde_json::{Value, json};
use tapgate_core::ledger::etcd::Keyspace;
use tapgate_core::ledger::{Guesses, Record, RecordName};
use tapgate_host_tests::client::{Browser, Call, Response};
use tapgate_host_tests::clock::{Clock, now};
use tapgate_host_tests::desk::{Desk, ISSUER};
use tapgate_host_tests::etcd::Etcd;
use tapgate_host_tests::gate::AUTHORITY;
use tapgate_host_tests::gates::GATES;
use tapgate_host_tests::pass::Pass;
use tapgate_host_tests::secrets::{Secrets, codes_found};

use crate::site::{MEMBERS, Site, policy, sign_in_at_last};

/// A month, in minutes: a hundred guesses, each as late as it has to be, take seventeen hours.
const LIFETIME: u32 = 43_200;

/// The longest that anybody has to wait before the next guess, in seconds.
const LONGEST_WAIT: u64 = 600;

/// How many guess together: few enough to be told apart from all that a code can bear, many enough to meet.
const TOGETHER: usize = 64;

/// Two gates whose clock stands where the test puts it, and a service desk.
struct Office {
    site: Site,
    etcd: Etcd,
    desk: Desk,
    clock: Clock,
    now: u64,
    /// Every code that was issued.
    codes: Vec<String>,
}

impl Office {
    async fn open() -> Self {
        let etcd = Etcd::start(MEMBERS).await;
        let begun = u64::try_from(now()).expect("after 1970");
        let clock = Clock::at(begun).expect("a clock");
        let desk = Desk::new(&Secrets::default());
        let policy = Desk::in_charge(policy(), &[AUTHORITY])
            .with("/temporaryAccessPass/maximumLifetimeInMinutes", LIFETIME)
            .with("/temporaryAccessPass/isUsableOnce", false);
        let (name, key) = desk.environment();
        let site = Site::with(&policy, &etcd, |setup| {
            let keys = ["TAPGATE_PASS_KEY", "TAPGATE_GATEWAY_KEY", "TAPGATE_UPSTREAM_KEY"];
            let values = keys.map(|name| (name, setup.value(name).expect("a key").to_owned()));
            let variables = values.iter().map(|(name, value)| (*name, value.as_str())).chain([(name, key.as_str())]);
            let path = |path: &str| [path.to_owned()];
            let setup = setup.variables(variables);
            let setup = setup.sign_in_at(&path("/sign-in"), &path("/.tap/sign-in"), &path("/.tap/graph/v1.0/"));
            clock.environment().iter().fold(setup, |setup, (name, value)| setup.variable(name, value))
        })
        .await;
        // Passes begin after the ledger: `Site` has waited, by the machine's clock.
        let now = begun + 60;
        clock.set(now).expect("the clock");
        Self { site, etcd, desk, clock, now, codes: Vec::new() }
    }

    fn later(&mut self, seconds: u64) {
        self.now += seconds;
        self.clock.set(self.now).expect("the clock");
    }

    async fn calls(&self, gate: usize, method: &str, path: &str, body: Option<Value>) -> Response {
        let now = i64::try_from(self.now).expect("before the year 292 billion");
        let token = format!("Bearer {}", self.desk.token_at(now, ISSUER));
        let target = format!("/.tap/graph/v1.0/users/{path}");
        let call = Call::new(method, &target).header("authorization", token);
        let call = match &body {
            Some(body) => call.json(body),
            None => call,
        };
        // etcd may be slow to answer on a busy machine.
        loop {
            let answer = self.site.browser(gate).send(call.clone()).await;
            if answer.status != 503 {
                return answer;
            }
        }
    }

    /// Has a pass issued; its id and code.
    async fn issues(&mut self, gate: usize, user: &str) -> (String, String) {
        let path = format!("{user}/authentication/temporaryAccessPassMethods");
        let answer = self.calls(gate, "POST", &path, Some(json!({"lifetimeInMinutes": LIFETIME}))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let pass = answer.json();
        let text = |name: &str| pass[name].as_str().expect("a text").to_owned();
        let code = text("temporaryAccessPass");
        self.codes.push(code.clone());
        (text("id"), code)
    }

    /// What the ledger has counted of wrong guesses at a user's code.
    async fn counted(&self, user: &str) -> Guesses {
        let tenant = "contoso".parse().expect("a tenant");
        let name = RecordName::of(&tenant, &user.parse().expect("a user"));
        let keyspace = Keyspace::of("/tapgate/", &tenant);
        let dump = self.etcd.dump(0).await;
        let record = dump.iter().find(|(key, _)| keyspace.name_of(key) == Some(name)).map(|(_, value)| value);
        let record = Record::decode(record.expect("a record")).expect("a record that can be read");
        record.pass.expect("a pass that stands").code.expect("one with a code").guesses
    }

    /// How often somebody who typed a code was refused so, over both gates.
    async fn refused(&self, reason: &str) -> u64 {
        let mut all = 0;
        for gate in 0..GATES {
            let counters = self.site.envoy(gate).stats(&format!("sign_in.refused.{reason}")).await;
            all += counters.values().sum::<u64>();
        }
        all
    }
}

async fn types(browser: &mut Browser, user: &str, code: &str) -> u16 {
    browser.submit("/.tap/sign-in", &[("username", user), ("pass", code)]).await.status
}

fn wrong(code: &str) -> String {
    let turned = if code.starts_with('0') { '1' } else { '0' };
    format!("{turned}{}", code.get(1..).expect("a code of ASCII"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_and_one_wrong_guesses_over_two_gates_kill_a_code_and_no_signed_pass() {
    let mut office = Office::open().await;
    let (_, code) = office.issues(0, "alice").await;
    let guess = wrong(&code);

    let together: Vec<_> = (0..TOGETHER)
        .map(|number| {
            let (mut browser, guess) = (office.site.browser(number), guess.clone());
            tokio::spawn(async move { types(&mut browser, "alice", &guess).await })
        })
        .collect();
    let mut unanswered = 0;
    for one in together {
        match one.await.expect("an answer") {
            401 => {}
            // Over a lost swap too many, or a slow member: it may have been counted, and never was compared without.
            503 => unanswered += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!(office.counted("alice").await.wrong, 5, "five are free, and then one waits");
    let told = [office.refused("unknown_code").await, office.refused("locked_out").await];
    let all = told.iter().sum::<u64>() + unanswered;
    assert_eq!(all, TOGETHER as u64, "each was counted as one thing: {told:?}, {unanswered} unanswered");
    assert!(told[0] <= 5, "{told:?}");

    let mut number = 0;
    while !office.counted("alice").await.is_dead() {
        office.later(LONGEST_WAIT);
        let before = office.counted("alice").await.wrong;
        let status = types(&mut office.site.browser(number), "alice", &guess).await;
        assert!([401, 503].contains(&status), "{status}");
        let after = office.counted("alice").await.wrong;
        assert!(after == before + 1 || (status == 503 && after == before), "{before}, then {after}: {status}");
        number += 1;
    }
    assert_eq!(office.counted("alice").await.wrong, 100);
    office.later(LONGEST_WAIT);
    for gate in 0..GATES {
        assert_eq!(types(&mut office.site.browser(gate), "alice", &guess).await, 401, "the hundred-and-first");
        assert_eq!(types(&mut office.site.browser(gate), "alice", &code).await, 401, "dead, however long one waits");
    }
    let now = i64::try_from(office.now).expect("a time");
    let signed = Pass::new(&office.site.keys, "alice").valid(now, now + 3600).mint(&office.site.secrets);
    assert_eq!(sign_in_at_last(&mut office.site.browser(1), &signed).await.status, 303, "a signed pass still works");
    office.site.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_code_is_found_in_what_etcd_holds_or_in_any_log() {
    let mut office = Office::open().await;
    let mut ids = Vec::new();
    // One that is used, one that is guessed at, one that is replaced, and one that is deleted.
    for (gate, user) in [(0, "alice"), (1, "bob"), (0, "carol"), (1, "carol"), (0, "dave")] {
        ids.push(office.issues(gate, user).await.0);
        office.later(1);
    }
    let codes = office.codes.clone();
    let (head, tail) = codes[0].split_at(4);
    let typed = format!("{}-{}", head.to_lowercase(), tail.to_lowercase());
    assert_eq!(types(&mut office.site.browser(1), "alice", &typed).await, 303);
    assert_eq!(types(&mut office.site.browser(0), "bob", &codes[0]).await, 401, "another's");
    assert_eq!(types(&mut office.site.browser(0), "bob", &codes[1]).await, 303);
    assert_eq!(types(&mut office.site.browser(1), "carol", &codes[2]).await, 401, "replaced");
    let path = format!("dave/authentication/temporaryAccessPassMethods/{}", ids[4]);
    assert_eq!(office.calls(1, "DELETE", &path, None).await.status, 204);
    assert_eq!(types(&mut office.site.browser(0), "dave", &codes[4]).await, 401, "deleted");

    let holds = |text: &[u8], id: &str| text.windows(id.len()).any(|window| window == id.as_bytes());
    let dump =
        office.etcd.dump(0).await.into_iter().flat_map(|(key, value)| [key, value].concat()).collect::<Vec<u8>>();
    assert!(holds(&dump, &ids[0]) && holds(&dump, &ids[3]), "the dump has what stands");
    assert_eq!(codes_found(&codes, &dump), [""; 0], "a code in etcd");
    for (gate, id) in ids.iter().enumerate().take(GATES) {
        let log = office.site.envoy(gate).log();
        assert!(log.text().contains(id), "the log tells which pass");
        assert_eq!(codes_found(&codes, log.text().as_bytes()), [""; 0], "a code in a gate's log");
    }
    for member in 0..MEMBERS {
        assert_eq!(codes_found(&codes, office.etcd.log(member).as_bytes()), [""; 0], "a code in etcd's log");
    }
    office.site.stop();
}

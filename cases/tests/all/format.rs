//! The case format: what is wrong with a file is said where it stands, and a case that is wrong about the gate fails in
//! words that name step, expectation and finding.

use tapgate_cases::case::CaseFile;
use tapgate_cases::native::Native;
use tapgate_cases::policy::PolicyDocument;
use tapgate_cases::run::{RunError, run};
use tapgate_cases::site::{Host, Setup, Site, Trouble};

const POLICY: &str = include_str!("../../../policies/entra-default.yaml");

fn flaws(text: &str) -> Vec<String> {
    CaseFile::read(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// A file of one case with these steps.
fn file(steps: &str) -> String {
    format!("passes:\n  alice: {{user: alice}}\ncases:\n- name: A case\n  shows: [4.3]\n  steps:\n{steps}")
}

fn play(steps: &str) -> Result<(), RunError> {
    let cases = CaseFile::read(&file(steps)).unwrap_or_else(|flaws| panic!("{flaws:#?}"));
    run(&PolicyDocument::read(POLICY).unwrap(), &cases.cases[0], &Native)
}

#[test]
fn flaws_are_named_where_they_stand() {
    for (steps, wanted) in [
        (
            "  - {request: GET /, expects: {}}\n",
            "7:22: `cases[0].steps[0].expects`: is not a field of a case file; expected `expect`",
        ),
        ("  - {request: GET /}\n", "7:5: `cases[0].steps[0].expect`: is missing"),
        (
            "  - {request: GET, expect: {}}\n",
            "7:6: `cases[0].steps[0].request`: found `GET`; expected a method and a path",
        ),
        (
            "  - {signIn: <bob>, expect: {}}\n",
            "7:6: `cases[0].steps[0].signIn`: found `<bob>`; expected a pass that is defined: `<alice>`",
        ),
        (
            "  - {request: GET /, signIn: alice, expect: {}}\n",
            "7:5: `cases[0].steps[0]`: found both `request` and `signIn`",
        ),
        ("  - {request: GET /, expect: {reason: used}}\n", "7:31: `cases[0].steps[0].expect.reason`: found `used`"),
        ("  - {at: soon}\n", "7:6: `cases[0].steps[0].at`: found `soon`; expected a span of time"),
        ("  - {at: +2m}\n  - {at: +1m}\n", "8:5: `cases[0].steps[1]`: found a time before the step above"),
        ("  - {at: +2m, expect: {status: 200}}\n", "7:5: `cases[0].steps[0]`: found parts of a request without one"),
        (
            "  - {request: POST /, form: {a: b}, body: x, expect: {}}\n",
            "7:5: `cases[0].steps[0]`: found several bodies",
        ),
        ("  - {policy: {a..b: 1}}\n", "7:15: `cases[0].steps[0].policy.a..b`: found a name that is no path"),
    ] {
        let found = flaws(&file(steps));
        assert!(found.iter().any(|flaw| flaw.starts_with(wanted)), "{steps}{found:#?}");
    }
    let whole =
        [("cases: []\n", "1:1: `cases`"), ("passes: {}\n", "1:1: `cases`: is missing"), ("[]", "1:1: `the document`")];
    for (text, wanted) in whole {
        assert!(flaws(text).iter().any(|flaw| flaw.starts_with(wanted)), "{text}: {:#?}", flaws(text));
    }
    for (not_on, wanted) in [
        (
            "{nginx: never}",
            "2:21: `cases[0].notOn.nginx`: found a host `nginx`; expected one of `wasmtime`, `envoy`, `serve`",
        ),
        ("{native: never}", "2:21: `cases[0].notOn.native`: found a host `native`"),
        ("{envoy: ''}", "2:21: `cases[0].notOn.envoy`: found ``; expected why this host cannot carry the case"),
        ("[envoy]", "2:13: `cases[0].notOn`: found a list; expected a section with fields"),
    ] {
        let text = format!("cases:\n- {{name: A, notOn: {not_on}, shows: [4.3], steps: []}}\n");
        let found = flaws(&text);
        assert!(found.iter().any(|flaw| flaw.starts_with(wanted)), "{text}{found:#?}");
    }
    let shows = "cases:\n- {name: A, shows: [four], steps: []}\n";
    assert!(flaws(shows)[0].starts_with("2:21: `cases[0].shows[0]`: found `four`; expected a statement's number"));
}

#[test]
fn a_wrong_expectation_fails_with_what_was_expected_and_found() {
    let Err(RunError::Failed(failure)) = play(
        "  - {signIn: alice, expect: {status: 303}}\n  - request: GET /account\n    as: page\n    expect: {status: 200, location: /account, forwarded: true, audit: []}\n",
    ) else {
        panic!("the case should have failed");
    };
    assert_eq!(
        failure.to_string(),
        "8:5: case `A case`, step 2 (GET /account)\n  status\n    expected  200\n    found     303\n  location\n    \
         expected  /account\n    found     /register\n  forwarded\n    expected  true\n    found     false"
    );
}

/// Every expectation can fail: none of them looks at nothing.
#[test]
fn each_kind_of_expectation_notices() {
    for (expectation, what) in [
        ("status: 200", "status"),
        ("reason: expired", "reason"),
        ("location: /elsewhere", "location"),
        ("forwarded: true", "forwarded"),
        ("seen: {tapgate-user: alice}", "seen.tapgate-user"),
        ("seen: {tapgate-user: <any>}", "seen.tapgate-user"),
        ("seenCookies: {app: \"1\"}", "seenCookies.app"),
        ("assertion: {sub: alice}", "assertion.sub"),
        ("headers: {cache-control: null}", "headers.cache-control"),
        ("sets: []", "sets"),
        ("clears: [__Host-tapgate]", "clears"),
        ("attributes: {__Host-tapgate: Path=/}", "attributes.__Host-tapgate"),
        ("json: {state: registering}", "json.state"),
        ("says: Hello", "says"),
        ("audit: []", "audit"),
    ] {
        let played = play(&format!("  - {{signIn: alice, expect: {{{expectation}}}}}\n"));
        let Err(RunError::Failed(failure)) = played else { panic!("`{expectation}` noticed nothing") };
        assert_eq!(failure.mismatches.len(), 1, "{failure}");
        assert_eq!(failure.mismatches[0].what, what, "{failure}");
    }
}

#[test]
fn a_case_that_cannot_be_played_says_why() {
    let policy = play("  - {policy: {tenant.name: x}}\n").unwrap_err();
    assert!(policy.to_string().contains("`tenant.name`: found no such place"), "{policy}");
    let Err(RunError::Host { trouble, .. }) = play("  - {policy: {registration.then: goOn}}\n") else {
        panic!("a policy that does not compile was loaded");
    };
    assert!(trouble.cause.to_string().contains("`registration.then`: found `goOn`"), "{}", trouble.cause);
    let cookie = play("  - {request: GET /, headers: {cookie: a=<cookie a>}, expect: {}}\n").unwrap_err();
    assert!(matches!(cookie, RunError::Host { .. }), "{cookie}");
}

#[test]
fn the_example_in_the_documentation_can_be_played() {
    let page = include_str!("../../../docs/cases.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let file = CaseFile::read(example).unwrap_or_else(|flaws| panic!("{flaws:#?}"));
    assert_eq!(file.cases.len(), 1);
    run(&PolicyDocument::read(POLICY).unwrap(), &file.cases[0], &Native).unwrap();
}

/// The rules themselves, under the name of a host that a case may be left out on.
struct Named(&'static str);

impl Host for Named {
    fn name(&self) -> &'static str {
        self.0
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Site>, Trouble> {
        Native.start(setup)
    }
}

#[test]
fn a_case_is_left_out_where_it_says_so_and_nowhere_else() {
    let text = "cases:\n- name: A\n  shows: [4.3]\n  notOn: {envoy: it cannot}\n  steps:\n  - {request: GET /, expect: {status: 418}}\n";
    let cases = CaseFile::read(text).unwrap();
    let policy = PolicyDocument::read(POLICY).unwrap();
    let played = |host: &dyn Host| run(&policy, &cases.cases[0], host).unwrap_err();
    let left_out = played(&Named("envoy"));
    assert_eq!(left_out.to_string(), "case `A` is not for this host: it cannot");
    for host in [&Native as &dyn Host, &Named("wasmtime")] {
        assert!(matches!(played(host), RunError::Failed(_)), "{}", host.name());
    }
    // Whoever wants to see why plays it all the same.
    assert!(matches!(tapgate_cases::run::play(&policy, &cases.cases[0], &Named("envoy")), Err(RunError::Failed(_))));
}

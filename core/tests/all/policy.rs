//! Policy documents: every defect at once, each with its path and a mend; nothing loads that does not compile (section 2).

use serde_json::{Value, json};
use tapgate_core::policy::{LedgerPlace, compile};

use super::site::{key, policy, policy_with};

fn defects(document: &Value) -> Vec<String> {
    match compile(document.to_string().as_bytes(), &|name| (name == "SET").then(|| key(9))) {
        Ok(_) => Vec::new(),
        Err(defects) => defects.iter().map(ToString::to_string).collect(),
    }
}

#[track_caller]
fn check(document: &Value, path: &str) {
    let found = defects(document);
    assert!(found.iter().any(|defect| defect.starts_with(&format!("`{path}`: "))), "{path} in {found:#?}");
}

#[test]
fn the_defaults_need_little() {
    assert_eq!(defects(&policy()), Vec::<String>::new());
    assert_eq!(defects(&json!({"tenants": [policy_with("/hosts", json!(["*"]))]})), Vec::<String>::new());
    assert_eq!(defects(&policy_with("/keys/pass", json!([{"id": "k", "env": "SET"}]))), Vec::<String>::new());
}

#[test]
fn one_wrong_value_is_named_by_its_path() {
    for (pointer, value, path) in [
        ("/version", json!(2), "version"),
        ("/tenant", json!("Contoso"), "tenant"),
        ("/hosts", json!([]), "hosts"),
        ("/hosts", json!(["GATE"]), "hosts[0]"),
        ("/hosts", json!(["a", "gate:8443"]), "hosts[1]"),
        ("/hosts", json!(["a.*"]), "hosts[0]"),
        ("/hosts", json!(["a", "a"]), "hosts"),
        ("/issuer", json!(""), "issuer"),
        ("/clockSkewInSeconds", json!(121), "clockSkewInSeconds"),
        ("/clockSkewInSeconds", json!("30"), "clockSkewInSeconds"),
        ("/keys/pass", json!([]), "keys.pass"),
        ("/keys/pass", json!([{"id": "k", "value": "c2hvcnQ="}]), "keys.pass[0].value"),
        ("/keys/pass", json!([{"id": "k", "value": "***"}]), "keys.pass[0].value"),
        ("/keys/pass", json!([{"id": "k", "env": "UNSET"}]), "keys.pass[0].env"),
        ("/keys/pass", json!([{"id": "k"}]), "keys.pass[0]"),
        ("/keys/pass", json!([{"id": "k", "value": key(1)}, {"id": "k", "value": key(8)}]), "keys.pass[1].id"),
        ("/keys/pass", json!([{"id": "k", "value": key(2)}]), "keys.gateway[0].value"),
        ("/temporaryAccessPass/state", json!("on"), "temporaryAccessPass.state"),
        ("/temporaryAccessPass/state", json!(true), "temporaryAccessPass.state"),
        ("/temporaryAccessPass/defaultLength", json!(7), "temporaryAccessPass.defaultLength"),
        ("/temporaryAccessPass/minimumLifetimeInMinutes", json!(9), "temporaryAccessPass.minimumLifetimeInMinutes"),
        ("/temporaryAccessPass/minimumLifetimeInMinutes", json!(481), "temporaryAccessPass.minimumLifetimeInMinutes"),
        (
            "/temporaryAccessPass/maximumLifetimeInMinutes",
            json!(43_201),
            "temporaryAccessPass.maximumLifetimeInMinutes",
        ),
        ("/temporaryAccessPass/maximumLifetimeInMinutes", json!(59), "temporaryAccessPass.maximumLifetimeInMinutes"),
        ("/temporaryAccessPass/defaultLifetimeInMinutes", json!(481), "temporaryAccessPass.defaultLifetimeInMinutes"),
        ("/temporaryAccessPass/includeTargets", json!([]), "temporaryAccessPass.includeTargets"),
        (
            "/temporaryAccessPass/includeTargets",
            json!([{"targetType": "groups", "id": "x"}]),
            "temporaryAccessPass.includeTargets[0].targetType",
        ),
        (
            "/temporaryAccessPass/excludeTargets",
            json!([{"targetType": "group", "id": "all_users"}]),
            "temporaryAccessPass.excludeTargets",
        ),
        ("/directory", json!("closed"), "directory"),
        ("/directory", json!({"users": [{"id": "a"}, {"id": "b", "userPrincipalName": "A"}]}), "directory.users[1]"),
        ("/signIn/path", json!("sign-in"), "signIn.path"),
        ("/signIn/path", json!("/.tap/sign-in"), "basePath"),
        ("/signIn/passField", json!("username"), "signIn.passField"),
        ("/registration/page", json!("/elsewhere"), "registration.page"),
        ("/registration/page", json!("https://x/register"), "registration.page"),
        ("/registration/page", json!("/register/../x"), "registration.page"),
        ("/registration/allow", json!(["/register", "/*"]), "registration.allow[1]"),
        ("/registration/allow", json!(["/register", "/a*"]), "registration.allow[1]"),
        ("/registration/allow", json!(["/register", "/webauthn/*", "/.tap/*"]), "basePath"),
        ("/registration/completedBy", json!([]), "registration.completedBy"),
        ("/registration/completedBy", json!([{}]), "registration.completedBy[0]"),
        (
            "/registration/completedBy",
            json!([{"response": {"path": "/other", "status": [200]}}]),
            "registration.completedBy[0].response.path",
        ),
        (
            "/registration/completedBy",
            json!([{"response": {"path": "/webauthn/x", "status": []}}]),
            "registration.completedBy[0].response.status",
        ),
        (
            "/registration/completedBy",
            json!([{"response": {"path": "/webauthn/x", "status": [500]}}]),
            "registration.completedBy[0].response.status[0]",
        ),
        (
            "/registration/completedBy",
            json!([{"response": {"path": "/webauthn/x", "status": [200]}}]),
            "registration.then",
        ),
        ("/registration/windowInMinutes", json!(0), "registration.windowInMinutes"),
        ("/registration/retries", json!(11), "registration.retries"),
        ("/registration/cookies", json!("open"), "registration.cookies"),
        ("/session", json!({"cookie": "tapgate"}), "session.cookie"),
        ("/session", json!({"cookie": "__Host-tapgate-holder"}), "session.cookie"),
        ("/session", json!({"maximumInMinutes": 1441}), "session.maximumInMinutes"),
        ("/session", json!({"maximumInMinutes": 9}), "session.maximumInMinutes"),
        ("/signIn/userField", json!("return_to"), "signIn.userField"),
        ("/upstream", json!({"userHeader": "cookie"}), "upstream.userHeader"),
        ("/upstream", json!({"userHeader": "x-original-url"}), "upstream.userHeader"),
        ("/upstream", json!({"userHeader": "x-forwarded-user"}), "upstream.userHeader"),
        ("/ledger", json!("redis"), "ledger"),
        ("/ledger", json!({"sharedData": {"maximumRecords": 0}}), "ledger.sharedData.maximumRecords"),
        ("/ledger", json!({"sharedData": {}, "etcd": {}}), "ledger"),
        ("/ledger", json!({"etcd": {"recheckInSeconds": 61}}), "ledger.etcd.recheckInSeconds"),
        ("/ledger", json!({"etcd": {"usernameEnv": "SET"}}), "ledger.etcd"),
        ("/ledger", json!({"etcd": {"passwordEnv": "SET"}}), "ledger.etcd"),
        ("/ledger", json!({"etcd": {"usernameEnv": "UNSET", "passwordEnv": "SET"}}), "ledger.etcd.usernameEnv"),
        ("/ledger", json!({"etcd": {"usernameEnv": "SET", "passwordEnv": "UNSET"}}), "ledger.etcd.passwordEnv"),
        ("/admin", json!({}), "admin.hosts"),
        (
            "/admin",
            json!({"hosts": ["a"], "caps": {"Authentication Administrator": {"isUsableOnce": 1}}}),
            "admin.caps.Authentication Administrator.isUsableOnce",
        ),
        ("/pages", json!({"colour": "red"}), "pages.colour"),
        ("/basePath", json!("/"), "basePath"),
        ("/basePath", json!("/tap/"), "basePath"),
        ("/basePath", json!("/register"), "basePath"),
        ("/signin", json!({}), "signin"),
        ("/keys/pass/0/kid", json!("x"), "keys.pass[0]"),
    ] {
        check(&policy_with(pointer, value), path);
    }
}

#[test]
fn etcds_user_comes_from_the_environment_and_is_never_shown() {
    let document = policy_with("/ledger", json!({"etcd": {"usernameEnv": "USER", "passwordEnv": "PASSWORD"}}));
    let read = |user: &'static str, password: &'static str| {
        let value = move |name: &str| match name {
            "USER" => Some(user.to_owned()),
            "PASSWORD" => Some(password.to_owned()),
            _ => None,
        };
        match compile(document.to_string().as_bytes(), &value) {
            Ok(compiled) => match &compiled.policies[0].ledger {
                LedgerPlace::Etcd(etcd) => {
                    vec![String::from_utf8(etcd.credentials.as_ref().unwrap().call().body.to_vec()).unwrap()]
                }
                LedgerPlace::SharedData { .. } => panic!("etcd"),
            },
            Err(defects) => defects.iter().map(ToString::to_string).collect(),
        }
    };
    assert_eq!(read("tapgate", "s3cret"), [r#"{"name":"tapgate","password":"s3cret"}"#]);
    let broken = read("tapgate", "s3cret\n");
    assert!(
        broken[0].starts_with("`ledger.etcd.passwordEnv`: found a password that") && broken.len() == 1,
        "{broken:?}"
    );
    assert!(!broken[0].contains("s3cret"), "{broken:?}");
    assert!(read("", "s3cret")[0].starts_with("`ledger.etcd.usernameEnv`: found a user name that"));
    let pasted = policy_with("/ledger", json!({"etcd": {"usernameEnv": "SET", "passwordEnv": "s3cret"}}));
    assert!(defects(&pasted).len() == 1 && !defects(&pasted)[0].contains("s3cret"), "{:?}", defects(&pasted));
    let pasted = policy_with("/ledger", json!({"etcd": {"usernameEnv": "SET", "passwordEnv": "s3cret or two"}}));
    assert!(defects(&pasted).len() == 1 && !defects(&pasted)[0].contains("s3cret"), "{:?}", defects(&pasted));
}

#[test]
fn every_required_field_is_missed() {
    for field in
        ["version", "tenant", "hosts", "issuer", "audience", "keys", "temporaryAccessPass", "signIn", "registration"]
    {
        let mut document = policy();
        document.as_object_mut().unwrap().remove(field);
        check(&document, field);
    }
}

#[test]
fn all_defects_come_at_once_each_with_its_mend() {
    let document = json!({
        "version": "1", "tenant": "", "hosts": "x", "issuer": 5, "keys": {"pass": [{"id": "a", "value": "x"}]},
        "temporaryAccessPass": {"state": "yes", "isUsableOnce": "no"}, "signIn": {}, "registration": {"retries": -1},
        "sesion": {}, "basePath": 1,
    });
    let found = defects(&document);
    assert!(found.len() >= 18, "{found:#?}");
    assert!(found.iter().all(|defect| defect.contains("; expected ")), "{found:#?}");
    assert!(found.iter().any(|defect| defect == "`sesion`: is not a field of the policy; expected one of `version`, `tenant`, `hosts`, `issuer`, `audience`, `clockSkewInSeconds`, `keys`, `directory`, `temporaryAccessPass`, `signIn`, `registration`, `session`, `upstream`, `ledger`, `admin`, `pages`, `webhook`, `basePath`"), "{found:#?}");
    let typo = policy_with("/temporaryAccessPass/is_usable_once", json!(true));
    assert!(defects(&typo)[0].ends_with("expected `isUsableOnce`"), "{:?}", defects(&typo));
}

#[test]
fn a_field_twice_is_a_defect() {
    let text = policy().to_string().replacen("\"version\":1", "\"version\":1,\"version\":1", 1);
    let Err(defects) = compile(text.as_bytes(), &|_| None) else { panic!("a defect") };
    assert_eq!(defects[0].to_string(), "`version`: appears twice; expected each field once");
}

#[test]
fn what_is_no_json_is_one_defect() {
    for text in ["", "{", "\u{feff}{}", "[1,2", "version: 1", &"[".repeat(1000)] {
        let Err(defects) = compile(text.as_bytes(), &|_| None) else { panic!("{text}") };
        assert_eq!(defects.len(), 1, "{text}");
    }
    for other in [json!([]), json!("x"), json!(null), json!({"tenants": []}), json!({"tenants": {}, "x": 1})] {
        assert!(!defects(&other).is_empty(), "{other}");
    }
}

#[test]
fn tenants_keep_apart() {
    let second = |change: fn(&mut Value)| {
        let mut second = policy();
        second["tenant"] = json!("fabrikam");
        second["hosts"] = json!(["fabrikam.example"]);
        second["issuer"] = json!("https://fabrikam.example");
        for (index, purpose) in ["pass", "gateway", "upstream"].iter().enumerate() {
            second["keys"][purpose][0]["value"] = json!(key(20 + u8::try_from(index).unwrap()));
        }
        change(&mut second);
        json!({"tenants": [policy(), second]})
    };
    assert_eq!(defects(&second(|_| ())), Vec::<String>::new());
    assert_eq!(defects(&second(|p| p["keys"]["upstream"][0]["value"] = json!(key(3)))), Vec::<String>::new());
    check(&second(|p| p["tenant"] = json!("contoso")), "tenants[1].tenant");
    check(&second(|p| p["hosts"] = json!(["gate.example.com"])), "tenants[1].hosts");
    check(&second(|p| p["hosts"] = json!(["*"])), "tenants[1].hosts");
    check(&second(|p| p["issuer"] = json!("https://gate.example.com")), "tenants[1]");
    check(&second(|p| p["keys"]["pass"][0]["value"] = json!(key(1))), "tenants[1].keys.pass[0].value");
    check(&second(|p| p["keys"]["gateway"][0]["value"] = json!(key(2))), "tenants[1].keys.gateway[0].value");
    check(&second(|p| p["keys"]["upstream"][0]["value"] = json!(key(1))), "tenants[1].keys.upstream[0].value");
}

#[test]
fn no_defect_shows_a_key() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
    let short = policy_with("/keys/pass/0/value", json!(secret));
    let wrong = policy_with("/keys/pass/0/value", json!([secret]));
    let misplaced = policy_with("/keys/pass/0", json!(secret));
    let whole = policy_with("/keys/pass", json!(secret));
    let listed = policy_with("/keys/pass", json!([secret]));
    let as_name = policy_with("/keys/pass/0", json!({"id": "a", "env": secret}));
    let as_id = policy_with("/keys/pass/0", json!({"id": format!("{secret}="), "value": key(1)}));
    let as_field = policy_with("/keys/pass/0", json!({"id": "a", "value": key(1), secret: ""}));
    for document in [as_field, short, wrong, misplaced, whole, listed, as_name, as_id] {
        let found = defects(&document);
        assert!(!found.is_empty() && !found.iter().any(|defect| defect.contains(secret)), "{found:?}");
    }
}

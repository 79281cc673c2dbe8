//! Graph's API: its answers, its errors, and who may do what (section 11).

use serde_json::{Value, json};
use tapgate_core::audit::{Kind, Outcome};
use tapgate_core::ledger::Ledger;
use tapgate_core::time::UnixSeconds;

use crate::site::{self, Ask, Browser, Exchange, Pass, START, Site, jws};

const PASSES: &str = "users/alice@example.com/authentication/temporaryAccessPassMethods";
/// Where the policy is.
pub(crate) const CONFIGURATION: &str =
    "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/temporaryAccessPass";
/// What it is.
pub(crate) const CONFIGURATION_TYPE: &str = "#microsoft.graph.temporaryAccessPassAuthenticationMethodConfiguration";
pub(crate) const PRIVILEGED: &str = "Privileged Authentication Administrator";
const AUTHENTICATION: &str = "Authentication Administrator";
const READER: &str = "Global Reader";
pub(crate) const POLICY_ADMINISTRATOR: &str = "Authentication Policy Administrator";

/// A policy with an admin API, and these members of `temporaryAccessPass`.
pub(crate) fn policy(passes: &Value) -> Value {
    let mut policy = site::policy();
    policy["keys"]["admin"] = json!([{"id": "ad-1", "value": site::key(4)}]);
    policy["admin"] = json!({"hosts": ["admin.example.com"]});
    for (name, value) in passes.as_object().unwrap() {
        policy["temporaryAccessPass"][name] = value.clone();
    }
    policy
}

pub(crate) fn site_with(passes: &Value) -> Site {
    Site::new(&policy(passes))
}

fn claims(site: &Site, sub: &str, roles: &[&str]) -> Value {
    json!({
        "iss": "https://gate.example.com", "aud": "gate.example.com", "tid": "contoso",
        "sub": sub, "roles": roles, "iat": site.now, "exp": site.now + 3600,
    })
}

fn signed(claims: &Value) -> String {
    format!("Bearer {}", jws(r#"{"alg":"HS256","typ":"at+jwt","kid":"ad-1"}"#, &claims.to_string(), 4))
}

pub(crate) fn token(site: &Site, sub: &str, roles: &[&str]) -> String {
    signed(&claims(site, sub, roles))
}

pub(crate) fn ask(method: &str, path: &str) -> Ask {
    let mut ask = Ask::new(method, &format!("/.tap/graph/v1.0/{path}"));
    ask.authority = "admin.example.com".into();
    ask
}

pub(crate) fn call(site: &mut Site, method: &str, path: &str, token: &str, body: Option<&Value>) -> Exchange {
    let ask = ask(method, path).header("authorization", token).header("x-request-id", "6f1967b7");
    let ask = match body {
        Some(body) => ask.body("application/json", &body.to_string()),
        None => ask,
    };
    site.send(&mut Browser::default(), ask)
}

/// Issues a pass; its id and code.
pub(crate) fn create(site: &mut Site, user: &str, body: &Value) -> (String, String) {
    let token = token(site, "root@example.com", &[PRIVILEGED]);
    let path = format!("users/{user}/authentication/temporaryAccessPassMethods");
    let created = call(site, "POST", &path, &token, Some(body));
    assert_eq!(created.status, 201, "{created:?}");
    let pass: Value = serde_json::from_str(&created.body).unwrap();
    (pass["id"].as_str().unwrap().to_owned(), pass["temporaryAccessPass"].as_str().unwrap().to_owned())
}

pub(crate) fn json_of(exchange: &Exchange) -> Value {
    serde_json::from_str(&exchange.body).unwrap_or_else(|_| panic!("JSON: {exchange:?}"))
}

pub(crate) fn error(exchange: &Exchange) -> (u16, String, String) {
    let body = json_of(exchange);
    let text = |name: &str| body["error"][name].as_str().unwrap_or_else(|| panic!("{name}: {body}")).to_owned();
    assert!(body["error"]["innerError"]["date"].is_string(), "{body}");
    (exchange.status, text("code"), text("message"))
}

#[test]
fn a_pass_is_created_listed_got_and_deleted_as_in_graph() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    let start = UnixSeconds::new(START + 60).unwrap().to_string();
    let body = json!({"startDateTime": start, "lifetimeInMinutes": 90, "isUsableOnce": true});
    let created = call(&mut site, "POST", PASSES, &token, Some(&body));
    assert_eq!(created.status, 201);
    let pass = json_of(&created);
    let id = pass["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    assert_eq!(&id[14..15], "4", "a random UUID");
    assert_eq!(
        pass["@odata.context"],
        "https://admin.example.com/.tap/graph/v1.0/$metadata#users('alice@example.com')/authentication/temporaryAccessPassMethods/$entity"
    );
    assert_eq!(pass["createdDateTime"], "2026-11-24T08:00:00Z");
    assert_eq!(pass["startDateTime"], json!(start));
    assert_eq!((&pass["lifetimeInMinutes"], &pass["isUsableOnce"]), (&json!(90), &json!(true)));
    assert_eq!((&pass["isUsable"], &pass["methodUsabilityReason"]), (&json!(false), &json!("NotYetValid")));
    assert!(pass["temporaryAccessPass"].is_string());
    assert_eq!(created.header("cache-control"), Some("no-store"));
    assert_eq!(created.header("request-id"), Some("6f1967b7"));

    let list = json_of(&call(&mut site, "GET", PASSES, &token, None));
    assert_eq!(list["value"].as_array().unwrap().len(), 1);
    assert_eq!((&list["value"][0]["id"], &list["value"][0]["temporaryAccessPass"]), (&json!(id), &Value::Null));
    let got = json_of(&call(&mut site, "GET", &format!("{PASSES}/{id}"), &token, None));
    assert_eq!((&got["id"], &got["temporaryAccessPass"]), (&json!(id), &Value::Null));
    let methods = json_of(&call(&mut site, "GET", "users/alice@example.com/authentication/methods", &token, None));
    assert_eq!(methods["value"][0]["@odata.type"], "#microsoft.graph.temporaryAccessPassAuthenticationMethod");

    let gone = call(&mut site, "DELETE", &format!("{PASSES}/{id}"), &token, None);
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(error(&call(&mut site, "DELETE", &format!("{PASSES}/{id}"), &token, None)).0, 404);
    assert_eq!(json_of(&call(&mut site, "GET", PASSES, &token, None))["value"], json!([]));
    let kinds: Vec<Kind> = site.audit.iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&Kind::PassIssue) && kinds.contains(&Kind::PassDelete), "{kinds:?}");
}

#[test]
fn an_empty_body_takes_the_policys_defaults() {
    let mut site = site_with(&json!({"defaultLength": 12, "defaultLifetimeInMinutes": 120}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    let pass = json_of(&call(&mut site, "POST", PASSES, &token, Some(&json!({}))));
    assert_eq!((&pass["lifetimeInMinutes"], &pass["isUsableOnce"]), (&json!(120), &json!(false)));
    assert_eq!((&pass["isUsable"], &pass["methodUsabilityReason"]), (&json!(true), &json!("EnabledByPolicy")));
    assert_eq!(pass["temporaryAccessPass"].as_str().unwrap().len(), 12);
    let mut site = site_with(&json!({"isUsableOnce": true}));
    let pass = json_of(&call(&mut site, "POST", PASSES, &token, Some(&json!({"isUsableOnce": false}))));
    assert_eq!(pass["isUsableOnce"], true, "false is honoured only where the policy allows it");
}

#[test]
fn what_the_policy_does_not_allow_is_refused_in_graphs_words() {
    let mut site = site_with(&json!({}));
    let root = token(&site, "root@example.com", &[PRIVILEGED]);
    for lifetime in [json!(59), json!(481), json!(-1), json!(99_999_999_999_i64)] {
        let refused = call(&mut site, "POST", PASSES, &root, Some(&json!({"lifetimeInMinutes": lifetime})));
        let message = "Invalid LifetimeInMinutes specified. The valid range between 60 and 480.";
        assert_eq!(error(&refused), (400, "badRequest".into(), message.into()));
    }
    for start in ["2026-11-24T06:00:00Z", "2027-01-24T08:00:00Z"] {
        let refused = call(&mut site, "POST", PASSES, &root, Some(&json!({"startDateTime": start})));
        assert_eq!(error(&refused).0, 400, "{start}");
    }
    let mut disabled = site_with(&json!({"state": "disabled"}));
    assert_eq!(error(&call(&mut disabled, "POST", PASSES, &root, Some(&json!({})))).0, 400);
    let own = "users/root@elsewhere.example/authentication/temporaryAccessPassMethods";
    let refused = error(&call(&mut site, "POST", own, &root, Some(&json!({}))));
    let message = "Self-service operations are currently not supported for user root@elsewhere.example.";
    assert_eq!(
        refused,
        (403, "accessDenied".into(), message.into()),
        "under an open directory, whatever comes behind @"
    );
    let mut guests = policy(&json!({}));
    guests["directory"] = json!({"users": [{"id": "alice@example.com", "userType": "guest"}]});
    let refused = error(&call(&mut Site::new(&guests), "POST", PASSES, &root, Some(&json!({}))));
    assert_eq!(refused.2, "Temporary Access Pass cannot be added to an external guest user.");
}

#[test]
fn hostile_bodies_get_a_400_in_graphs_form() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    for body in ["[", "[]", "{\"a\":1}", &"[".repeat(9000), "{\"lifetimeInMinutes\":1,\"lifetimeInMinutes\":1}"] {
        let ask = ask("POST", PASSES).header("authorization", &token).body("application/json", body);
        let refused = site.send(&mut Browser::default(), ask);
        assert_eq!(error(&refused).0, 400, "{}", &body[..body.len().min(40)]);
    }
    let large = ask("POST", PASSES).header("authorization", &token).body("application/json", &" ".repeat(20_000));
    assert_eq!(error(&site.send(&mut Browser::default(), large)).0, 413);
    let form = ask("POST", PASSES).header("authorization", &token).form(&[("isUsableOnce", "true")]);
    assert_eq!(error(&site.send(&mut Browser::default(), form)).0, 415);
    assert_eq!(json_of(&call(&mut site, "GET", PASSES, &token, None))["value"], json!([]), "and nothing was issued");
}

#[test]
fn only_a_good_token_opens_anything() {
    let mut site = site_with(&json!({}));
    let good = claims(&site, "root@example.com", &[PRIVILEGED]);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&claims)
    };
    let now = site.now;
    let pass_key = jws(r#"{"alg":"HS256","typ":"at+jwt","kid":"pass-1"}"#, &good.to_string(), 1);
    let other_type = jws(r#"{"alg":"HS256","typ":"JWT","kid":"ad-1"}"#, &good.to_string(), 4);
    for bad in [
        String::new(),
        "Bearer".into(),
        "Bearer x".into(),
        signed(&good).replace("Bearer", "Basic"),
        format!("Bearer {pass_key}"),
        format!("Bearer {other_type}"),
        with("iss", json!("https://evil.example")),
        with("aud", json!("evil.example")),
        with("tid", json!("fabrikam")),
        with("exp", json!(now)),
        with("exp", json!(now + 3601)),
        with("iat", json!(now + 3600)),
        with("nbf", json!(now + 31)),
        with("sub", json!("")),
        with("roles", json!(PRIVILEGED)),
        with("roles", json!([1])),
        with("roles", json!(vec!["x"; 33])),
    ] {
        let refused = call(&mut site, "GET", PASSES, &bad, None);
        assert_eq!(error(&refused).0, 401, "{bad}");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"contoso\""));
    }
    assert_eq!(call(&mut site, "GET", PASSES, &signed(&good), None).status, 200);
    let without = site.send(&mut Browser::default(), ask("GET", PASSES));
    assert_eq!(error(&without).0, 401);
    let twice = ask("GET", PASSES).header("authorization", &signed(&good)).header("authorization", &signed(&good));
    assert_eq!(error(&site.send(&mut Browser::default(), twice)).0, 401);
}

#[test]
fn addresses_and_methods_that_are_not_there_are_told_so() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    for path in ["", "users", "users/alice", "me/authentication", "groups/x", &format!("{PASSES}/a/b")] {
        assert_eq!(error(&call(&mut site, "GET", path, &token, None)).0, 404, "{path}");
    }
    for (method, path, allow) in [
        ("PATCH", format!("{PASSES}/a"), "GET, DELETE"),
        ("DELETE", PASSES.to_owned(), "GET, POST"),
        ("OPTIONS", PASSES.to_owned(), "GET, POST"),
        ("HEAD", PASSES.to_owned(), "GET, POST"),
        ("POST", "me/authentication/temporaryAccessPassMethods".to_owned(), "GET"),
        ("POST", CONFIGURATION.to_owned(), "GET, PATCH, DELETE"),
    ] {
        let refused = call(&mut site, method, &path, &token, None);
        assert_eq!((refused.status, refused.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    // Not where people sign in, and not at all without a section `admin`.
    let mut elsewhere = ask("GET", PASSES).header("authorization", &token);
    elsewhere.authority = "gate.example.com".into();
    assert_eq!(site.send(&mut Browser::default(), elsewhere).status, 404);
    let mut none = Site::new(&site::policy());
    assert!(call(&mut none, "GET", PASSES, &token, None).forwarded.is_some(), "a host of nobody's");
}

/// A directory with one of each.
fn staffed() -> Value {
    let user = |id: &str, roles: &[&str]| json!({"id": id, "roles": roles});
    let mut policy = policy(&json!({}));
    policy["directory"] = json!({"users": [
        user("member", &[]),
        user("low", &["Password Administrator", "Reports Reader"]),
        user("helpdesk", &[AUTHENTICATION]),
        user("privileged", &[PRIVILEGED]),
        user("reader", &[READER]),
        user("global", &["Global Administrator"]),
        user("caller", &[]),
    ]});
    policy
}

/// A role; whose passes it may create, view and delete; whether it may view the policy.
type Row<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str], bool);

#[test]
fn every_role_does_what_the_table_says() {
    let everybody = ["member", "low", "helpdesk", "privileged", "reader", "global"];
    let below = ["member", "low", "helpdesk"];
    let nobody: [&str; 0] = [];
    let table: [Row<'_>; 7] = [
        (PRIVILEGED, &everybody, &everybody, &everybody, false),
        (AUTHENTICATION, &below, &below, &below, false),
        (READER, &nobody, &everybody, &nobody, true),
        (POLICY_ADMINISTRATOR, &nobody, &nobody, &nobody, true),
        ("User Administrator", &nobody, &nobody, &nobody, false),
        ("Global Administrator", &nobody, &nobody, &nobody, false),
        ("Password Administrator", &nobody, &nobody, &nobody, false),
    ];
    for (role, creates, views, deletes, policy) in table {
        for target in everybody {
            let mut site = Site::new(&staffed());
            let (id, _) = create(&mut site, target, &json!({}));
            let token = token(&site, "caller", &[role]);
            let path = format!("users/{target}/authentication/temporaryAccessPassMethods");
            let status = |of: &[&str], done: u16| if of.contains(&target) { done } else { 403 };
            let what = format!("{role} on {target}");
            assert_eq!(call(&mut site, "GET", &path, &token, None).status, status(views, 200), "{what}");
            assert_eq!(
                call(&mut site, "GET", &format!("{path}/{id}"), &token, None).status,
                status(views, 200),
                "{what}"
            );
            let methods = format!("users/{target}/authentication/methods");
            assert_eq!(call(&mut site, "GET", &methods, &token, None).status, status(views, 200), "{what}");
            assert_eq!(
                call(&mut site, "DELETE", &format!("{path}/{id}"), &token, None).status,
                status(deletes, 204),
                "{what}"
            );
            assert_eq!(call(&mut site, "POST", &path, &token, Some(&json!({}))).status, status(creates, 201), "{what}");
        }
        let mut site = Site::new(&staffed());
        let token = token(&site, "caller", &[role]);
        let status = |may: bool, done: u16| if may { done } else { 403 };
        let amends = role == POLICY_ADMINISTRATOR;
        let patch = json!({"@odata.type": CONFIGURATION_TYPE});
        assert_eq!(call(&mut site, "GET", CONFIGURATION, &token, None).status, status(policy, 200), "{role}");
        assert_eq!(call(&mut site, "PATCH", CONFIGURATION, &token, Some(&patch)).status, status(amends, 204), "{role}");
        assert_eq!(call(&mut site, "DELETE", CONFIGURATION, &token, None).status, status(amends, 204), "{role}");
        let own = "users/caller/authentication/temporaryAccessPassMethods";
        assert_eq!(call(&mut site, "POST", own, &token, Some(&json!({}))).status, 403, "{role}: for oneself");
        assert_eq!(call(&mut site, "GET", own, &token, None).status, 200, "{role}: one's own");
        let unknown = "users/nobody/authentication/temporaryAccessPassMethods";
        let may_know = !views.is_empty();
        assert_eq!(call(&mut site, "GET", unknown, &token, None).status, if may_know { 404 } else { 403 }, "{role}");
    }
}

#[test]
fn under_an_open_directory_only_the_privileged_reach_anybody() {
    for (role, create, view, delete) in
        [(PRIVILEGED, 201, 200, 404), (AUTHENTICATION, 403, 403, 403), (READER, 403, 200, 403)]
    {
        let mut site = site_with(&json!({}));
        let token = token(&site, "root@example.com", &[role]);
        assert_eq!(call(&mut site, "GET", PASSES, &token, None).status, view, "{role}");
        assert_eq!(call(&mut site, "POST", PASSES, &token, Some(&json!({}))).status, create, "{role}");
        assert_eq!(call(&mut site, "DELETE", &format!("{PASSES}/x"), &token, None).status, delete, "{role}");
    }
    // Nobody's pass is one's own because the names before @ are alike.
    let mut site = site_with(&json!({}));
    let (id, _) = create(&mut site, "alice@example.com", &json!({}));
    let token = token(&site, "alice@evil.example", &[]);
    assert_eq!(call(&mut site, "DELETE", &format!("{PASSES}/{id}"), &token, None).status, 403);
    assert_eq!(call(&mut site, "GET", PASSES, &token, None).status, 403);
}

#[test]
fn caps_bind_a_role_and_a_wider_role_frees_of_them() {
    let mut policy = staffed();
    policy["admin"]["caps"] = json!({AUTHENTICATION: {"maximumLifetimeInMinutes": 90, "isUsableOnce": true}});
    let mut site = Site::new(&policy);
    let path = "users/member/authentication/temporaryAccessPassMethods";
    let helpdesk = token(&site, "caller", &[AUTHENTICATION]);
    let refused = call(&mut site, "POST", path, &helpdesk, Some(&json!({"lifetimeInMinutes": 91})));
    assert_eq!(error(&refused).2, "Invalid LifetimeInMinutes specified. The valid range between 60 and 90.");
    let pass = json_of(&call(&mut site, "POST", path, &helpdesk, Some(&json!({"isUsableOnce": false}))));
    assert_eq!((&pass["lifetimeInMinutes"], &pass["isUsableOnce"]), (&json!(60), &json!(true)));
    let both = token(&site, "caller", &[AUTHENTICATION, PRIVILEGED]);
    let pass = json_of(&call(&mut site, "POST", path, &both, Some(&json!({"lifetimeInMinutes": 480}))));
    assert_eq!((&pass["lifetimeInMinutes"], &pass["isUsableOnce"]), (&json!(480), &json!(false)));
}

#[test]
fn a_reason_is_required_where_the_policy_says_so_and_is_audited() {
    let mut policy = policy(&json!({}));
    policy["admin"]["requireReason"] = json!(true);
    let mut site = Site::new(&policy);
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    assert_eq!(error(&call(&mut site, "POST", PASSES, &token, Some(&json!({})))).0, 400);
    let long = format!("{PASSES}?reason={}", "x".repeat(129));
    assert_eq!(error(&call(&mut site, "POST", &long, &token, Some(&json!({})))).0, 400);
    let created = call(&mut site, "POST", &format!("{PASSES}?reason=lost%20phone"), &token, Some(&json!({})));
    assert_eq!(created.status, 201);
    let event = site.audit.last().unwrap();
    let line = event.line(tapgate_core::audit::Origin::default());
    for part in [
        "\"statedReason\":\"lost phone\"",
        "\"by\":\"root@example.com\"",
        "\"user\":\"alice@example.com\"",
        "\"usage\":\"multiple\"",
        "\"end\":\"2026-11-24T09:00:00Z\"",
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let again = ask("POST", PASSES)
        .header("authorization", &token)
        .header("tapgate-reason", "again")
        .body("application/json", "{}");
    assert_eq!(site.send(&mut Browser::default(), again).status, 201);
    assert_eq!(site.audit.last().unwrap().kind, Kind::PassReplace);
    assert_eq!(call(&mut site, "GET", PASSES, &token, None).status, 200, "looking needs none");
}

#[test]
fn a_person_sees_and_gives_up_their_own_pass_and_issues_none() {
    let mut site = site_with(&json!({}));
    let mut browser = site.registering(&Pass::many("p-1"));
    let mine = "/.tap/graph/v1.0/me/authentication/temporaryAccessPassMethods";
    let list = json_of(&site.send(&mut browser, Ask::fetch("GET", mine)));
    assert_eq!(list["value"][0]["id"], "p-1");
    let methods = Ask::fetch("GET", "/.tap/graph/v1.0/me/authentication/methods");
    assert_eq!(site.send(&mut browser, methods).status, 200);
    let token = token(&site, "alice@example.com", &[PRIVILEGED]);
    let both = Ask::fetch("GET", mine).header("authorization", &token);
    assert_eq!(error(&site.send(&mut browser, both)).0, 400, "two callers at once");
    let other_site = Ask::new("DELETE", &format!("{mine}/p-1")).header("sec-fetch-site", "cross-site");
    assert_eq!(error(&site.send(&mut browser, other_site)).0, 403);
    assert_eq!(error(&site.send(&mut Browser::default(), Ask::fetch("GET", mine))).0, 401);
    assert_eq!(site.send(&mut browser, Ask::fetch("DELETE", &format!("{mine}/p-1"))).status, 204);
    assert_eq!(site.audit.last().unwrap().outcome, Outcome::Done);
    assert_eq!(site.send(&mut browser, Ask::fetch("GET", mine)).status, 401, "and the session with it");
}

#[test]
fn a_cookie_is_no_administrators_token() {
    let mut site = site_with(&json!({}));
    let mut browser = site.registering(&Pass::many("p-1"));
    let refused = site.send(&mut browser, ask("GET", PASSES));
    assert_eq!(error(&refused).0, 401);
}

#[test]
fn usability_is_what_a_sign_in_would_be_told() {
    let mut site = site_with(&json!({}));
    let root = token(&site, "root@example.com", &[PRIVILEGED]);
    let reason = |site: &mut Site, token: &str| {
        let list = json_of(&call(site, "GET", PASSES, token, None));
        list["value"][0]["methodUsabilityReason"].as_str().unwrap().to_owned()
    };
    let (_, code) = create(&mut site, "alice@example.com", &json!({"isUsableOnce": true}));
    assert_eq!(reason(&mut site, &root), "EnabledByPolicy");
    site.send(&mut Browser::default(), Ask::sign_in("alice@example.com", &code));
    assert_eq!(reason(&mut site, &root), "OneTimeUsed");
    site.reload(&policy(&json!({"isUsableOnce": true})));
    create(&mut site, "alice@example.com", &json!({}));
    site.reload(&policy(&json!({"state": "disabled"})));
    assert_eq!(reason(&mut site, &root), "DisabledByPolicy");
    site.now += 3600;
    let root = token(&site, "root@example.com", &[PRIVILEGED]);
    assert_eq!(reason(&mut site, &root), "Expired", "and it stays listed");
}

#[test]
fn the_policy_reads_as_graphs_resource() {
    let mut site =
        site_with(&json!({"defaultLength": 10, "excludeTargets": [{"targetType": "group", "id": "leavers"}]}));
    let token = token(&site, "root@example.com", &["authentication-policy-administrator"]);
    let policy = json_of(&call(&mut site, "GET", CONFIGURATION, &token, None));
    assert_eq!(policy["@odata.type"], CONFIGURATION_TYPE);
    assert_eq!((&policy["id"], &policy["state"]), (&json!("TemporaryAccessPass"), &json!("enabled")));
    for (name, value) in [
        ("defaultLength", 10),
        ("defaultLifetimeInMinutes", 60),
        ("minimumLifetimeInMinutes", 60),
        ("maximumLifetimeInMinutes", 480),
    ] {
        assert_eq!(policy[name], value, "{name}");
    }
    let target = json!([{"targetType": "group", "id": "all_users", "isRegistrationRequired": false}]);
    assert_eq!(policy["includeTargets"], target);
    assert_eq!(policy["excludeTargets"], json!([{"targetType": "group", "id": "leavers"}]));
}

#[test]
fn nothing_below_the_base_path_of_an_admin_host_goes_on() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    for path in
        ["/.tap/graph/v1.0", "/.tap/graph/beta/users", "/.tap/Graph/v1.0/users", "/.tap/", "/.tap", "/.tap/sign-in"]
    {
        let mut ask = Ask::new("GET", path).header("authorization", &token);
        ask.authority = "admin.example.com".into();
        let exchange = site.send(&mut Browser::default(), ask);
        assert_eq!((exchange.status, exchange.forwarded.is_none()), (404, true), "{path}");
    }
}

#[test]
fn a_wildcard_for_administrators_takes_no_other_tenants_host() {
    let mut other = policy(&json!({}));
    other["tenant"] = json!("fabrikam");
    other["hosts"] = json!(["b.example.com"]);
    other["issuer"] = json!("https://fabrikam.example");
    for (purpose, byte) in [("pass", 11), ("gateway", 12), ("upstream", 13), ("admin", 14)] {
        other["keys"][purpose] = json!([{"id": purpose, "value": site::key(byte)}]);
    }
    other["admin"] = json!({"hosts": ["*.example.com"]});
    let mut first = policy(&json!({}));
    first.as_object_mut().unwrap().remove("admin");
    let mut site = Site::new(&json!({"tenants": [first, other]}));
    let told = |site: &mut Site, host: &str| {
        let mut ask = Ask::new("GET", &format!("/.tap/graph/v1.0/{PASSES}"));
        ask.authority = host.into();
        let exchange = site.send(&mut Browser::default(), ask);
        (exchange.status, exchange.header("www-authenticate").map(str::to_owned))
    };
    let fabrikams = (401, Some("Bearer realm=\"fabrikam\"".to_owned()));
    assert_eq!(told(&mut site, "x.example.com"), fabrikams);
    assert_eq!(told(&mut site, "b.example.com"), fabrikams);
    assert_eq!(told(&mut site, "gate.example.com").0, 404, "another tenant's people sign in there");
}

#[test]
fn a_cap_that_would_cap_nothing_is_a_defect() {
    for caps in [
        json!({"Helpdesk Administrator": {}}),
        json!({"Authentication Admin": {}}),
        json!({AUTHENTICATION: {}, "authentication-administrator": {}}),
    ] {
        let mut policy = policy(&json!({}));
        policy["admin"]["caps"] = caps.clone();
        assert!(tapgate_core::policy::compile(policy.to_string().as_bytes(), &|_| None).is_err(), "{caps}");
    }
}

#[test]
fn whom_the_directory_does_not_know_issues_nothing_for_a_name_like_their_own() {
    let mut policy = staffed();
    policy["directory"]["users"][0]["userPrincipalName"] = json!("alice@example.com");
    let mut site = Site::new(&policy);
    let path = "users/member/authentication/temporaryAccessPassMethods";
    let alike = token(&site, "alice@corp.example", &[PRIVILEGED]);
    assert_eq!(call(&mut site, "POST", path, &alike, Some(&json!({}))).status, 403);
    let another = token(&site, "bob@corp.example", &[PRIVILEGED]);
    assert_eq!(call(&mut site, "POST", path, &another, Some(&json!({}))).status, 201);
}

#[test]
fn an_issue_in_doubt_is_audited_with_its_pass() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    let ask = ask("POST", PASSES).header("authorization", &token).body("application/json", "{}");
    let site::Site { gate, ledger, random, now, .. } = &mut site;
    let ledgers: [(&mut dyn Ledger, bool); 2] =
        [(&mut crate::codes::Gone, false), (&mut crate::codes::Full(ledger), true)];
    for (ledger, may_be_done) in ledgers {
        let (exchange, audit) = site::one_answer_and_audit(gate, ledger, random, *now, ask.clone());
        assert_eq!(error(&exchange).0, 503);
        assert_eq!((audit[0].kind, audit[0].outcome), (Kind::PassIssue, Outcome::Denied("ledger_unavailable")));
        assert_eq!(audit[0].pass.is_some(), may_be_done);
    }
}

#[test]
fn a_call_without_a_body_needs_no_content_type() {
    let mut site = site_with(&json!({}));
    let token = token(&site, "root@example.com", &[PRIVILEGED]);
    assert_eq!(call(&mut site, "POST", PASSES, &token, None).status, 201);
}

#[test]
fn an_admin_api_does_not_answer_at_another_tenants_host() {
    let mut other = policy(&json!({}));
    other["tenant"] = json!("fabrikam");
    other["hosts"] = json!(["fabrikam.example"]);
    other["issuer"] = json!("https://fabrikam.example");
    for (purpose, byte) in [("pass", 11), ("gateway", 12), ("upstream", 13), ("admin", 14)] {
        other["keys"][purpose] = json!([{"id": purpose, "value": site::key(byte)}]);
    }
    for (host, fine) in [("admin.fabrikam.example", true), ("gate.example.com", false), ("admin.example.com", false)] {
        other["admin"]["hosts"] = json!([host]);
        let both = json!({"tenants": [policy(&json!({})), other.clone()]});
        let compiled = tapgate_core::policy::compile(both.to_string().as_bytes(), &|_| None);
        assert_eq!(compiled.is_ok(), fine, "{host}");
    }
}

#[test]
fn a_token_that_is_made_here_is_taken_here() {
    use tapgate_core::graph::{LONGEST_TOKEN, NoAdminToken, mint_token};
    use tapgate_core::time::Seconds;

    let mut site = site_with(&json!({}));
    let document = policy(&json!({})).to_string();
    let compiled = |document: &str| {
        tapgate_core::policy::compile(document.as_bytes(), &|_| None).expect("a policy").policies.remove(0)
    };
    let policy = compiled(&document);
    let mint = |policy: &_, lifetime, roles: &[String]| {
        let now = UnixSeconds::new(START).unwrap();
        mint_token(policy, &"root@example.com".parse().unwrap(), roles, lifetime, now)
    };
    let roles = [PRIVILEGED.to_owned()];
    let minted = mint(&policy, LONGEST_TOKEN, &roles).expect("a token");
    let answer = call(&mut site, "GET", PASSES, &format!("Bearer {}", *minted), None);
    assert_eq!(answer.status, 200, "{answer:?}");
    let too_long = Seconds::new(LONGEST_TOKEN.get() + 1);
    for (lifetime, roles) in [
        (too_long, roles.to_vec()),
        (Seconds::new(0), roles.to_vec()),
        (LONGEST_TOKEN, vec![PRIVILEGED.to_owned(); 33]),
    ] {
        assert_eq!(mint(&policy, lifetime, &roles).err(), Some(NoAdminToken::NotTaken));
    }
    let without = |member: &str| {
        let mut document: Value = serde_json::from_str(&document).unwrap();
        document.as_object_mut().unwrap().remove(member);
        document
    };
    assert_eq!(mint(&compiled(&without("admin").to_string()), LONGEST_TOKEN, &roles).err(), Some(NoAdminToken::NoApi));
    let mut keyless = without("admin");
    keyless["keys"].as_object_mut().unwrap().remove("admin");
    assert_eq!(mint(&compiled(&keyless.to_string()), LONGEST_TOKEN, &roles).err(), Some(NoAdminToken::NoKey));
}

/// A stream's metadata as a proxy hands them over: of a token that it has verified for the provider `idp`, `{"exp": ..., "roles":
/// [...], "sub": ...}`.
fn verified() -> Vec<u8> {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        // Two bytes are room for a length below 2^14.
        let length = [bytes.len() & 0x7f | 0x80, bytes.len() >> 7].map(|bits| u8::try_from(bits).unwrap());
        [&[number << 3 | 2], &length[..], bytes].concat()
    }
    let entry = |name: &str, value: &[u8]| field(1, &[field(1, name.as_bytes()), field(2, value)].concat());
    let text = |text: &str| field(3, text.as_bytes());
    let end = [&[2 << 3 | 1][..], &4e9_f64.to_le_bytes()].concat();
    let members = [("sub", text("root@example.com")), ("roles", field(6, &field(1, &text(PRIVILEGED)))), ("exp", end)];
    let claims = members.map(|(name, value)| entry(name, &value)).concat();
    entry("envoy.filters.http.jwt_authn", &entry("idp", &field(5, &claims)))
}

#[test]
fn whom_the_proxy_has_verified_is_an_administrator_where_the_policy_says_so() {
    for (provider, status) in [(Some("idp"), 200), (Some("other"), 401), (None, 401)] {
        let mut policy = policy(&json!({}));
        if let Some(provider) = provider {
            policy["admin"]["jwtAuthn"] = json!({ "provider": provider });
        }
        let mut site = Site::new(&policy);
        site.metadata = verified;
        assert_eq!(site.send(&mut Browser::default(), ask("GET", PASSES)).status, status, "{provider:?}");
        let token = token(&site, "root@example.com", &[PRIVILEGED]);
        assert_eq!(call(&mut site, "GET", PASSES, &token, None).status, 200, "{provider:?}: and a token of ours");
        let cookie = ask("GET", PASSES).header("cookie", "__Host-tapgate=x");
        assert_ne!(site.send(&mut Browser::default(), cookie).status, 200, "{provider:?}");
    }
}

#[test]
fn two_tenants_do_not_share_a_provider() {
    let tenant = |name: &str, provider: &str| {
        let mut policy = policy(&json!({}));
        policy["tenant"] = json!(name);
        policy["hosts"] = json!([format!("{name}.example.com")]);
        policy["issuer"] = json!(format!("https://{name}.example.com"));
        policy["admin"] = json!({"hosts": [format!("admin.{name}.example.com")], "jwtAuthn": {"provider": provider}});
        let base = if name == "contoso" { 1 } else { 21 };
        for (at, list) in ["pass", "gateway", "upstream", "admin"].into_iter().enumerate() {
            policy["keys"][list][0]["value"] = json!(site::key(base + u8::try_from(at).unwrap()));
        }
        policy
    };
    let defects = |second: &str| {
        let both = json!({"tenants": [tenant("contoso", "idp"), tenant("fabrikam", second)]});
        let compiled = tapgate_core::policy::compile(both.to_string().as_bytes(), &|_| None);
        compiled.err().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(defects("other"), [""; 0]);
    let found = defects("idp");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("tenants[1].admin") && found[0].contains("a provider of its own"), "{found:?}");
}

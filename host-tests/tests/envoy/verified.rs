//! Administrators' tokens that Envoy's own `jwt_authn` filter has verified (11.1): its word is taken from the stream's metadata, and from
//! nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tapgate_host_tests::client::{Call, Response};
use tapgate_host_tests::clock::now;
use tapgate_host_tests::gate::{AUTHORITY, Gate};
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::pass::forge;
use tapgate_host_tests::policy::Policy;

const PASSES: &str = "/.tap/graph/v1.0/users/alice@example.com/authentication/temporaryAccessPassMethods";
const PRIVILEGED: &str = "Privileged Authentication Administrator";
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":"idp-1"}"#;

/// The filter, as an operator sets it up for an identity provider: it lets requests without a token go on, whose business that
/// is not.
fn jwt_authn(key: &Key) -> Value {
    let keys =
        json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": "idp-1", "k": URL_SAFE_NO_PAD.encode(key.bytes())}]});
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"idp": {
                "issuer": "https://idp.example.com",
                "audiences": ["tapgate"],
                "local_jwks": {"inline_string": keys.to_string()},
                "payload_in_metadata": "idp",
            }},
            "rules": [{
                "match": {"prefix": "/"},
                "requires": {"requires_any": {"requirements": [{"provider_name": "idp"}, {"allow_missing": {}}]}},
            }],
        },
    })
}

/// Whoever the identity provider says it is.
fn claims() -> Value {
    json!({
        "iss": "https://idp.example.com", "aud": "tapgate", "sub": "root@example.com", "exp": now() + 300,
        "wids": [PRIVILEGED, "something else"], "amr": ["pwd", "mfa"], "address": {"country": "CH", "lines": [1, null, true]},
    })
}

async fn create(gate: &Gate, token: Option<&str>, alter: impl FnOnce(Call) -> Call) -> Response {
    let call = Call::new("POST", PASSES).json(&json!({}));
    let call = match token {
        Some(token) => call.header("authorization", format!("Bearer {token}")),
        None => call,
    };
    gate.browser().send(alter(call)).await
}

async fn gate(idp: &Key, policy: Policy) -> Gate {
    let paths = |path: &str| [path.to_owned()];
    Gate::with(|setup| {
        // A call's body is held back, and with it its headers, as `policy render` has it.
        let setup = setup.policy(&policy).after(jwt_authn(idp));
        setup.sign_in_at(&paths("/sign-in"), &paths("/.tap/sign-in"), &paths("/.tap/graph/v1.0/"))
    })
    .await
}

fn policy() -> Policy {
    let admin = json!({"hosts": [AUTHORITY], "jwtAuthn": {"provider": "idp", "rolesClaim": "wids"}});
    Policy::shipped().with("/admin", admin)
}

#[tokio::test]
async fn what_envoy_has_verified_is_believed_and_nothing_else() {
    let idp = Key::random();
    let gate = gate(&idp, policy()).await;
    let sign = |claims: &Value, key: &Key| {
        let token = forge::compact(HEADER, &claims.to_string(), key);
        gate.secrets.note(&token);
        token
    };
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        sign(&claims, &idp)
    };
    let good = sign(&claims(), &idp);
    let created = create(&gate, Some(&good), |call| call).await;
    assert_eq!(created.status, 201, "{}", created.text());
    if let Some(code) = created.json()["temporaryAccessPass"].as_str() {
        gate.secrets.note(code);
    }

    // Envoy refuses these itself.
    for (bad, status) in [
        (sign(&claims(), &Key::random()), 401),
        (with("aud", json!("another")), 403),
        (with("exp", json!(now() - 3600)), 401),
    ] {
        assert_eq!(create(&gate, Some(&bad), |call| call).await.status, status);
    }
    // These it lets go on, and the plugin does not.
    assert_eq!(create(&gate, None, |call| call).await.status, 401, "no token");
    let mut endless = claims();
    endless.as_object_mut().expect("claims").remove("exp");
    for (bad, status) in [
        (sign(&endless, &idp), 401),
        (with("sub", json!(7)), 401),
        (with("sub", json!("root example")), 401),
        (with("wids", Value::Null), 401),
        (with("wids", json!({PRIVILEGED: true})), 401),
        (with("wids", json!([PRIVILEGED, 1])), 401),
        (with("wids", json!([])), 403),
        (with("wids", json!(["Global Reader"])), 403),
        // It ended a moment ago: Envoy allows for a minute of skew, and the plugin does not.
        (with("exp", json!(now() - 10)), 401),
    ] {
        assert_eq!(create(&gate, Some(&bad), |call| call).await.status, status, "{bad}");
    }
    assert_eq!(create(&gate, Some(&with("wids", json!(PRIVILEGED))), |call| call).await.status, 201, "one role, alone");
    // A header that says what the metadata would is a header like any other.
    let forged = |call: Call| call.header("x-jwt-payload", URL_SAFE_NO_PAD.encode(claims().to_string()));
    assert_eq!(create(&gate, None, forged).await.status, 401);
    let other_site = |call: Call| call.header("sec-fetch-site", "cross-site");
    assert_eq!(create(&gate, Some(&good), other_site).await.status, 403);
    let with_cookie = |call: Call| call.header("cookie", "__Host-tapgate=x");
    assert_eq!(create(&gate, Some(&good), with_cookie).await.status, 400, "two callers at once");
    assert_eq!(gate.upstream.count(), 0, "and nothing of it went on");
}

#[tokio::test]
async fn a_policy_that_does_not_name_the_provider_believes_none() {
    let idp = Key::random();
    for admin in [json!({"hosts": [AUTHORITY]}), json!({"hosts": [AUTHORITY], "jwtAuthn": {"provider": "other"}})] {
        let gate = gate(&idp, Policy::shipped().with("/admin", admin)).await;
        let token = forge::compact(HEADER, &claims().to_string(), &idp);
        gate.secrets.note(&token);
        assert_eq!(create(&gate, Some(&token), |call| call).await.status, 401);
    }
}

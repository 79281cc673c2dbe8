//! `tapgate policy render`: what it writes validates against what the proxies' projects publish, and holds no key.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tapgate_cli::Exit;

use crate::policy::{SHIPPED, Scratch, policy, shipped};

/// Where the example's etcd is.
const MEMBERS: [&str; 6] = ["--etcd", "127.0.0.1:2379", "--etcd", "127.0.0.1:22379", "--etcd", "127.0.0.1:32379"];

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn render(proxy: &str, file: &str, more: &[&str]) -> String {
    policy(&[&["render", "--for", proxy, file], more].concat()).succeeded().stdout
}

/// The documents of a YAML stream.
fn documents(text: &str) -> Vec<Value> {
    text.split("\n---\n").map(yaml).collect()
}

fn yaml(text: &str) -> Value {
    let document = tapgate_cases::yaml::read(text).unwrap_or_else(|flaws| panic!("{flaws:?}\n{text}"));
    tapgate_cases::policy::to_value(&document.tree)
}

/// The published schema of a resource as a JSON Schema that refuses what it does not name.
fn published(resource: &Value) -> Value {
    let kind = resource["kind"].as_str().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/crds/{kind}.json"));
    let crd: Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap_or_else(|_| panic!("no schema of {kind}"))).unwrap();
    let version = format!("{}/{}", crd["group"].as_str().unwrap(), crd["version"].as_str().unwrap());
    assert_eq!(resource["apiVersion"], version.as_str(), "{kind}");
    let mut schema = crd["schema"].clone();
    // What every object has, and not every definition describes.
    schema["properties"]["apiVersion"] = json!({"type": "string"});
    schema["properties"]["kind"] = json!({"type": "string"});
    schema["properties"]["metadata"] = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}, "namespace": {"type": "string"}},
        "required": ["name", "namespace"],
    });
    strict(&mut schema);
    schema
}

/// From OpenAPI v3 as Kubernetes has it: unknown fields are refused, where they are not said to be kept.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let keeps = members.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true));
            let named = members.contains_key("properties") && members.get("type") == Some(&"object".into());
            if named && !keeps {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            // Numbers or text: a quantity.
            if members.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
                members.remove("type");
            }
            members.values_mut().for_each(strict);
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}

#[track_caller]
fn validate(resource: &Value) {
    let validator = jsonschema::draft4::new(&published(resource)).expect("a schema");
    let errors: Vec<_> =
        validator.iter_errors(resource).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", resource["kind"]);
}

fn every_policy() -> Vec<String> {
    let example = format!("{}/../examples/envoy/policy.yaml", env!("CARGO_MANIFEST_DIR"));
    SHIPPED.iter().map(|name| shipped(name)).chain([example]).collect()
}

#[test]
fn the_resources_of_istio_and_envoy_gateway_are_valid_with_every_policy() {
    for file in every_policy() {
        let policy = yaml(&fs::read_to_string(&file).unwrap());
        let more = ["--sha256", DIGEST, "--namespace", "gate", "--upstream", "app.shop.svc.cluster.local:8080"];
        let istio = documents(&render("istio", &file, &more));
        istio.iter().for_each(validate);
        let kinds: Vec<_> = istio.iter().map(|resource| resource["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["WasmPlugin", "VirtualService", "EnvoyFilter"]);
        let plugin = &istio[0]["spec"];
        assert_eq!(plugin["pluginConfig"], policy, "{file}");
        assert_eq!(
            (&plugin["phase"], &plugin["failStrategy"], &plugin["sha256"]),
            (&json!("AUTHN"), &json!("FAIL_RELOAD"), &json!(DIGEST))
        );

        let gateway = documents(&render("envoy-gateway", &file, &["--upstream", "app:8080"]));
        gateway.iter().for_each(validate);
        let extension = &gateway[0]["spec"]["wasm"][0];
        assert_eq!(extension["config"], policy, "{file}");
        assert_eq!(extension["failOpen"], false);
        assert_eq!(extension["code"]["type"], "Image");
        let over_http =
            documents(&render("envoy-gateway", &file, &["--module", "https://m.example/t.wasm", "--sha256", DIGEST]));
        over_http.iter().for_each(validate);
        assert_eq!(over_http[0]["spec"]["wasm"][0]["code"]["http"]["sha256"], DIGEST);
    }
}

#[test]
fn a_field_that_the_projects_do_not_have_is_found() {
    for proxy in ["istio", "envoy-gateway"] {
        for resource in documents(&render(proxy, &shipped("entra-default"), &[])) {
            validate(&resource);
            let mut stray = resource.clone();
            stray["spec"].as_object_mut().unwrap().insert("pluginConfiguration".into(), Map::new().into());
            let validator = jsonschema::draft4::new(&published(&stray)).unwrap();
            assert!(!validator.is_valid(&stray), "{}", stray["kind"]);
        }
    }
    let mut plugin = documents(&render("istio", &shipped("entra-default"), &[])).remove(0);
    plugin["spec"]["failStrategy"] = json!("FAIL_CLOSED");
    assert!(!jsonschema::draft4::new(&published(&plugin)).unwrap().is_valid(&plugin));
}

#[test]
fn a_bootstrap_has_the_policy_its_paths_and_its_variables() {
    for file in every_policy() {
        let policy = yaml(&fs::read_to_string(&file).unwrap());
        let text = render(
            "envoy",
            &file,
            &["--upstream", "app.internal:8080", "--module", "/opt/t.wasm", "--listen", "[::]:8443"],
        );
        let bootstrap = yaml(&text);
        let listener = &bootstrap["static_resources"]["listeners"][0];
        let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
        let plugin = &manager["http_filters"][0]["typed_config"]["config"];
        let configured: Value = serde_json::from_str(plugin["configuration"]["value"].as_str().unwrap()).unwrap();
        assert_eq!(configured, policy, "{file}");
        assert_eq!(plugin["vm_config"]["code"]["local"]["filename"], "/opt/t.wasm");
        let several = policy["tenants"].as_array().cloned().unwrap_or_else(|| vec![policy.clone()]);
        let names = plugin["vm_config"]["environment_variables"]["host_env_keys"].as_array().unwrap();
        assert_eq!(names.len(), several.len() * 3);
        let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap();
        for tenant in &several {
            let path = &tenant["signIn"]["path"];
            let route = routes.iter().find(|route| route["match"]["path"] == *path).expect("a route of the sign-in");
            assert!(route["typed_per_filter_config"]["envoy.filters.http.buffer"].is_object());
        }
        assert_eq!(listener["address"]["socket_address"], json!({"address": "::", "port_value": 8443}));
        let cluster = &bootstrap["static_resources"]["clusters"][0];
        assert_eq!(cluster["type"], "STRICT_DNS");
        assert!(listener["filter_chains"][0].get("transport_socket").is_none());
    }
    let tls = ["--tls-cert", "/tls/chain.pem", "--tls-key", "/tls/key.pem"];
    let bootstrap = yaml(&render("envoy", &shipped("day-one"), &tls));
    let chain = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0];
    let certificate = &chain["transport_socket"]["typed_config"]["common_tls_context"]["tls_certificates"][0];
    assert_eq!(certificate["private_key"]["filename"], "/tls/key.pem");
}

#[test]
fn the_examples_are_what_their_policies_render_to() {
    let root = format!("{}/..", env!("CARGO_MANIFEST_DIR"));
    for (folder, more) in [("envoy", &[][..]), ("etcd", &MEMBERS)] {
        let rendered = render("envoy", &format!("{root}/examples/{folder}/policy.yaml"), more);
        assert!(
            fs::read_to_string(format!("{root}/examples/{folder}/envoy.yaml")).unwrap() == rendered,
            "mend: `cargo run -p tapgate-cli -- policy render --for envoy {} examples/{folder}/policy.yaml > examples/{folder}/envoy.yaml`",
            more.join(" ")
        );
    }
}

fn on_etcd() -> String {
    format!("{}/../examples/etcd/policy.yaml", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_cluster_of_etcd_is_the_same_for_every_proxy() {
    let envoy = yaml(&render("envoy", &on_etcd(), &MEMBERS));
    let cluster = &envoy["static_resources"]["clusters"][1];
    let istio = documents(&render("istio", &on_etcd(), &MEMBERS));
    istio.iter().for_each(validate);
    let patches = istio[2]["spec"]["configPatches"].as_array().unwrap();
    let patch = patches.iter().find(|patch| patch["applyTo"] == "CLUSTER").expect("a cluster");
    assert_eq!(patch["patch"], json!({"operation": "ADD", "value": cluster}));
    let gateway = documents(&render("envoy-gateway", &on_etcd(), &MEMBERS));
    gateway.iter().for_each(validate);
    let patch = &gateway.iter().find(|resource| resource["kind"] == "EnvoyPatchPolicy").expect("a patch")["spec"];
    assert_eq!(patch["jsonPatches"][0]["operation"], json!({"op": "add", "path": "", "value": cluster}));
    assert_eq!(patch["jsonPatches"][0]["name"], cluster["name"]);
    // Without etcd there is none of this.
    let plain = documents(&render("envoy-gateway", &shipped("entra-default"), &[]));
    assert!(plain.iter().all(|resource| resource["kind"] != "EnvoyPatchPolicy"));
}

#[test]
fn the_cluster_of_etcd_fits_the_policy() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(on_etcd()).unwrap();
    let text = text
        .replace("cluster: etcd ", "cluster: 'ledger:\"1\"' ")
        .replace("timeoutInMilliseconds: 500", "timeoutInMilliseconds: 1250")
        .replace("    # usernameEnv", "    usernameEnv")
        .replace("    # passwordEnv", "    passwordEnv");
    let file = scratch.file("etcd.yaml", &text);
    let tls = ["--etcd", "etcd-1.internal:2379", "--etcd", "10.0.0.2:2379", "--etcd-tls-ca", "/tls/ca.pem"];
    let bootstrap = yaml(&render("envoy", &file, &tls));
    let cluster = &bootstrap["static_resources"]["clusters"][1];
    assert_eq!(cluster["name"], "ledger:\"1\"");
    assert_eq!(cluster["type"], "STRICT_DNS");
    assert_eq!(cluster["connect_timeout"], "1.250s");
    assert_eq!(cluster["health_checks"][0]["timeout"], "1.250s");
    let context = &cluster["transport_socket"]["typed_config"];
    let names = &context["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
    let name = |kind: &str, name: &str| json!({"san_type": kind, "matcher": {"exact": name}});
    assert_eq!(*names, json!([name("DNS", "etcd-1.internal"), name("IP_ADDRESS", "10.0.0.2")]));
    // An address is no server name.
    assert_eq!((context.get("sni"), context.get("auto_host_sni")), (None, None));
    let manager = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let variables = &manager["http_filters"][0]["typed_config"]["config"]["vm_config"]["environment_variables"];
    let variables: Vec<_> = variables["host_env_keys"].as_array().unwrap().iter().collect();
    assert!(variables.contains(&&json!("TAPGATE_ETCD_USER")) && variables.contains(&&json!("TAPGATE_ETCD_PASSWORD")));

    let own = ["--etcd", "etcd-1.internal:2379", "--etcd-tls-ca", "/tls/ca.pem", "--etcd-tls-cert", "/tls/gate.pem"];
    let own = [&own[..], &["--etcd-tls-key", "/tls/gate-key.pem"]].concat();
    let context = |more: &[&str]| {
        let bootstrap = yaml(&render("envoy", &file, &[&own, more].concat()));
        bootstrap["static_resources"]["clusters"][1]["transport_socket"]["typed_config"].clone()
    };
    let by_host = context(&[]);
    assert_eq!(by_host["auto_host_sni"], true);
    let certificate = &by_host["common_tls_context"]["tls_certificates"][0];
    assert_eq!(certificate["certificate_chain"]["filename"], "/tls/gate.pem");
    assert_eq!(certificate["private_key"]["filename"], "/tls/gate-key.pem");
    let named = context(&["--etcd-tls-name", "etcd"]);
    let names = &named["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"];
    assert_eq!((&named["sni"], names), (&json!("etcd"), &json!([name("DNS", "etcd")])));
    assert_eq!(named.get("auto_host_sni"), None);
}

#[test]
fn what_cannot_be_said_of_etcd_is_refused() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(on_etcd()).unwrap();
    let render = |file: &str, more: &[&str]| policy(&[&["render", "--for", "envoy", file], more].concat());
    render(&on_etcd(), &[]).failed(Exit::Usage, "say where its members are");
    render(&shipped("entra-default"), &MEMBERS).failed(Exit::Usage, "is for a policy with `ledger.etcd`");
    render(&on_etcd(), &["--etcd", "etcd"]).failed(Exit::Usage, "host or an IP address and a port");
    render(&on_etcd(), &["--etcd-tls-ca", "ca.pem"]).failed(Exit::Usage, "required arguments");
    render(&on_etcd(), &[&MEMBERS[..], &["--etcd-tls-name", "10.0.0.1"]].concat()).failed(Exit::Usage, "a host name");
    let taken = scratch.file("taken.yaml", &text.replace("cluster: etcd ", "cluster: application "));
    render(&taken, &MEMBERS).failed(Exit::Findings, "take another");
    let one = |text: &str| {
        text.lines().skip_while(|line| *line != "version: 1").map(|line| format!("    {line}\n")).collect::<String>()
    };
    let other = text
        .replace("cluster: etcd ", "cluster: other ")
        .replace("tenant: contoso", "tenant: fabrikam")
        .replace("hosts: [localhost, 127.0.0.1, gate.example.com]", "hosts: [other.example.com]")
        .replace("gate.example.com", "other.example.com")
        .replace("env: TAPGATE_", "env: OTHER_");
    let both = format!("tenants:\n  -\n{}  -\n{}", one(&text), one(&other));
    render(&scratch.file("both.yaml", &both), &MEMBERS)
        .failed(Exit::Findings, "different clusters of etcd (etcd, other)");
}

#[test]
fn no_key_comes_into_a_configuration() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    let key = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
    let file = scratch.file("key.yaml", &text.replace("env: TAPGATE_UPSTREAM_KEY", &format!("value: {key}")));
    for proxy in ["envoy", "istio", "envoy-gateway"] {
        policy(&["render", "--for", proxy, &file]).failed(Exit::Findings, "the policy holds a key itself");
    }
}

#[test]
fn what_a_policy_says_stays_inside_its_quotes() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    let odd = "path: '/sign\"in'";
    let text = text.replace("path: /sign-in", odd)
        + "\npages: {name: \"Zo\u{eb} \\u202e\\\"}, x: {y\", help: \"%START_TIME% ${X} {{ y }}\"}\n";
    let file = scratch.file("odd.yaml", &text);
    let policy = yaml(&text);
    let bootstrap = yaml(&render("envoy", &file, &[]));
    let manager = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let value = manager["http_filters"][0]["typed_config"]["config"]["configuration"]["value"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(value).unwrap(), policy);
    assert_eq!(manager["route_config"]["virtual_hosts"][0]["routes"][0]["match"]["path"], "/sign\"in");
    let istio = documents(&render("istio", &file, &[]));
    assert_eq!(istio[0]["spec"]["pluginConfig"], policy);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let file = shipped("entra-default");
    for (more, words) in [
        (["--upstream", "app"], "host or an IP address and a port"),
        (["--namespace", "A"], "1 to 63 of a-z"),
        (["--sha256", "00"], "64 hexadecimal digits"),
        (["--module", "plugin.wasm"], "has to be an address"),
        (["--gateway", "a: b"], "1 to 63 of a-z"),
    ] {
        policy(&[&["render", "--for", "istio", &file][..], &more].concat()).failed(Exit::Usage, words);
    }
}

#[test]
fn a_cluster_that_the_policy_names_is_rendered_where_it_is() {
    let scratch = Scratch::new();
    let text = fs::read_to_string(shipped("entra-default")).unwrap();
    let with = |cluster: &str| {
        let webhook = format!(
            "webhook: {{cluster: {cluster}, path: /tapgate}}\nkeys:\n  webhook: [{{id: wh-1, env: WEBHOOK_KEY}}]\n"
        );
        scratch.file("hook.yaml", &text.replacen("keys:\n", &webhook, 1))
    };
    let file = with("hr");
    let clusters = |more: &[&str]| yaml(&render("envoy", &file, more))["static_resources"]["clusters"].clone();
    let address = |cluster: &Value| {
        cluster.pointer("/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address").cloned()
    };
    let cluster = clusters(&["--cluster", "hr=https://hr.internal/"])[1].clone();
    assert_eq!((&cluster["name"], &cluster["type"]), (&json!("hr"), &json!("STRICT_DNS")));
    assert_eq!(address(&cluster), Some(json!({"address": "hr.internal", "port_value": 443})));
    let context = &cluster["transport_socket"]["typed_config"];
    assert_eq!(context["sni"], "hr.internal");
    let validation = &context["common_tls_context"]["validation_context"];
    assert_eq!(validation["trusted_ca"]["filename"], "/etc/ssl/certs/ca-certificates.crt");
    assert_eq!(
        validation["match_typed_subject_alt_names"],
        json!([{"san_type": "DNS", "matcher": {"exact": "hr.internal"}}])
    );
    let cluster = clusters(&["--cluster", "hr=https://10.0.0.7:8443", "--cluster-ca", "/tls/ca.pem"])[1].clone();
    assert_eq!(cluster["type"], "STATIC");
    assert_eq!(address(&cluster), Some(json!({"address": "10.0.0.7", "port_value": 8443})));
    let context = &cluster["transport_socket"]["typed_config"];
    assert_eq!(context.get("sni"), None, "an address is no server name");
    assert_eq!(context["common_tls_context"]["validation_context"]["trusted_ca"]["filename"], "/tls/ca.pem");
    let cluster = clusters(&["--cluster", "hr=http://[::1]:8080"])[1].clone();
    assert_eq!(address(&cluster), Some(json!({"address": "::1", "port_value": 8080})));
    assert_eq!(cluster.get("transport_socket"), None);

    let fails = |file: &str, more: &[&str], exit, says| {
        policy(&[&["render", "--for", "envoy", file], more].concat()).failed(exit, says);
    };
    fails(&file, &[], Exit::Usage, "--cluster hr=URL");
    fails(&file, &["--cluster", "hr=http://a", "--cluster", "crm=http://b"], Exit::Usage, "`crm`");
    fails(&with("application"), &["--cluster", "application=http://a"], Exit::Findings, "`application`");
    for bad in ["hr", "hr=", "=http://a", "hr=hr.internal", "hr=ftp://a", "hr=http://a/b", "hr=http://a:0"] {
        fails(&file, &["--cluster", bad], Exit::Usage, "as in `hr=https://hr.internal`");
    }
    let file = with("hr");
    let istio = policy(&["render", "--for", "istio", "--cluster", "hr=http://a", &file]).succeeded();
    assert!(istio.stderr.contains("EnvoyFilter"), "{}", istio.stderr);
}

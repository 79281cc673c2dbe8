//! Descriptions of policies: the words cover every field, the schema says what the compiler says, mends mend.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};
use tapgate_cases::describe::{WORDS, fields, mend, reference, schema};
use tapgate_cases::policy::{Change, PolicyDocument, changed, key_of_variable, parse_path, to_json};
use tapgate_cases::yaml;
use tapgate_core::json::Json;
use tapgate_core::policy::compile;
use tapgate_core::policy::fields::Kind;

use crate::corpus::corpus;

/// A policy that has every field, but for those of what may stand in the place of another.
const WHOLE: &str = include_str!("../whole.yaml");

/// What may stand there instead, with every field.
const INSTEAD: [(&str, &str); 2] = [
    (
        "directory",
        "scim: {cluster: scim, authority: idp.internal, path: /scim/v2, timeoutInMilliseconds: 2000, cacheInSeconds: 60, saysAllRoles: true, tokenEnv: TOKEN}",
    ),
    (
        "ledger",
        "etcd: {cluster: etcd, authority: etcd, prefix: /t/, timeoutInMilliseconds: 500, recheckInSeconds: 5, recheckRegisteredInSeconds: 60, graceInSeconds: 30, usernameEnv: NAME, passwordEnv: PASSWORD}",
    ),
];

/// The policy that has this field.
fn whole(path: &str) -> Json {
    let tree = yaml::read(WHOLE).expect("the policy reads").tree;
    let instead = INSTEAD.iter().find(|(section, text)| {
        let (name, _) = text.split_once(':').unwrap();
        path == format!("{section}.{name}") || path.starts_with(&format!("{section}.{name}."))
    });
    let Some((section, text)) = instead else { return tree };
    let change = Change { path: parse_path(section).unwrap(), value: yaml::read(text).unwrap().tree };
    changed(&tree, &[change]).unwrap()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).expect("the schema is one")
}

fn compiles(json: &str) -> Result<(), Vec<String>> {
    let environment = |name: &str| Some(key_of_variable(name));
    match compile(json.as_bytes(), &environment) {
        Ok(_) => Ok(()),
        Err(defects) => Err(defects.iter().map(ToString::to_string).collect()),
    }
}

/// The policy that has every field, with one of them changed; `Null` takes it out.
fn with(path: &str, value: Json) -> String {
    let change = Change { path: parse_path(path).expect("a path"), value };
    to_json(&changed(&whole(path), &[change]).expect("a place in the policy"))
}

fn is_valid(validator: &Validator, text: &str) -> bool {
    validator.is_valid(&serde_json::from_str::<Value>(text).expect("JSON"))
}

#[test]
fn the_words_are_about_every_field_and_about_no_other() {
    let fields = fields();
    let silent: Vec<_> = fields.iter().filter(|(_, field)| field.words.is_none()).map(|(path, _)| path).collect();
    assert!(silent.is_empty(), "no words about {silent:?}");
    let strays: Vec<_> = WORDS
        .iter()
        .filter(|words| words.path != "tenants" && !fields.iter().any(|(path, _)| words.covers(path)))
        .map(|words| words.path)
        .collect();
    assert!(strays.is_empty(), "words about no field: {strays:?}");
    for (path, field) in &fields {
        let about: Vec<_> = WORDS.iter().filter(|words| words.covers(path)).collect();
        assert_eq!(about.len(), 1, "{path}: {about:?}");
        assert!(yaml::read(field.words.unwrap().example).is_ok(), "{path}: the example is no YAML");
    }
}

/// Files that are written from the code, and the command that writes them.
#[test]
fn the_schema_and_the_reference_are_current() {
    let written = fs::read_to_string(root().join("policies/policy.schema.json")).unwrap_or_default();
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    assert!(written == current, "mend: `cargo run -p tapgate-cli -- policy schema > policies/policy.schema.json`");
    let docs = fs::read_to_string(root().join("docs/policy.md")).unwrap();
    assert!(
        docs.contains(&reference()),
        "mend: put what `cargo run -p tapgate-cli -- policy schema --markdown` prints in place of the table of fields in docs/policy.md"
    );
}

#[test]
fn every_shipped_policy_is_valid_and_points_editors_to_the_schema() {
    let validator = validator();
    for entry in corpus() {
        let value: Value = serde_json::from_str(&to_json(entry.policy.tree())).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", entry.name);
    }
    for file in fs::read_dir(root().join("policies")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".yaml") && !name.ends_with(".cases.yaml") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("# yaml-language-server: $schema=./policy.schema.json\n# Choose it "), "{name}");
        }
    }
}

#[test]
fn the_policy_with_every_field_has_every_field() {
    fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    found.insert(path.replace("admin.caps.Authentication Administrator", "admin.caps.*"));
                    collect(value, &path, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for path in ["", "directory.scim", "ledger.etcd"] {
        let text = to_json(&whole(path));
        compiles(&text).unwrap();
        collect(&serde_json::from_str(&text).unwrap(), "", &mut found);
    }
    // A key has `env` or `value`.
    let missing: Vec<_> = fields()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| !found.contains(path) && !path.ends_with(".value"))
        .collect();
    assert!(missing.is_empty(), "tests/whole.yaml lacks {missing:?}");
}

/// Where a field stands in the policy that has them all.
fn place(path: &str) -> String {
    let mut place = path.replace("admin.caps.*", "admin.caps.Authentication Administrator");
    for (list, item) in [
        ("keys.pass", "keys.pass[0]"),
        ("keys.gateway", "keys.gateway[0]"),
        ("keys.upstream", "keys.upstream[0]"),
        ("keys.admin", "keys.admin[0]"),
        ("includeTargets", "includeTargets[0]"),
        ("excludeTargets", "excludeTargets[0]"),
        ("directory.users", "directory.users[0]"),
    ] {
        place = place.replace(&format!("{list}."), &format!("{item}."));
    }
    place
        .replace("completedBy.receipt", "completedBy[0].receipt")
        .replace("completedBy.response", "completedBy[1].response")
}

#[test]
fn a_section_has_the_fields_that_its_reader_asks_for() {
    // The reader names what it knows when it meets what it does not.
    for (path, field) in fields() {
        let section = match field.field.kind {
            Kind::Section(shape) | Kind::WordOr(_, shape) => shape,
            Kind::List { of: Kind::Section(shape), .. } => *shape,
            _ => continue,
        };
        if path == "ledger" || path == "directory" || path == "keys" || path.starts_with("keys.") {
            continue;
        }
        let place = place(&format!("{path}.qqqqq")).replace("completedBy.qqqqq", "completedBy[0].qqqqq");
        let defects = compiles(&with(&place, Json::Integer(1))).expect_err(&place);
        let told = defects.iter().find(|defect| defect.contains("is not a field")).expect(&place);
        let known: BTreeSet<&str> = told.split("one of ").nth(1).unwrap_or_default().split(", ").collect();
        let shown = section.fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>();
        let shown: BTreeSet<&str> = shown.iter().map(String::as_str).collect();
        let known = if shown.is_empty() { BTreeSet::new() } else { known };
        assert_eq!(known, shown, "{path}: {told}");
    }
}

#[test]
fn numbers_words_and_flags_are_what_the_compiler_says_they_are() {
    let validator = validator();
    for (path, field) in fields() {
        if path.starts_with("keys") {
            continue;
        }
        let place = place(&path);
        let number = |number: i64| Json::Integer(number);
        let tried: Vec<(Json, bool)> = match field.field.kind {
            // One compiles in the bounds, but a minimum above the maximum does not: only out of the bounds is told apart.
            Kind::Whole { least, most } => vec![
                (number(i64::from(least) - 1), false),
                (number(i64::from(most) + 1), false),
                (Json::String(least.to_string()), false),
            ],
            Kind::Flag => vec![
                (Json::Bool(true), true),
                (Json::Bool(false), true),
                (Json::String("true".into()), false),
                (number(1), false),
            ],
            Kind::Word(words) => {
                let mut tried: Vec<_> = words.iter().map(|word| (Json::String((*word).into()), true)).collect();
                tried.push((Json::String("qqq".into()), false));
                tried.push((Json::Null, false));
                tried
            }
            Kind::Section(_) => vec![(Json::String("x".into()), false), (Json::Array(Vec::new()), false)],
            Kind::List { .. } => vec![(Json::String("x".into()), false), (Json::Bool(true), false)],
            _ => continue,
        };
        for (value, fits) in tried {
            // `Null` takes a field out, which is another question.
            if value == Json::Null {
                continue;
            }
            let text = with(&place, value.clone());
            assert_eq!(is_valid(&validator, &text), fits, "the schema on {place} = {value:?}");
            if fits {
                continue;
            }
            assert!(compiles(&text).is_err(), "the compiler on {place} = {value:?}");
        }
    }
}

#[test]
fn bounds_are_the_compiler_s_own() {
    // Each at its bounds, with what else has to change so that only they are tried.
    let validator = validator();
    for (path, least, most) in [
        ("clockSkewInSeconds", 0, 120),
        ("temporaryAccessPass.defaultLength", 8, 48),
        ("temporaryAccessPass.maximumLifetimeInMinutes", 90, 43_200),
        ("temporaryAccessPass.minimumLifetimeInMinutes", 10, 60),
        ("signIn.startsWithinInMinutes", 0, 525_600),
        ("registration.windowInMinutes", 1, 1440),
        ("registration.retries", 0, 10),
        ("session.maximumInMinutes", 30, 1440),
        ("ledger.sharedData.maximumRecords", 1, 1_000_000),
    ] {
        for bound in [least, most] {
            let text = with(path, Json::Integer(bound));
            compiles(&text).unwrap_or_else(|defects| panic!("{path} = {bound}: {defects:#?}"));
            assert!(is_valid(&validator, &text), "{path} = {bound}");
        }
    }
}

#[test]
fn a_field_that_is_required_to_the_one_is_required_to_the_other() {
    let validator = validator();
    for (path, field) in fields() {
        if path.starts_with("keys.admin")
            || path.starts_with("keys.webhook")
            || path.ends_with(".env")
            || path.ends_with(".value")
        {
            continue;
        }
        if ["ledger", "directory.users", "directory.scim"].contains(&path.as_str())
            || path.starts_with("ledger.shared")
            || path.contains("completedBy.re")
            // One without the other.
            || ["ledger.etcd.usernameEnv", "ledger.etcd.passwordEnv", "ledger.etcd"].contains(&path.as_str())
        {
            continue;
        }
        let text = with(&place(&path), Json::Null);
        let required = field.field.presence == tapgate_core::policy::fields::Presence::Required;
        assert_eq!(!is_valid(&validator, &text), required, "the schema without {path}");
        let lacks = compiles(&text).err().unwrap_or_default().iter().any(|defect| defect.contains("is missing"));
        assert_eq!(lacks, required, "the compiler without {path}");
    }
}

#[test]
fn texts_that_the_compiler_takes_are_valid_and_plain_mistakes_are_not() {
    let validator = validator();
    for (path, text, fits) in [
        ("tenant", "contoso-2", true),
        ("tenant", "Contoso", false),
        ("hosts[0]", "*.example.com", true),
        ("hosts[0]", "[::1]", true),
        ("hosts[0]", "Gate.example.com", false),
        ("hosts[0]", "gate.example.com:443", false),
        ("issuer", "urn:x", true),
        ("issuer", "two words", false),
        ("keys.pass[0].id", "pass 1", false),
        ("signIn.path", "/log-in", true),
        ("signIn.path", "log-in", false),
        ("signIn.path", "//x", false),
        ("registration.allow[2]", "/static/*", true),
        ("registration.allow[2]", "static/*", false),
        ("session.cookie", "__Host-x", true),
        ("session.cookie", "x", false),
        ("upstream.userHeader", "remote-user", true),
        ("upstream.userHeader", "Remote-User", false),
        ("pages.colour", "#0F6CBD", true),
        ("pages.colour", "blue", false),
        ("pages.name", "Zoë & Co", true),
        ("pages.name", "", false),
        ("basePath", "/gate/tap", true),
        ("basePath", "/gate/", false),
        ("directory.users[0].groups[0]", "night shift", true),
    ] {
        let document = with(path, Json::String(text.to_owned()));
        assert_eq!(compiles(&document).is_ok(), fits, "the compiler on {path} = {text}: {:?}", compiles(&document));
        assert_eq!(is_valid(&validator, &document), fits, "the schema on {path} = {text}");
    }
}

#[test]
fn several_tenants_are_valid_and_told_what_is_wrong_with_one_of_them() {
    let validator = validator();
    let one: Value = serde_json::from_str(&to_json(&yaml::read(WHOLE).unwrap().tree)).unwrap();
    assert!(validator.is_valid(&json!({"tenants": [one.clone()]})));
    let mut broken = one.clone();
    broken["tenant"] = json!("A");
    let document = json!({"tenants": [one, broken]});
    let errors: Vec<_> = validator.iter_errors(&document).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].instance_path().to_string(), "/tenants/1/tenant");
}

#[test]
fn mends_say_what_to_do() {
    for (path, value, expected) in [
        ("temporaryAccessPass.stat", Json::Integer(1), "rename it to `state`"),
        ("registration.windowInMinuets", Json::Integer(1), "rename it to `windowInMinutes`"),
        ("registration.window", Json::Integer(1), "rename it to `windowInMinutes`"),
        ("retries", Json::Integer(1), "move it into `registration`: the field is `registration.retries`"),
        ("session.issuer", Json::Integer(1), "move it to the top of the policy: the field is `issuer`"),
        ("zzzz", Json::Integer(1), "take it out: a policy has `version`"),
        ("tenant", Json::Null, "add `tenant: contoso`"),
        ("registration.page", Json::Null, "add `page: /register` to `registration`"),
        ("registration.then", Json::String("continu".into()), "write `continue`; left out, it is `signIn`"),
        ("registration.then", Json::String("zzz".into()), "write `signIn` or `continue`; left out, it is `signIn`"),
        (
            "registration.retries",
            Json::String("3".into()),
            "write `3` without quotes, if that is the number; left out, it is 3",
        ),
        ("registration.retries", Json::Integer(11), "write a whole number from 0 to 10; left out, it is 3"),
        (
            "temporaryAccessPass.isUsableOnce",
            Json::String("true".into()),
            "write `true` without quotes; left out, it is `false`",
        ),
        ("basePath", Json::String("/register".into()), "write a path that neither"),
    ] {
        let tree =
            changed(&yaml::read(WHOLE).unwrap().tree, &[Change { path: parse_path(path).unwrap(), value }]).unwrap();
        let text = to_json(&tree);
        let document = PolicyDocument::read(&text).unwrap();
        let flaws = document.compile(&|name| Some(key_of_variable(name))).err().expect(path);
        let mends: Vec<_> = flaws.iter().map(|flaw| mend(&flaw.defect, Some(document.tree()))).collect();
        assert!(mends.iter().any(|mend| mend.starts_with(expected)), "{path}: {mends:#?}");
    }
}

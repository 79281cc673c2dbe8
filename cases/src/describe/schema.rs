//! The JSON Schema of a policy (draft 2020-12): for editors, and for whoever makes policies by machine.
//!
//! It says of each field what the compiler says: a test holds the two against each other. What depends on more than one
//! field (`registration.page` inside `allow`) only the compiler knows.

use serde_json::{Map, Value, json};
use tapgate_core::policy::fields::{Field, Form, Kind, Plain, Presence, Shape};
use tapgate_core::policy::shape;

use super::about;
use crate::yaml;

/// What the schema calls itself.
pub const SCHEMA_ID: &str = "urn:tapgate:policy:1";

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let tenants = section(&shape::DOCUMENT, "");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Tapgate policy",
        "description": "One policy, or {tenants: [policy, ...]}.",
        // Not `anyOf`: a document is told what is wrong with what it tries to be.
        "if": {"type": "object", "required": ["tenants"]},
        "then": tenants,
        "else": {"$ref": "#/$defs/policy"},
        "$defs": {"policy": section(&shape::POLICY, "")},
    })
}

fn section(shape: &'static Shape, path: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in shape.fields {
        let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        properties.insert(field.name.to_owned(), property(field, &path));
        if field.presence == Presence::Required {
            required.push(field.name);
        }
    }
    let mut section = Map::from_iter([("type".into(), "object".into()), ("additionalProperties".into(), false.into())]);
    section.insert("properties".into(), properties.into());
    if !required.is_empty() {
        section.insert("required".into(), required.into());
    }
    if !shape.one_of.is_empty() {
        let each: Vec<Value> = shape.one_of.iter().map(|name| json!({"required": [name]})).collect();
        section.insert("oneOf".into(), each.into());
    }
    section.into()
}

fn property(field: &'static Field, path: &str) -> Value {
    let mut property = match kind(&field.kind, path) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    if let Some(words) = about(path) {
        property.insert("description".into(), words.about.into());
        if let Some(example) = example(words.example) {
            property.insert("examples".into(), Value::Array(vec![example]));
        }
    }
    if let Presence::Default(default) = field.presence {
        property.insert("default".into(), plain(default));
    }
    property.into()
}

fn example(text: &str) -> Option<Value> {
    yaml::read(text).ok().map(|document| crate::policy::to_value(&document.tree))
}

fn plain(default: Plain) -> Value {
    match default {
        Plain::Number(number) => number.into(),
        Plain::Flag(flag) => flag.into(),
        Plain::Word(word) => word.into(),
        Plain::Nothing => Value::Array(Vec::new()),
    }
}

fn kind(kind: &'static Kind, path: &str) -> Value {
    match kind {
        Kind::Whole { least, most } if least == most => json!({"const": least}),
        Kind::Whole { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Word(words) => json!({"enum": words}),
        Kind::Text { most, line: true } => {
            json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$"})
        }
        Kind::Text { most, line: false } => {
            json!({"type": "string", "minLength": 1, "maxLength": most, "pattern": "^[!-~]*$"})
        }
        Kind::Form(form) => text(*form),
        Kind::List { least, most, of } => {
            json!({"type": "array", "minItems": least, "maxItems": most, "items": self::kind(of, path)})
        }
        // Every tenant's policy is the same one.
        Kind::Section(_) if path == shape::TENANTS.name => {
            json!({"$ref": "#/$defs/policy"})
        }
        Kind::Section(shape) => section(shape, path),
        Kind::WordOr(word, shape) => json!({"anyOf": [{"const": word}, section(shape, path)]}),
        Kind::Named(shape) => {
            json!({"type": "object", "additionalProperties": section(shape, &format!("{path}.*"))})
        }
    }
}

/// A form as a pattern; what a pattern cannot say is left to the compiler.
fn text(form: Form) -> Value {
    let (pattern, most) = match form {
        Form::Tenant => ("^[a-z0-9-]+$", 63),
        Form::Host => (r"^(\*|(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|\[[0-9a-f:.]+\])$", 256),
        Form::KeyId => ("^[A-Za-z0-9._-]+$", 64),
        Form::Key => (r"^\s*[A-Za-z0-9+/_-]+={0,2}\s*$", 1400),
        Form::Identity | Form::UserName => ("^[!-~]+$", 256),
        Form::Group => (r"^[^\u0000-\u001f\u007f]+$", 256),
        Form::Path => (r"^/(?!/)[!-~]*$", 512),
        Form::Pattern => (r"^/[!-~]+$", 513),
        Form::BasePath => (r"^/[!-~]*[!-.0-~]$", 512),
        Form::Cookie => (r"^__Host-[A-Za-z0-9._-]+$", 64),
        Form::Header => ("^[a-z0-9-]+$", 64),
        Form::Colour => ("^#[0-9A-Fa-f]{6}$", 7),
    };
    json!({"type": "string", "pattern": pattern, "maxLength": most})
}

//! Which fields of two policy documents differ.

use std::collections::BTreeSet;

use tapgate_core::json::Json;
use tapgate_core::policy::doc::{DocPath, Step};

use crate::describe::field_at;
use crate::policy::to_value;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Where it stands.
    pub path: String,
    /// What stood there.
    pub before: String,
    /// What stands there now.
    pub now: String,
}

/// Every field that differs, in the order of the older document, then of the newer.
#[must_use]
pub fn fields(old: &Json, new: &Json) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk(Some(old), Some(new), &DocPath::default(), &mut changes);
    changes
}

fn walk(old: Option<&Json>, new: Option<&Json>, path: &DocPath, changes: &mut Vec<FieldChange>) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Json::Object(old)), Some(Json::Object(new))) => {
            let mut seen = BTreeSet::new();
            for (name, _) in old.0.iter().chain(&new.0) {
                if seen.insert(name) {
                    walk(old.get(name), new.get(name), &path.then(Step::Field(name.clone())), changes);
                }
            }
        }
        // Lists of sections item by item; lists of words as a whole.
        (Some(Json::Array(old)), Some(Json::Array(new))) if sections(old) && sections(new) => {
            for index in 0..old.len().max(new.len()) {
                walk(old.get(index), new.get(index), &path.then(Step::Item(index)), changes);
            }
        }
        _ => {
            let (before, now) = (shown(old, path), shown(new, path));
            changes.push(FieldChange { path: path.to_string(), before, now });
        }
    }
}

fn sections(items: &[Json]) -> bool {
    items.iter().all(|item| matches!(item, Json::Object(_)))
}

/// What stands somewhere; nothing of a key.
fn shown(value: Option<&Json>, path: &DocPath) -> String {
    let holds_a_key = path.steps().iter().any(|step| *step == Step::Field("value".to_owned()));
    match value {
        None => match field_at(path).map(|field| field.presence) {
            Some(tapgate_core::policy::fields::Presence::Default(default)) => {
                format!("left out, which is {}", crate::describe::default_in_words(default))
            }
            _ => "left out".to_owned(),
        },
        Some(_) if holds_a_key => "a key".to_owned(),
        Some(value) => {
            let mut value = to_value(value);
            hide(&mut value);
            if value.is_string() || value.is_number() { value.to_string() } else { to_json_text(&value) }
        }
    }
}

fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                if name == "value" { *value = "a key".into() } else { hide(value) }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}

fn to_json_text(value: &serde_json::Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 160 { text.chars().take(160).chain("...".chars()).collect() } else { text }
}

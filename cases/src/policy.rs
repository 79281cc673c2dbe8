//! A policy as people write it: YAML in, defects with line and column out, JSON for the hosts; and changes to it by path.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tapgate_core::json::{Json, Object};
use tapgate_core::policy::doc::{Defect, DocPath, Fault, Step};
use tapgate_core::policy::{Compiled, Environment, compile_tree};

use crate::yaml::{self, Document, Flaw, Places};

/// A policy document in YAML, read and not yet compiled.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    text: String,
    document: Document,
}

impl PolicyDocument {
    /// Reads a policy.
    ///
    /// # Errors
    /// As [`yaml::read`].
    pub fn read(text: &str) -> Result<Self, Vec<Flaw>> {
        Ok(Self { text: text.to_owned(), document: yaml::read(text)? })
    }

    /// Everything that is wrong with a policy's text: what [`PolicyDocument::read`] reports, and behind it what
    /// [`PolicyDocument::compile`] does; and what could be read of it.
    #[must_use]
    pub fn check(text: &str, environment: Environment<'_>) -> (Vec<Flaw>, Option<Self>) {
        let (document, mut flaws) = match yaml::read_whole(text) {
            Ok(read) => read,
            Err(flaws) => return (flaws, None),
        };
        let policy = Self { text: text.to_owned(), document };
        let told: Vec<DocPath> = flaws.iter().map(|flaw| flaw.defect.path.clone()).collect();
        let more = policy.compile(environment).err().unwrap_or_default();
        let new = |flaw: &Flaw| flaw.defect.fault != Fault::Wrong || !told.contains(&flaw.defect.path);
        flaws.extend(more.into_iter().filter(new));
        flaws.sort();
        (flaws, Some(policy))
    }

    /// Compiles it. The hash is that of the text as it was written.
    ///
    /// # Errors
    /// Every defect, with its place.
    pub fn compile(&self, environment: Environment<'_>) -> Result<Compiled, Vec<Flaw>> {
        compile_tree(&self.document.tree, self.text.as_bytes(), environment)
            .map_err(|defects| self.document.places.locate(defects))
    }

    /// What it says.
    #[must_use]
    pub fn tree(&self) -> &Json {
        &self.document.tree
    }

    /// Where it says it.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.document.places
    }
}

/// A change to a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What is changed.
    pub path: DocPath,
    /// What stands there now; `Null` to take it out.
    pub value: Json,
}

/// Reads a path as defects show it: `registration.allow[1]`; `None` if it is none.
#[must_use]
pub fn parse_path(text: &str) -> Option<DocPath> {
    let mut path = DocPath::default();
    for part in text.split('.') {
        let (name, items) = match part.split_once('[') {
            Some((name, items)) => (name, items.strip_suffix(']')?),
            None => (part, ""),
        };
        if name.is_empty() {
            return None;
        }
        path = path.then(Step::Field(name.to_owned()));
        for item in items.split("][").filter(|item| !item.is_empty()) {
            path = path.then(Step::Item(item.parse().ok()?));
        }
    }
    Some(path)
}

/// A policy's tree with changes made to it, in their order.
///
/// # Errors
/// The changes whose path leads through something that is no section or list.
pub fn changed(tree: &Json, changes: &[Change]) -> Result<Json, Vec<Defect>> {
    let mut tree = tree.clone();
    let mut defects = Vec::new();
    for change in changes {
        if change_at(&mut tree, change.path.steps(), &change.value).is_none() {
            let found = "found no such place in the policy";
            defects.push(Defect::wrong(change.path.clone(), found, "a path whose last step may be new"));
        }
    }
    if defects.is_empty() { Ok(tree) } else { Err(defects) }
}

fn change_at(tree: &mut Json, steps: &[Step], value: &Json) -> Option<()> {
    let (step, rest) = steps.split_first()?;
    match (step, tree) {
        (Step::Field(name), Json::Object(Object(members))) => {
            let at = members.iter().position(|(known, _)| known == name);
            match (at, rest.is_empty()) {
                (Some(at), true) if *value == Json::Null => drop(members.remove(at)),
                (Some(at), true) => members.get_mut(at)?.1 = value.clone(),
                (Some(at), false) => change_at(&mut members.get_mut(at)?.1, rest, value)?,
                (None, true) => members.push((name.clone(), value.clone())),
                (None, false) => {
                    let mut section = Json::Object(Object::default());
                    change_at(&mut section, rest, value)?;
                    members.push((name.clone(), section));
                }
            }
        }
        (Step::Item(index), Json::Array(items)) => match (items.len().cmp(index), rest.is_empty()) {
            (std::cmp::Ordering::Greater, true) if *value == Json::Null => drop(items.remove(*index)),
            (std::cmp::Ordering::Greater, true) => *items.get_mut(*index)? = value.clone(),
            (std::cmp::Ordering::Greater, false) => change_at(items.get_mut(*index)?, rest, value)?,
            (std::cmp::Ordering::Equal, true) => items.push(value.clone()),
            _ => return None,
        },
        _ => return None,
    }
    Some(())
}

/// A tree as JSON: what hosts are handed.
#[must_use]
pub fn to_json(tree: &Json) -> String {
    to_value(tree).to_string()
}

/// A tree as a value of `serde_json`.
#[must_use]
pub fn to_value(tree: &Json) -> Value {
    match tree {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Integer(number) => Value::from(*number),
        Json::Float(number) => Value::from(*number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Json::Object(object) => {
            Value::Object(object.0.iter().map(|(name, value)| (name.clone(), to_value(value))).collect())
        }
    }
}

/// What stands at a path of a tree.
#[must_use]
pub fn at<'a>(tree: &'a Json, path: &str) -> Option<&'a Json> {
    parse_path(path)?.steps().iter().try_fold(tree, |tree, step| match (step, tree) {
        (Step::Field(name), Json::Object(object)) => object.get(name),
        (Step::Item(index), Json::Array(items)) => items.get(*index),
        _ => None,
    })
}

/// The text that stands at a path of a tree.
#[must_use]
pub fn text_at<'a>(tree: &'a Json, path: &str) -> Option<&'a str> {
    match at(tree, path)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// An environment in which every variable holds a key: for whoever needs no real ones.
#[must_use]
pub fn stand_in(variable: &str) -> Option<String> {
    Some(key_of_variable(variable))
}

/// The key that cases put into an environment variable: thirty-two bytes that depend on its name, known to everybody and
/// good for nothing else.
#[must_use]
pub fn key_of_variable(name: &str) -> String {
    // FNV-1a, run on: the bytes only have to differ from name to name.
    let mut state = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut bytes = Vec::with_capacity(32);
    for _ in 0..4 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    STANDARD.encode(bytes)
}

/// The parts of a document, one a tenant: the document itself where it is one policy.
#[must_use]
pub fn tenants(tree: &Json) -> Vec<&Json> {
    match at(tree, "tenants") {
        Some(Json::Array(tenants)) => tenants.iter().collect(),
        _ => vec![tree],
    }
}

/// The members of a policy that name an environment variable: of a key, of etcd's user and password.
const NAMES_A_VARIABLE: [&str; 4] = ["env", "usernameEnv", "passwordEnv", "tokenEnv"];

/// The names of the environment variables that a policy takes its keys and etcd's credentials from, each once.
#[must_use]
pub fn variables(tree: &Json) -> Vec<String> {
    let mut names = Vec::new();
    collect_variables(tree, &mut names);
    names.sort();
    names.dedup();
    names
}

fn collect_variables(tree: &Json, names: &mut Vec<String>) {
    match tree {
        Json::Object(object) => {
            for (name, value) in &object.0 {
                match value {
                    Json::String(variable) if NAMES_A_VARIABLE.contains(&name.as_str()) => names.push(variable.clone()),
                    _ => collect_variables(value, names),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect_variables(item, names)),
        _ => {}
    }
}

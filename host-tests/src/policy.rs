//! Policies for tests: the one that the example ships, altered by JSON pointer.
//!
//! There is one default policy in the project, the text inside `examples/envoy/envoy.yaml`; this reads it from there.

use serde_json::{Map, Value};

use crate::envoy::Bootstrap;

/// A policy document, valid or deliberately not.
#[derive(Clone, Debug)]
pub struct Policy(Value);

impl Policy {
    /// The policy of the shipped bootstrap.
    ///
    /// # Panics
    /// If the bootstrap holds none that is JSON.
    #[must_use]
    pub fn shipped() -> Self {
        let text = Bootstrap::shipped().policy();
        Self(serde_json::from_str(&text).expect("the example's policy is JSON"))
    }

    /// Sets what `pointer` (RFC 6901) names, making the objects on the way; an index one past an array's end appends.
    ///
    /// # Panics
    /// If the pointer leads through something that has no members.
    #[must_use]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let mut place = &mut self.0;
        for step in pointer.split('/').skip(1) {
            place = match place {
                Value::Object(members) => members.entry(step).or_insert_with(|| Value::Object(Map::new())),
                Value::Array(items) => {
                    let index: usize = step.parse().expect("an index into an array");
                    if index == items.len() {
                        items.push(Value::Null);
                    }
                    &mut items[index]
                }
                other => panic!("`{pointer}` leads through {other}"),
            };
        }
        *place = value.into();
        self
    }

    /// Removes the member that `pointer` names.
    ///
    /// # Panics
    /// If there is no such member.
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer with a slash");
        let members = self.0.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object to remove from");
        members.remove(name).expect("a member to remove");
        self
    }

    /// The document.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// The document as the text that the plugin is handed.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

//! Policies described to people: what each field is for, the JSON Schema, the reference, and how to mend what is wrong.
//!
//! What a field may hold comes from `tapgate-core`'s own list of fields, which its readers go by; what it is for is said
//! here, once, in [`words`].

mod explain;
mod facts;
mod flaw;
mod mend;
mod reference;
mod risks;
mod schema;
mod spans;
pub mod words;

pub use explain::{Explained, explained};
pub use facts::{Fact, facts};
pub use flaw::FlawReport;
pub use mend::{field_at, in_words as default_in_words, mend};
pub use reference::reference;
pub use risks::{Risk, SHARED, Severity, VOLATILE, risks};
pub use schema::{SCHEMA_ID, schema};
pub use spans::{Lifetime, Relative, Words as SpanInWords};

use tapgate_core::policy::fields::{Field, Kind, Shape};
use tapgate_core::policy::shape;

pub use words::{WORDS, Words};

/// A field, where it stands, and the words about it.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// How deep it stands: 0 for the document's own fields.
    pub depth: usize,
    /// What the core knows of it.
    pub field: &'static Field,
    /// The words; `None` if the table has none, which a test forbids.
    pub words: Option<&'static Words>,
}

/// Every field of a policy, in the order of the document, with its path.
#[must_use]
pub fn fields() -> Vec<(String, Described)> {
    let mut fields = Vec::new();
    walk(&shape::POLICY, "", 0, &mut fields);
    fields
}

fn walk(shape: &'static Shape, path: &str, depth: usize, fields: &mut Vec<(String, Described)>) {
    for field in shape.fields {
        let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        fields.push((path.clone(), Described { depth, field, words: about(&path) }));
        match below(&field.kind) {
            Some((shape, true)) => walk(shape, &format!("{path}.*"), depth.saturating_add(2), fields),
            Some((shape, false)) => walk(shape, &path, depth.saturating_add(1), fields),
            None => {}
        }
    }
}

/// The section that a kind leads to, and whether its names are data.
fn below(kind: &Kind) -> Option<(&'static Shape, bool)> {
    match kind {
        Kind::Section(shape) | Kind::WordOr(_, shape) => Some((shape, false)),
        Kind::Named(shape) => Some((shape, true)),
        Kind::List { of, .. } => below(of),
        Kind::Whole { .. } | Kind::Flag | Kind::Word(_) | Kind::Text { .. } | Kind::Form(_) => None,
    }
}

/// The words about the field at a path, whose items of lists are left out.
#[must_use]
pub fn about(path: &str) -> Option<&'static Words> {
    WORDS.iter().find(|words| words.covers(path))
}

impl Words {
    /// Whether they are about the field at this path.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        let mut own = self.path.split('.');
        path.split('.').all(|step| own.next().is_some_and(|known| known == "*" || known == step))
            && own.next().is_none()
    }
}

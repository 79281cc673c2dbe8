//! A policy document as a tree with paths, and a cursor that walks it collecting every defect (2.2).
//!
//! Policies are one kind of document, the cases beside them another: both are read with this cursor.
//!
//! A plain serde mirror stops at the first error and knows no paths; this one reports all of them, each where it is.
//! What the fields mean is `compile`'s business.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::json::{Json, Object};

/// Where in a document something stands, as in `registration.allow[1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocPath(Vec<Step>);

/// One step of a [`DocPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A field of a section.
    Field(String),
    /// An item of a list, from 0.
    Item(usize),
}

impl DocPath {
    /// The steps from the document's root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// This path, one step further.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for DocPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the document");
        }
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if index == 0 => write!(f, "{}", Shown(name))?,
                Step::Field(name) => write!(f, ".{}", Shown(name))?,
                Step::Item(item) => write!(f, "[{item}]")?,
            }
        }
        Ok(())
    }
}

/// User input in a message: one line of ASCII, at most 64 characters of it.
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars().take(64) {
            write!(f, "{}", character.escape_default())?;
        }
        if self.0.chars().nth(64).is_some() { f.write_str("...") } else { Ok(()) }
    }
}

/// One thing wrong with a policy document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Defect {
    /// Where.
    pub path: DocPath,
    /// What was found, as in "found `x`" or "is missing".
    pub found: String,
    /// What is allowed there, or what to do: the mend.
    pub expected: String,
    /// Which kind of thing is wrong.
    pub fault: Fault,
}

impl Defect {
    /// A defect of a value.
    #[must_use]
    pub fn wrong(path: DocPath, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { path, found: found.into(), expected: expected.into(), fault: Fault::Wrong }
    }
}

/// Kinds of defects, for whoever wants to say more than the defect does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A field that the document does not have. Where its name may not be shown, the path is that of its section.
    Unknown,
    /// A field that has to stand there does not.
    Missing,
    /// A field that stands there more than once.
    Repeated,
    /// What stands there is not what may.
    Wrong,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}; expected {}", self.path, self.found, self.expected)
    }
}

/// The defects of a document as they are found.
#[derive(Debug)]
pub struct Defects {
    found: RefCell<Vec<Defect>>,
    document: &'static str,
}

impl Defects {
    /// None yet. `document` says what is read, as in "the policy".
    #[must_use]
    pub fn of(document: &'static str) -> Self {
        Self { found: RefCell::default(), document }
    }

    /// Reports a defect in the words of whoever found it.
    pub fn report(&self, path: &DocPath, found: impl Into<String>, expected: impl Into<String>) {
        self.push(Defect::wrong(path.clone(), found, expected));
    }

    fn push(&self, defect: Defect) {
        self.found.borrow_mut().push(defect);
    }

    /// All of them, in the order of their paths, each once.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Defect> {
        let mut defects = self.found.into_inner();
        defects.sort();
        defects.dedup();
        defects
    }
}

/// A value of the document, with where it stands and where to report.
#[derive(Clone)]
pub struct Node<'a> {
    value: &'a Json,
    path: DocPath,
    defects: &'a Defects,
    /// Whether what stands here must not be shown: it may be a key.
    secret: bool,
}

impl<'a> Node<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(value: &'a Json, defects: &'a Defects) -> Self {
        Self { value, path: DocPath::default(), defects, secret: false }
    }

    /// The same node, of which nothing is ever shown, nor of what lies below it.
    #[must_use]
    pub fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// What stands here.
    #[must_use]
    pub fn value(&self) -> &'a Json {
        self.value
    }

    /// Where it stands.
    #[must_use]
    pub fn path(&self) -> &DocPath {
        &self.path
    }

    /// Reports that something else stands here.
    pub fn wrong(&self, expected: impl fmt::Display) {
        let found = match self.value {
            other if self.secret => format!("found {}", other.kind()),
            Json::String(text) => format!("found `{}`", Shown(text)),
            Json::Integer(number) => format!("found {number}"),
            Json::Float(number) => format!("found {number}"),
            Json::Bool(value) => format!("found {value}"),
            other => format!("found {}", other.kind()),
        };
        self.defects.report(&self.path, found, expected.to_string());
    }

    /// Reports a defect in words of its own.
    pub fn wrong_as(&self, found: impl fmt::Display, expected: impl fmt::Display) {
        self.defects.report(&self.path, format!("found {found}"), expected.to_string());
    }

    /// A section, whose fields are then asked for one by one.
    #[must_use]
    pub fn section(&self) -> Option<Section<'a>> {
        match self.value {
            Json::Object(object) => Some(Section::new(object, self)),
            _ => {
                self.wrong("a section with fields");
                None
            }
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn list(&self, most: usize) -> Option<Vec<Self>> {
        match self.value {
            Json::Array(items) if items.len() <= most => {
                let item = |(index, value)| Self { value, path: self.path.then(Step::Item(index)), ..self.clone() };
                Some(items.iter().enumerate().map(item).collect())
            }
            Json::Array(items) => {
                self.wrong_as(format_args!("a list of {}", items.len()), format_args!("at most {most} items"));
                None
            }
            _ => {
                self.wrong("a list");
                None
            }
        }
    }

    /// A string; nothing is reported if it is none.
    #[must_use]
    pub fn as_text(&self) -> Option<&'a str> {
        match self.value {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this word stands here.
    #[must_use]
    pub fn is_text(&self, word: &str) -> bool {
        self.as_text() == Some(word)
    }

    /// A string.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let text = self.as_text();
        if text.is_none() {
            self.wrong("a string");
        }
        text
    }

    /// A string that is one of a type's canonical forms.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self) -> Option<T> {
        let text = self.text()?;
        text.parse().map_err(|error: T::Err| self.wrong(strip_expected(&error.to_string()))).ok()
    }

    /// One of a closed list of words, as the value at the same place of the other list.
    pub fn word<T: Copy>(&self, words: &[&str], values: &[T]) -> Option<T> {
        let allowed = || words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
        let Json::String(text) = self.value else {
            self.wrong(allowed());
            return None;
        };
        let found = words.iter().zip(values).find_map(|(word, value)| (word == text).then_some(*value));
        if found.is_none() {
            self.wrong(allowed());
        }
        found
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.value {
            Json::Bool(value) => Some(*value),
            _ => {
                self.wrong("true or false");
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub fn number(&self, least: u32, most: u32) -> Option<u32> {
        let number = match self.value {
            Json::Integer(number) => u32::try_from(*number).ok().filter(|number| (least..=most).contains(number)),
            _ => None,
        };
        if number.is_none() {
            if least == most {
                self.wrong(least);
            } else {
                self.wrong(format_args!("a whole number from {least} to {most}"));
            }
        }
        number
    }
}

/// `NameError` and its like say "expected x"; a defect says so itself.
fn strip_expected(text: &str) -> &str {
    text.strip_prefix("expected ").unwrap_or(text)
}

/// A section of the document. What is not asked for by the time it goes is an unknown field.
pub struct Section<'a> {
    object: &'a Object,
    path: DocPath,
    defects: &'a Defects,
    secret: bool,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    fn new(object: &'a Object, node: &Node<'a>) -> Self {
        let Node { path, defects, secret, .. } = node.clone();
        let section = Self { object, path, defects, secret, known: RefCell::default() };
        let mut seen = BTreeSet::new();
        for (name, _) in &object.0 {
            if !seen.insert(name) {
                section.wrong_field(name, "appears twice", "each field once", Fault::Repeated);
            }
        }
        section
    }

    /// Where the section stands.
    #[must_use]
    pub fn path(&self) -> &DocPath {
        &self.path
    }

    /// Where to report.
    #[must_use]
    pub fn defects(&self) -> &'a Defects {
        self.defects
    }

    /// Where a field of this section stands.
    #[must_use]
    pub fn path_of(&self, field: &str) -> DocPath {
        self.path.then(Step::Field(field.to_owned()))
    }

    /// A field that may be missing.
    pub fn optional(&self, field: &'static str) -> Option<Node<'a>> {
        self.known.borrow_mut().push(field);
        self.object.get(field).map(|value| self.node(field, value))
    }

    /// A field whose lack is a defect.
    pub fn required(&self, field: &'static str, expected: &str) -> Option<Node<'a>> {
        let node = self.optional(field);
        if node.is_none() {
            let (found, fault) = ("is missing".to_owned(), Fault::Missing);
            self.defects.push(Defect { path: self.path_of(field), found, expected: expected.to_owned(), fault });
        }
        node
    }

    /// A field with a default: `None` only if what stands there is wrong, which has been reported.
    pub fn or<T>(&self, field: &'static str, default: T, read: impl FnOnce(Node<'a>) -> Option<T>) -> Option<T> {
        match self.optional(field) {
            None => Some(default),
            Some(node) => read(node),
        }
    }

    /// The names of all fields that stand here, with their nodes: for sections whose keys are data.
    #[must_use]
    pub fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        self.object.0.iter().map(|(name, value)| (name.as_str(), self.node(name, value))).collect()
    }

    fn node(&self, name: &str, value: &'a Json) -> Node<'a> {
        Node { value, path: self.path_of(name), defects: self.defects, secret: self.secret }
    }

    /// Reports every field that nobody asked for, with the nearest known one.
    pub fn finish(self) {
        let known = self.known.borrow();
        for (name, _) in &self.object.0 {
            if !known.contains(&name.as_str()) {
                let nearest = known.iter().filter(|field| similar(name, field)).min_by_key(|field| field.len());
                let expected = match nearest {
                    Some(field) => format!("`{field}`"),
                    None => format!(
                        "one of {}",
                        known.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ")
                    ),
                };
                let found = format!("is not a field of {}", self.defects.document);
                self.wrong_field(name, &found, &expected, Fault::Unknown);
            }
        }
    }

    /// Reports a field by its name, unless that may be a key that slipped into the wrong place.
    fn wrong_field(&self, name: &str, what: &str, expected: &str, fault: Fault) {
        let (path, found) = if self.secret {
            (self.path.clone(), format!("a field of it {what}"))
        } else {
            (self.path_of(name), what.to_owned())
        };
        self.defects.push(Defect { path, found, expected: expected.to_owned(), fault });
    }
}

/// Whether a field was probably meant: the same letters but for case and separators, or one that begins the other.
fn similar(found: &str, field: &str) -> bool {
    let fold = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (found, field) = (fold(found), fold(field));
    let begins = found.len() >= 4 && field.len() >= 4 && (found.starts_with(&field) || field.starts_with(&found));
    found == field || begins
}

//! YAML as a bounded tree with positions: the one place where YAML is read.
//!
//! What a plain scalar means is decided by YAML 1.2, and where other readers take it for something else (`no`, `08`,
//! `1_000`) it is refused until it is quoted or written plainly: the same document must mean the same to every tool that
//! turns it into JSON. What the fields mean is the business of whoever walks the tree.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Options, Spanned};
use tapgate_core::json::{Json, Object};
use tapgate_core::policy::doc::{Defect, DocPath, Step};

/// The largest document that is read, in bytes: what the policy compiler reads at most.
const MOST_BYTES: usize = 8 << 20;

/// How deep a document may nest.
const MOST_DEPTH: usize = 24;

/// The most values of a document, aliases expanded.
const MOST_VALUES: usize = 500_000;

/// The most values that aliases may stand for.
const MOST_ALIASED: usize = 20_000;

/// A place in a text: line and column, both from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl Position {
    const START: Self = Self { line: 1, column: 1 };

    fn of(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One thing wrong with a document, and where. In the order of their places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Where in the text.
    pub position: Position,
    /// What is wrong, and where in the document.
    pub defect: Defect,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.defect)
    }
}

/// Where a field's name and its value stand, or an item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name; `None` for an item of a list, and for the document.
    pub key: Option<Position>,
    /// The value; where an alias stands for it, the alias.
    pub value: Position,
}

/// Where everything of a document stands.
#[derive(Clone, Debug, Default)]
pub struct Places(BTreeMap<DocPath, Place>);

impl Places {
    /// Where this stands; `None` if it is not in the document.
    #[must_use]
    pub fn get(&self, path: &DocPath) -> Option<Place> {
        self.0.get(path).copied()
    }

    /// Where to look for this: at a field's name or a list's item, or if there is none, at what it is missing from.
    #[must_use]
    pub fn find(&self, path: &DocPath) -> Position {
        let mut steps = path.steps();
        loop {
            let here = steps.iter().fold(DocPath::default(), |path, step| path.then(step.clone()));
            if let Some(place) = self.get(&here) {
                return place.key.unwrap_or(place.value);
            }
            match steps.split_last() {
                Some((_, outer)) => steps = outer,
                None => return Position::START,
            }
        }
    }

    /// Defects with their positions, in the order of the text.
    #[must_use]
    pub fn locate(&self, defects: Vec<Defect>) -> Vec<Flaw> {
        let mut flaws: Vec<Flaw> =
            defects.into_iter().map(|defect| Flaw { position: self.find(&defect.path), defect }).collect();
        flaws.sort();
        flaws
    }
}

/// A document that has been read.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it says.
    pub tree: Json,
    /// Where it says it.
    pub places: Places,
}

/// Reads one YAML document.
///
/// # Errors
/// One flaw where the syntax is broken or a bound is reached; every plain scalar that YAML readers disagree on.
pub fn read(text: &str) -> Result<Document, Vec<Flaw>> {
    match read_whole(text)? {
        (document, disputed) if disputed.is_empty() => Ok(document),
        (_, disputed) => Err(disputed),
    }
}

/// Reads one YAML document, and gives it with its plain scalars that readers disagree on, so that what else is wrong with
/// it can be told at once.
///
/// # Errors
/// One flaw where the syntax is broken or a bound is reached.
pub fn read_whole(text: &str) -> Result<(Document, Vec<Flaw>), Vec<Flaw>> {
    if text.len() > MOST_BYTES {
        return Err(vec![whole(Position::START, format!("found {} bytes", text.len()), "at most 8 MiB")]);
    }
    let value: Spanned<Value> = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let position = error.location().map_or(Position::START, Position::of);
        // The message alone, without a snippet: it could show a key.
        let message = error.without_snippet().to_string();
        vec![whole(position, unquoted(&message), "one document in YAML")]
    })?;
    let mut reading = Reading { text, places: Places::default(), flaws: Vec::new() };
    let tree = reading.take(value, &DocPath::default(), None);
    Ok((Document { tree, places: reading.places }, reading.flaws))
}

fn whole(position: Position, found: String, expected: &str) -> Flaw {
    Flaw { position, defect: Defect::wrong(DocPath::default(), found, expected) }
}

/// The first line of the reader's message without what it quotes from the text, which could be a key, and without the
/// place, which is said already.
fn unquoted(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.rsplit_once(" at line ").map_or(line, |(words, _)| words);
    let mut words = String::with_capacity(line.len());
    let mut inside = None;
    let mut before = ' ';
    for letter in line.chars() {
        match inside {
            Some(quote) if letter == quote => inside = None,
            Some(_) => {}
            None if letter == '`' || letter == '"' || (letter == '\'' && !before.is_alphanumeric()) => {
                inside = Some(letter);
                words.push_str("...");
            }
            None => words.push(letter),
        }
        before = letter;
    }
    words
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_DEPTH,
            max_nodes: MOST_VALUES,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_ALIASED,
            max_replay_stack_depth: 8,
        },
        // Whoever walks the tree names every field that appears twice, not only the first.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        reject_unsupported_tags: true,
    }
}

/// A value as it is read, before its positions are put aside.
enum Value {
    Scalar(Json),
    List(Vec<Spanned<Self>>),
    Section(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Scalar(Json::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Scalar(Json::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Scalar(Json::Integer(value)))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value)
            .map(|value| Value::Scalar(Json::Integer(value)))
            .map_err(|_| E::custom("number out of range"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Scalar(Json::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Scalar(Json::String(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut section = Vec::new();
        while let Some(member) = members.next_entry()? {
            section.push(member);
        }
        Ok(Value::Section(section))
    }
}

/// Takes what was read apart: the tree, the places, the flaws.
struct Reading<'a> {
    text: &'a str,
    places: Places,
    flaws: Vec<Flaw>,
}

impl Reading<'_> {
    fn take(&mut self, value: Spanned<Value>, path: &DocPath, key: Option<Position>) -> Json {
        let position = Position::of(value.referenced);
        self.places.0.insert(path.clone(), Place { key, value: position });
        match value.value {
            Value::Scalar(scalar) => {
                if let Json::String(text) = &scalar
                    && self.is_plain(value.defined)
                    && let Some((found, expected)) = disputed(text)
                {
                    let defect = Defect::wrong(sayable(path), found, expected);
                    self.flaws.push(Flaw { position, defect });
                }
                scalar
            }
            Value::List(items) => {
                let take = |(index, item)| self.take(item, &path.then(Step::Item(index)), None);
                Json::Array(items.into_iter().enumerate().map(take).collect())
            }
            Value::Section(members) => {
                let take = |(name, value): (Spanned<String>, Spanned<Value>)| {
                    let key = Some(Position::of(name.referenced));
                    let value = self.take(value, &path.then(Step::Field(name.value.clone())), key);
                    (name.value, value)
                };
                Json::Object(Object(members.into_iter().map(take).collect()))
            }
        }
    }

    /// Whether a scalar stands in the text without quotes.
    fn is_plain(&self, location: Location) -> bool {
        let start = location.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
        let first = start.and_then(|start| self.text.get(start..)).and_then(|rest| rest.chars().next());
        !matches!(first, Some('"' | '\'' | '|' | '>'))
    }
}

/// A path without the names below a policy's `keys`: one of them may be a key that slipped into the wrong place.
fn sayable(path: &DocPath) -> DocPath {
    let secret = path.steps().iter().position(|step| matches!(step, Step::Field(name) if name == "keys"));
    let steps = path.steps().iter().take(secret.map_or(usize::MAX, |at| at.saturating_add(1)));
    steps.fold(DocPath::default(), |path, step| path.then(step.clone()))
}

/// What is wrong with a plain scalar that readers of YAML take for different things. Numbers are not shown: one could be
/// a key.
fn disputed(text: &str) -> Option<(&'static str, &'static str)> {
    const WORDS: [(&str, &str); 6] = [
        ("yes", "found `yes` without quotes, which some readers of YAML take for true"),
        ("no", "found `no` without quotes, which some readers of YAML take for false"),
        ("on", "found `on` without quotes, which some readers of YAML take for true"),
        ("off", "found `off` without quotes, which some readers of YAML take for false"),
        ("y", "found `y` without quotes, which some readers of YAML take for true"),
        ("n", "found `n` without quotes, which some readers of YAML take for false"),
    ];
    if let Some((_, found)) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Some((found, "`true` or `false`, or quotes around it if it is text"));
    }
    let digits = text.trim_start_matches(['+', '-']);
    let numeric = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let found = match digits.strip_prefix('0') {
        _ if !numeric => return None,
        _ if digits.contains('_') => "found a number with `_` in it without quotes, which readers of YAML disagree on",
        Some(rest) if !rest.is_empty() => {
            "found a number that begins with 0 without quotes, which some readers of YAML take for octal"
        }
        _ => return None,
    };
    Some((found, "a number in plain digits, or quotes around it if it is text"))
}

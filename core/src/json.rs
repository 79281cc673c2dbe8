//! One strict reader for JSON that comes from outside: a bounded tree, no member twice, whole numbers apart from others.
//!
//! `serde_json` knows the syntax; what is accepted is decided here. Claims, cookies, bodies and
//! what other programs answer are read [`strict`]ly; a policy document is read by [`document`], which keeps what it finds so
//! that the compiler can name every defect.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// A JSON value. Members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number written without fraction or exponent.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// The members of a JSON object, in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(pub Vec<(String, Json)>);

impl Object {
    /// The first member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The first member of this name, without the others.
    #[must_use]
    pub fn take(self, name: &str) -> Option<Json> {
        self.0.into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl Json {
    /// The value as JSON whose members are sorted by their names: the same text for the same value.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // Writing text and numbers to memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What kind of value this is, for an error message.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number that is not whole",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "a section",
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => out.serialize_unit(),
            Self::Bool(value) => out.serialize_bool(*value),
            Self::Integer(number) => out.serialize_i64(*number),
            Self::Float(number) => out.serialize_f64(*number),
            Self::String(text) => out.serialize_str(text),
            Self::Array(items) => out.collect_seq(items),
            Self::Object(Object(members)) => {
                let mut map = out.serialize_map(Some(members.len()))?;
                // Few members, and sorting them would take several kilobytes of code.
                let mut last: Option<&String> = None;
                let next = |last: Option<&String>| {
                    members.iter().filter(|(name, _)| last.is_none_or(|last| name > last)).min_by_key(|(name, _)| name)
                };
                while let Some((name, value)) = next(last) {
                    map.serialize_entry(name, value)?;
                    last = Some(name);
                }
                map.end()
            }
        }
    }
}

/// Why bytes were not accepted as JSON: the reader's own words, with line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

/// How deep a strictly read value may nest, itself included (3.2).
const STRICT_DEPTH: u8 = 4;

/// How deep a policy document may nest.
const DOCUMENT_DEPTH: u8 = 16;

/// Reads an object as claims and bodies must be: no member twice at any depth, no `null`, at most four levels (3.2).
///
/// The caller bounds `bytes`.
///
/// # Errors
/// [`JsonError`] for anything else.
pub fn strict(bytes: &[u8]) -> Result<Object, JsonError> {
    strict_to(STRICT_DEPTH, bytes)
}

/// As [`strict`], with `depth` levels: for what another program writes, whose shape is its own.
///
/// # Errors
/// As [`strict`].
pub fn strict_to(depth: u8, bytes: &[u8]) -> Result<Object, JsonError> {
    object(bytes, Reader { strict: true, nulls: false, depth })
}

/// As [`strict_to`], but `null` is read: for protocols in which it stands for no value.
///
/// # Errors
/// As [`strict`].
pub fn strict_with_nulls(depth: u8, bytes: &[u8]) -> Result<Object, JsonError> {
    object(bytes, Reader { strict: true, nulls: true, depth })
}

fn object(bytes: &[u8], reader: Reader) -> Result<Object, JsonError> {
    match read(bytes, reader)? {
        Json::Object(object) => Ok(object),
        other => Err(JsonError(format!("expected an object, found {}", other.kind()))),
    }
}

/// Reads a document for the policy compiler, which reports repeated members and `null` itself.
///
/// # Errors
/// [`JsonError`] where the syntax is broken or the nesting too deep.
pub fn document(bytes: &[u8]) -> Result<Json, JsonError> {
    read(bytes, Reader { strict: false, nulls: true, depth: DOCUMENT_DEPTH })
}

fn read(bytes: &[u8], reader: Reader) -> Result<Json, JsonError> {
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = reader.deserialize(&mut source).map_err(|error| JsonError(error.to_string()))?;
    source.end().map_err(|error| JsonError(error.to_string()))?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Reader {
    /// No member twice, no number that is out of range.
    strict: bool,
    /// Whether `null` is read.
    nulls: bool,
    /// Levels of nesting that may still be opened.
    depth: u8,
}

impl Reader {
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Reader {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Json, E> {
        if self.nulls { Ok(Json::Null) } else { Err(E::custom("null is not accepted")) }
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Json, E> {
        match i64::try_from(value) {
            Ok(number) => Ok(Json::Integer(number)),
            Err(_) if self.strict => Err(E::custom("number out of range")),
            // Good enough to say that it is no number that anybody asked for.
            Err(_) => Ok(Json::Float(f64::INFINITY)),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut seen = BTreeSet::new();
        let mut object = Object::default();
        while let Some(name) = members.next_key::<String>()? {
            if self.strict && !seen.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("member `{name}` appears twice")));
            }
            object.0.push((name, members.next_value_seed(inside)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_reading_refuses_what_two_readers_could_take_apart_differently() {
        for bad in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            r#"{"a":null}"#,
            r#"[1]"#,
            r#""text""#,
            r#"{"a":1} x"#,
            r#"{"a":1}{}"#,
            r#"{"a":[[[[1]]]]}"#,
            r#"{"a":01}"#,
            r#"{a:1}"#,
            r#"{"a":18446744073709551615}"#,
            "\u{feff}{}",
            "",
        ] {
            assert!(strict(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(strict(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn whole_numbers_are_those_written_whole() {
        let object = strict(br#"{"a":1,"b":1.0,"c":1e3,"d":-1}"#).unwrap();
        assert_eq!(object.get("a"), Some(&Json::Integer(1)));
        assert_eq!(object.get("b"), Some(&Json::Float(1.0)));
        assert_eq!(object.get("c"), Some(&Json::Float(1000.0)));
        assert_eq!(object.get("d"), Some(&Json::Integer(-1)));
    }

    #[test]
    fn four_levels_are_read_and_a_fifth_is_not() {
        assert!(strict(br#"{"a":[[[1]]]}"#).is_ok());
        assert!(strict(br#"{"a":[[[[]]]]}"#).is_err());
        assert!(strict_to(5, br#"{"a":[[[[]]]]}"#).is_ok());
        let deep = "[".repeat(100_000);
        assert!(document(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_document_keeps_what_the_compiler_has_to_name() {
        let Ok(Json::Object(object)) = document(br#"{"a":1,"a":null}"#) else { panic!("a document") };
        assert_eq!(object.0.len(), 2);
    }
}

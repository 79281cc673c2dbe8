//! A stream's metadata as Envoy serializes it, read as JSON: in it are the claims of a token that the proxy has verified (11.1).
//!
//! `Metadata` of Envoy's `base.proto` and what is in it of the well-known types' `struct.proto`, no others: a reader for all of
//! protobuf would take more of the plugin than what is read with it. The bytes are the proxy's own, but what stands in them came
//! from a token's issuer, so everything is bounded, and whatever else stands there is refused.

use crate::json::{Json, Object};

/// The most bytes that are read.
const MOST_BYTES: usize = 64 << 10;

/// How deep a value may nest.
const DEPTH: u8 = 16;

/// What a filter says of the stream under a name; `None` if nothing, or if that is no section.
///
/// Numbers are doubles there, so all of them are [`Json::Float`].
pub(crate) fn metadata_of(bytes: &[u8], filter: &str, name: &str) -> Option<Object> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let mut rest = bytes;
    while let Some(found) = field(&mut rest)? {
        // `map<string, Struct> filter_metadata = 1`; what stands beside it is typed otherwise.
        let (1, Wire::Bytes(mut entry)) = found else { continue };
        let (mut key, mut value) = (&b""[..], &b""[..]);
        while let Some(found) = field(&mut entry)? {
            match found {
                (1, Wire::Bytes(bytes)) => key = bytes,
                (2, Wire::Bytes(bytes)) => value = bytes,
                _ => return None,
            }
        }
        if key == filter.as_bytes() {
            return match object(value, DEPTH)?.take(name)? {
                Json::Object(section) => Some(section),
                _ => None,
            };
        }
    }
    None
}

/// What a field holds on the wire.
enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

/// The next field: its number and what it holds. `Some(None)` at the end.
fn field<'a>(rest: &mut &'a [u8]) -> Option<Option<(u64, Wire<'a>)>> {
    if rest.is_empty() {
        return Some(None);
    }
    let tag = varint(rest)?;
    let held = match tag & 7 {
        0 => Wire::Varint(varint(rest)?),
        1 => {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            Wire::Fixed64(*bytes)
        }
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Wire::Bytes(bytes)
        }
        _ => return None,
    };
    Some(Some((tag >> 3, held)))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// `Struct`: `map<string, Value> fields = 1`.
fn object(mut rest: &[u8], depth: u8) -> Option<Object> {
    let mut members: Vec<(String, Json)> = Vec::new();
    while let Some((number, held)) = field(&mut rest)? {
        let (1, Wire::Bytes(entry)) = (number, held) else { return None };
        let (name, value) = member(entry, depth)?;
        if members.iter().any(|(known, _)| *known == name) {
            return None;
        }
        members.push((name, value));
    }
    Some(Object(members))
}

/// An entry of the map: `string key = 1`, `Value value = 2`.
fn member(mut rest: &[u8], depth: u8) -> Option<(String, Json)> {
    let (mut name, mut value) = (String::new(), Json::Null);
    while let Some(found) = field(&mut rest)? {
        match found {
            (1, Wire::Bytes(bytes)) => name = text(bytes)?,
            (2, Wire::Bytes(bytes)) => value = json(bytes, depth)?,
            _ => return None,
        }
    }
    Some((name, value))
}

/// `Value`: one of null, number, string, bool, struct and list, by these numbers. Nothing is null.
fn json(mut rest: &[u8], depth: u8) -> Option<Json> {
    let inside = depth.checked_sub(1)?;
    let mut value = Json::Null;
    while let Some(found) = field(&mut rest)? {
        value = match found {
            (1, Wire::Varint(0)) => Json::Null,
            (2, Wire::Fixed64(bytes)) => Json::Float(f64::from_le_bytes(bytes)),
            (3, Wire::Bytes(bytes)) => Json::String(text(bytes)?),
            (4, Wire::Varint(flag @ (0 | 1))) => Json::Bool(flag == 1),
            (5, Wire::Bytes(bytes)) => Json::Object(object(bytes, inside)?),
            (6, Wire::Bytes(bytes)) => Json::Array(list(bytes, inside)?),
            _ => return None,
        };
    }
    Some(value)
}

/// `ListValue`: `repeated Value values = 1`.
fn list(mut rest: &[u8], depth: u8) -> Option<Vec<Json>> {
    let mut items = Vec::new();
    while let Some((number, held)) = field(&mut rest)? {
        let (1, Wire::Bytes(bytes)) = (number, held) else { return None };
        items.push(json(bytes, depth)?);
    }
    Some(items)
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a field of bytes.
    fn put(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
        out.push(number << 3 | 2);
        let mut length = bytes.len();
        while length >= 0x80 {
            out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        out.push(u8::try_from(length).unwrap());
        out.extend_from_slice(bytes);
    }

    /// What a stream's metadata say under `filter` and `name`, besides what others say.
    fn write_metadata(value: &Json) -> Vec<u8> {
        let mut out = Vec::new();
        for (filter, value) in [("other", &Json::Bool(true)), ("filter", value)] {
            let mut entry = Vec::new();
            put(&mut entry, 1, filter.as_bytes());
            put(&mut entry, 2, &write_struct(&Object(vec![("name".into(), value.clone())])));
            put(&mut out, 1, &entry);
        }
        put(&mut out, 2, b"of another type");
        out
    }

    fn read(bytes: &[u8]) -> Option<Object> {
        metadata_of(bytes, "filter", "name")
    }

    /// The `Struct` of an object.
    fn write_struct(object: &Object) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in &object.0 {
            let mut entry = Vec::new();
            put(&mut entry, 1, name.as_bytes());
            put(&mut entry, 2, &write(value));
            put(&mut out, 1, &entry);
        }
        out
    }

    fn write(value: &Json) -> Vec<u8> {
        let mut out = Vec::new();
        match value {
            Json::Null => out.extend([1 << 3, 0]),
            Json::Bool(flag) => out.extend([4 << 3, u8::from(*flag)]),
            Json::Integer(_) => panic!("a Struct has no whole numbers"),
            Json::Float(number) => {
                out.push(2 << 3 | 1);
                out.extend(number.to_le_bytes());
            }
            Json::String(text) => put(&mut out, 3, text.as_bytes()),
            Json::Object(object) => put(&mut out, 5, &write_struct(object)),
            Json::Array(items) => {
                let mut list = Vec::new();
                items.iter().for_each(|item| put(&mut list, 1, &write(item)));
                put(&mut out, 6, &list);
            }
        }
        out
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            (-1e12..1e12).prop_map(Json::Float),
            ".{0,200}".prop_map(Json::String),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
                prop::collection::btree_map("[a-z]{0,6}", inner, 0..6)
                    .prop_map(|members| Json::Object(Object(members.into_iter().collect()))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(members in prop::collection::btree_map("[a-z]{1,6}", values(), 0..6)) {
            let object = Object(members.into_iter().collect());
            prop_assert_eq!(read(&write_metadata(&Json::Object(object.clone()))), Some(object));
        }

        #[test]
        fn bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_part_of_it_never_reads_as_more(cut in 0_usize..30) {
            let object = Object(vec![("sub".into(), Json::String("alice@example.com".into()))]);
            let bytes = write_metadata(&Json::Object(object));
            // Behind it stands what is of another type.
            let ends = bytes.len().saturating_sub(17);
            prop_assert_eq!(read(&bytes[..ends.saturating_sub(cut)]).is_some(), cut == 0, "{}", cut);
        }
    }

    #[test]
    fn what_has_no_bound_is_refused() {
        let mut deep = Json::Null;
        for _ in 0..20 {
            deep = Json::Array(vec![deep]);
        }
        let with = |members: Vec<(String, Json)>| read(&write_metadata(&Json::Object(Object(members))));
        assert!(with(vec![("a".into(), Json::Null)]).is_some());
        assert_eq!(with(vec![("a".into(), deep)]), None);
        assert_eq!(with(vec![("a".into(), Json::String("x".repeat(MOST_BYTES)))]), None);
        assert_eq!(with(vec![("a".into(), Json::Null), ("a".into(), Json::Bool(true))]), None);
        assert_eq!(read(&write_metadata(&Json::Bool(true))), None);
        assert_eq!(read(&[0xff; 12]), None);
        assert_eq!(read(b""), None);
    }
}

//! What YAML means, where everything stands, and what is refused before anybody looks at the fields.

use tapgate_cases::policy::parse_path;
use tapgate_cases::yaml::{Position, read};
use tapgate_core::json::Json;

fn flaws(text: &str) -> Vec<String> {
    read(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn at(line: u64, column: u64) -> Position {
    Position { line, column }
}

#[test]
fn every_key_and_value_has_its_place() {
    let document = read("a: 1\nsection:\n  list: [x, {deep: true}]\n  text: \"ä\"\n").unwrap();
    for (path, key, value) in [
        ("a", Some(at(1, 1)), at(1, 4)),
        ("section", Some(at(2, 1)), at(3, 3)),
        ("section.list", Some(at(3, 3)), at(3, 9)),
        ("section.list[0]", None, at(3, 10)),
        ("section.list[1].deep", Some(at(3, 14)), at(3, 20)),
        ("section.text", Some(at(4, 3)), at(4, 9)),
    ] {
        let place = document.places.get(&parse_path(path).unwrap()).unwrap_or_else(|| panic!("{path} has no place"));
        assert_eq!((place.key, place.value), (key, value), "{path}");
    }
    // What is missing is looked for in what it is missing from.
    assert_eq!(document.places.find(&parse_path("section.list[1].other").unwrap()), at(3, 13));
    assert_eq!(document.places.find(&parse_path("nowhere.at.all").unwrap()), at(1, 1));
}

#[test]
fn scalars_mean_what_yaml_1_2_says() {
    let text = "[true, false, 5, -5, 0, 0x1F, 1.5, ~, null, text, \"no\", 'on', \"08\", '1_000', 12:30, 0.5, no one]";
    let Json::Array(items) = read(text).unwrap().tree else { panic!("a list") };
    let string = |text: &str| Json::String(text.to_owned());
    let expected = [
        Json::Bool(true),
        Json::Bool(false),
        Json::Integer(5),
        Json::Integer(-5),
        Json::Integer(0),
        Json::Integer(31),
        Json::Float(1.5),
        Json::Null,
        Json::Null,
        string("text"),
        string("no"),
        string("on"),
        string("08"),
        string("1_000"),
        string("12:30"),
        Json::Float(0.5),
        string("no one"),
    ];
    assert_eq!(items, expected);
}

#[test]
fn scalars_that_readers_disagree_on_are_refused_with_their_mend() {
    for (scalar, found) in [
        ("no", "found `no` without quotes"),
        ("Yes", "found `yes` without quotes"),
        ("ON", "found `on` without quotes"),
        ("off", "found `off` without quotes"),
        ("y", "found `y` without quotes"),
        ("08", "found a number that begins with 0"),
        ("0755", "found a number that begins with 0"),
        ("-007", "found a number that begins with 0"),
        ("1_000", "found a number with `_` in it"),
    ] {
        let found_there = flaws(&format!("a:\n  b: {scalar}\n"));
        assert_eq!(found_there.len(), 1, "{scalar}: {found_there:?}");
        assert!(found_there[0].starts_with(&format!("2:6: `a.b`: {found}")), "{scalar}: {found_there:?}");
    }
    // All of them at once.
    assert_eq!(flaws("[no, 08, ok, off]").len(), 3);
}

#[test]
fn broken_syntax_is_reported_where_it_is() {
    for (text, place) in [("a: [1, 2\nb: 3\n", "2:"), ("a: 'open\n", ""), ("a: 1\n b: 2\n", "2:"), ("a: b: c", "1:")] {
        let found = flaws(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        assert!(found[0].starts_with(place), "{text:?}: {found:?}");
        assert!(!found[0].contains('\n'), "{text:?}: {found:?}");
    }
}

#[test]
fn what_could_grow_without_bound_is_refused() {
    let bomb: String =
        (b'b'..=b'j').map(char::from).fold("a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, name| {
            let before = char::from(u8::try_from(name).unwrap() - 1);
            let list = vec![format!("*{before}"); 9].join(", ");
            format!("{text}{name}: &{name} [{list}]\n")
        });
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let long = format!("a: {}", "x".repeat(9 << 20));
    for (what, text) in [("bomb", bomb), ("deep", deep), ("long", long), ("two", "a: 1\n---\nb: 2\n".to_owned())] {
        let found = flaws(&text);
        assert_eq!(found.len(), 1, "{what}: {found:?}");
        assert!(found[0].len() < 400, "{what}: {}", found[0].len());
    }
}

#[test]
fn tags_and_merges_are_refused_and_aliases_are_not() {
    assert_eq!(flaws("a: !secret x").len(), 1);
    assert_eq!(flaws("a: &a {b: 1}\nc:\n  <<: *a\n").len(), 1);
    let document = read("a: &a {b: 1}\nc: *a\n").unwrap();
    assert_eq!(tapgate_cases::policy::to_json(&document.tree), r#"{"a":{"b":1},"c":{"b":1}}"#);
    assert_eq!(document.places.find(&parse_path("c").unwrap()), at(2, 1));
}

#[test]
fn nothing_and_bytes_that_are_no_text_end_in_an_answer() {
    assert_eq!(read("").unwrap().tree, Json::Null);
    assert_eq!(read("# only a comment\n").unwrap().tree, Json::Null);
    assert_eq!(flaws("a: \"\u{0}\"").len(), 1);
}

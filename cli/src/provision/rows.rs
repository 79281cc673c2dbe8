//! The joiners: from a spreadsheet's CSV, or as JSON Lines. Each row is read by itself: what is wrong with one is told with its line, and
//! the others go on.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, Trim};
use serde_json::Value;
use tapgate_core::names::UserName;

use super::hire::Hired;
use crate::moment::Span;
use crate::pass::words::Language;

/// The largest input that is read, in bytes.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// The most joiners of one run.
const MOST_ROWS: usize = 100_000;

/// The longest text of a field that only goes onto paper, in characters.
const MOST_TEXT: usize = 256;

/// A joiner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) user: UserName,
    /// What people call them.
    pub(super) display_name: Option<String>,
    /// Whoever hands the pass over: where mail to them goes.
    pub(super) manager: Option<String>,
    pub(super) hired: Hired,
    /// In minutes.
    pub(super) lifetime: Option<u64>,
    pub(super) once: Option<bool>,
    pub(super) language: Option<Language>,
}

/// A line of the input, and what it came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1, the header included.
    pub(super) number: u64,
    /// What stands there for the user, as far as it can be told.
    pub(super) user: String,
    pub(super) row: Result<Row, String>,
}

/// Why an input holds no joiners.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowsError {
    #[error("the input is not UTF-8 text; save it as `CSV UTF-8`")]
    NotText,
    #[error(
        "the first line lacks the column {missing}; it has {found}. There are `user`, `hireDate`, and if you like `timeZone`, `displayName`, `manager`, `lifetime`, `once` and `language`"
    )]
    Column { missing: &'static str, found: String },
    #[error("the column `{0}` stands there twice")]
    Twice(&'static str),
    #[error("there are more than {MOST_ROWS} rows; run them in parts")]
    TooMany,
    #[error("there is no row")]
    Empty,
}

/// The columns, with the names that they go by in the systems that they come from.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("user", &["user", "userprincipalname", "upn", "username"]),
    ("hireDate", &["hiredate", "employeehiredate", "startdate", "start"]),
    ("timeZone", &["timezone", "zone", "tz"]),
    ("displayName", &["displayname", "name", "fullname"]),
    ("manager", &["manager", "managermail", "manageremail"]),
    ("lifetime", &["lifetime", "lifetimeinminutes"]),
    ("once", &["once", "isusableonce"]),
    ("language", &["language", "preferredlanguage", "lang"]),
];

/// What a column is called here; case, spaces, dashes and underscores make no difference.
fn column(name: &str) -> Option<&'static str> {
    let bare: String = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    COLUMNS.into_iter().find(|(_, known)| known.contains(&bare.as_str())).map(|(name, _)| name)
}

/// The fields of a line by the columns' names.
type Fields<'a> = BTreeMap<&'static str, std::borrow::Cow<'a, str>>;

/// What was read, and the columns that nobody here knows.
pub(super) struct Rows {
    pub(super) lines: Vec<Line>,
    pub(super) unknown: Vec<String>,
}

/// Reads an input: JSON Lines if it begins with a brace.
pub(super) fn read(bytes: &[u8]) -> Result<Rows, RowsError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RowsError::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = if text.trim_start().starts_with('{') { json_lines(text)? } else { csv(text)? };
    if rows.lines.is_empty() {
        return Err(RowsError::Empty);
    }
    refuse_repeated(&mut rows.lines);
    Ok(rows)
}

/// A user has one pass: whoever stands there twice is not issued a second that would take the place of the first.
fn refuse_repeated(lines: &mut [Line]) {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines {
        let Ok(row) = &line.row else { continue };
        let name = row.user.as_str().to_ascii_lowercase();
        match seen.get(&name) {
            Some(first) => line.row = Err(format!("the same user as in line {first}")),
            None => drop(seen.insert(name, line.number)),
        }
    }
}

fn csv(text: &str) -> Result<Rows, RowsError> {
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or(RowsError::Empty)?;
    // What a spreadsheet separates fields by depends on the country it is in.
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|byte| {
        let count = first.bytes().filter(|other| other == byte).count();
        (count, *byte == b',')
    });
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| RowsError::Empty)?.clone();
    let columns: Vec<Option<&'static str>> = header.iter().map(column).collect();
    for (name, _) in COLUMNS {
        if columns.iter().filter(|column| **column == Some(name)).count() > 1 {
            return Err(RowsError::Twice(name));
        }
    }
    for missing in ["user", "hireDate"] {
        if !columns.contains(&Some(missing)) {
            let found = header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(RowsError::Column { missing, found: found.chars().take(MOST_TEXT).collect() });
        }
    }
    let unknown = header.iter().zip(&columns).filter(|(_, column)| column.is_none()).map(|(name, _)| name.to_owned());
    let unknown = unknown.filter(|name| !name.is_empty()).collect();
    let mut lines = Vec::new();
    for record in reader.records() {
        if lines.len() >= MOST_ROWS {
            return Err(RowsError::TooMany);
        }
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                let fields: Fields<'_> = columns
                    .iter()
                    .zip(&record)
                    .filter_map(|(column, value)| Some(((*column)?, value)))
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(column, value)| (column, value.into()))
                    .collect();
                // A spreadsheet's empty last lines.
                if record.iter().all(str::is_empty) {
                    continue;
                }
                let read = line(number, &fields);
                // Whatever stands behind the last column has pushed the others aside: a comma without quotes, say.
                let surplus = record.iter().skip(columns.len()).any(|value| !value.is_empty());
                lines.push(if surplus {
                    Line { row: Err(format!("has more than the {} fields of the first line", columns.len())), ..read }
                } else {
                    read
                });
            }
            Err(error) => {
                let number = error.position().map_or(0, csv::Position::line);
                lines.push(Line { number, user: String::new(), row: Err("is not CSV".to_owned()) });
            }
        }
    }
    Ok(Rows { lines, unknown })
}

fn json_lines(text: &str) -> Result<Rows, RowsError> {
    let mut unknown: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (number, text) in (1_u64..).zip(text.lines()) {
        if text.trim().is_empty() {
            continue;
        }
        if lines.len() >= MOST_ROWS {
            return Err(RowsError::TooMany);
        }
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            lines.push(Line { number, user: String::new(), row: Err("is not a JSON object".to_owned()) });
            continue;
        };
        let mut fields = Fields::new();
        let mut wrong = None;
        for (name, value) in &members {
            let Some(column) = column(name) else {
                if !unknown.contains(name) && unknown.len() < COLUMNS.len() {
                    unknown.push(name.clone());
                }
                continue;
            };
            if fields.contains_key(column) {
                wrong = Some(format!("`{column}` stands there twice"));
                continue;
            }
            match value {
                Value::Null => {}
                Value::String(text) if text.trim().is_empty() => {}
                Value::String(text) => drop(fields.insert(column, text.trim().to_owned().into())),
                Value::Bool(flag) => drop(fields.insert(column, flag.to_string().into())),
                Value::Number(number) => drop(fields.insert(column, number.to_string().into())),
                _ => wrong = Some(format!("`{column}` is neither text nor number")),
            }
        }
        let read = line(number, &fields);
        lines.push(match wrong {
            Some(wrong) => Line { row: Err(wrong), ..read },
            None => read,
        });
    }
    Ok(Rows { lines, unknown })
}

fn line(number: u64, fields: &Fields<'_>) -> Line {
    let user = fields.get("user").map(|user| user.chars().take(MOST_TEXT).collect()).unwrap_or_default();
    Line { number, user, row: row(fields) }
}

fn row(fields: &Fields<'_>) -> Result<Row, String> {
    let text = |name| fields.get(name).map(AsRef::as_ref);
    let on_paper = |name| match text(name) {
        Some(text) if text.chars().count() > MOST_TEXT || text.chars().any(char::is_control) => {
            Err(format!("`{name}` is not one line of at most {MOST_TEXT} characters"))
        }
        other => Ok(other.map(str::to_owned)),
    };
    let user = text("user").ok_or("there is no user")?;
    let user = user.parse().map_err(|error| format!("the user makes no user name: {error}"))?;
    let hired = text("hireDate").ok_or("there is no hire date")?;
    let hired = Hired::read(hired, text("timeZone")).map_err(|error| error.to_string())?;
    let lifetime = text("lifetime").map(|text| {
        let Span(span) = text.parse().map_err(|error| format!("the lifetime `{text}`: {error}"))?;
        if span.get().is_multiple_of(60) { Ok(span.get() / 60) } else { Err("a lifetime counts in minutes".to_owned()) }
    });
    let once = text("once").map(|text| match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "x" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("once is `{text}`; write true or false")),
    });
    let language = text("language").map(|text| text.parse().map_err(|error| format!("the language `{text}`: {error}")));
    Ok(Row {
        user,
        display_name: on_paper("displayName")?,
        manager: on_paper("manager")?,
        hired,
        lifetime: lifetime.transpose()?,
        once: once.transpose()?,
        language: language.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(u64, String, Result<(), String>)> {
        let rows = read(text.as_bytes()).unwrap();
        rows.lines.into_iter().map(|line| (line.number, line.user, line.row.map(drop))).collect()
    }

    #[test]
    fn spreadsheets_of_all_countries_are_read() {
        let rows = [
            "user,hireDate,timeZone\nalice,2026-12-01,Europe/Zurich\n",
            "\u{feff}User Principal Name;Employee Hire Date;Time-Zone\r\nalice;2026-12-01;Europe/Zurich\r\n;;\r\n",
            "hire_date\ttime zone\tUPN\n2026-12-01\tEurope/Zurich\t\"alice\"\n",
            "{\"user\":\"alice\",\"hireDate\":\"2026-12-01\",\"timeZone\":\"Europe/Zurich\"}\n",
        ];
        let first = read(rows[0].as_bytes()).unwrap().lines[0].row.clone();
        for text in rows {
            let read = read(text.as_bytes()).unwrap();
            assert_eq!((read.lines.len(), &read.lines[0].row, read.unknown.len()), (1, &first, 0), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_with_its_line_and_the_others_go_on() {
        let text = "user,hireDate,timeZone,lifetime,once,language,manager,shoe size\n\
            alice,2026-12-01,Europe/Zurich,8h,yes,de,boss@example.com,42\n\
            ,2026-12-01,,,,,,\n\
            two words,2026-12-01,,,,,,\n\
            bob,,,,,,,\n\
            bob,1.12.2026,,,,,,\n\
            bob,2026-12-01,Mars/Olympus,,,,,\n\
            bob,2026-12-01,,90s,,,,\n\
            bob,2026-12-01,,,maybe,,,\n\
            bob,2026-12-01,,,,klingon,,\n\
            \"bo\nb\",2026-12-01,,,,,,\n\
            ALICE,2026-12-02,,,,,,\n\
            carol,2026-12-01,,,,,Doe, John,boss@example.com,1\n\
            bob,2026-12-01\n";
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(rows.unknown, ["shoe size"]);
        let told = told(text);
        let wrong: Vec<_> = told.iter().filter_map(|(number, _, row)| Some((*number, row.clone().err()?))).collect();
        let words = [
            (3, "there is no user"),
            (4, "user name"),
            (5, "no hire date"),
            (6, "2026-12-01"),
            (7, "Mars/Olympus"),
            (8, "minutes"),
            (9, "true or false"),
            (10, "`en`, `de`"),
            (11, "user name"),
            (13, "the same user as in line 2"),
            (14, "more than the 8 fields"),
        ];
        assert_eq!(wrong.len(), words.len(), "{wrong:?}");
        for ((number, reason), (expected, says)) in wrong.iter().zip(words) {
            assert!(*number == expected && reason.contains(says), "{number}: {reason}, not {expected}: {says}");
        }
        assert_eq!(told.last(), Some(&(15, "bob".to_owned(), Ok(()))), "what is left out at the end is not there");
    }

    proptest::proptest! {
        /// Whatever comes, it is read or refused; lines come in their order, and no user is issued for twice.
        #[test]
        fn whatever_comes_is_read_or_refused(
            header in proptest::prop_oneof![proptest::strategy::Just("user,hireDate,once\n"), proptest::strategy::Just("{\"user\":"), proptest::strategy::Just("")],
            rest in "[a-b,;\t\"{}:\n0-9-]{0,80}",
        ) {
            if let Ok(rows) = read(format!("{header}{rest}").as_bytes()) {
                let numbers: Vec<u64> = rows.lines.iter().map(|line| line.number).collect();
                proptest::prop_assert!(numbers.is_sorted());
                let mut users: Vec<_> = rows.lines.iter().filter_map(|line| Some(line.row.as_ref().ok()?.user.to_string())).collect();
                users.sort();
                let count = users.len();
                users.dedup();
                proptest::prop_assert_eq!(users.len(), count);
            }
        }

        #[test]
        fn random_bytes_make_nobody(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let found = read(&bytes);
            proptest::prop_assert!(found.is_err() || found.is_ok_and(|rows| rows.lines.iter().all(|line| line.row.is_err())));
        }
    }

    #[test]
    fn an_input_without_joiners_says_what_it_lacks() {
        for (text, says) in [
            ("", "no row"),
            ("\n \n", "no row"),
            ("user,hireDate\n", "no row"),
            ("user;start of work\n", "hireDate"),
            ("name,date\nalice,2026-12-01\n", "user"),
            ("user,upn,hireDate\na,b,2026-12-01\n", "twice"),
        ] {
            let Err(error) = read(text.as_bytes()) else { panic!("{text}") };
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
        assert!(matches!(read(b"user,hireDate\n\xff,2026-12-01\n"), Err(RowsError::NotText)));
        let told = told("{\"user\":\"alice\",\"hireDate\":[1]}\n[1]\n{\"user\":1}\nnull\n");
        assert_eq!(told.iter().filter(|(_, _, row)| row.is_err()).count(), 4, "{told:?}");
        let twice = read(
            br#"{"user":"alice","hireDate":"2026-12-01","manager":"a@example.com","managerMail":"b@example.com"}"#,
        );
        assert!(twice.unwrap().lines[0].row.as_ref().is_err_and(|reason| reason.contains("twice")));
    }
}

//! How to mend what is wrong with a policy, in words for whoever writes it.

use tapgate_core::json::Json;
use tapgate_core::policy::doc::{Defect, DocPath, Fault, Shown, Step};
use tapgate_core::policy::fields::{Field, Kind, Plain, Presence, Shape};
use tapgate_core::policy::shape;

use super::reference::holds;
use super::{about, below, fields};
use crate::policy::at;

/// What to do about a defect of a policy. `tree` is the document that has it, as far as it can be read.
#[must_use]
pub fn mend(defect: &Defect, tree: Option<&Json>) -> String {
    let path = described(&defect.path);
    match defect.fault {
        Fault::Repeated => "keep one of them and take the others out".to_owned(),
        Fault::Missing => missing(&path),
        Fault::Unknown => unknown(&path),
        Fault::Wrong => wrong(defect, &path, tree),
    }
}

/// A path as the fields are described: without items of lists, and without the tenant.
fn described(path: &DocPath) -> Vec<&str> {
    let names = path.steps().iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        Step::Item(_) => None,
    });
    let several = matches!(path.steps(), [Step::Field(tenants), Step::Item(_), ..] if tenants == shape::TENANTS.name);
    names.skip(usize::from(several)).collect()
}

/// The field at a path of names, and the section around it.
fn find(path: &[&str]) -> Option<(&'static Shape, Option<&'static Field>)> {
    let (name, outer) = path.split_last()?;
    let mut shape: &'static Shape = &shape::POLICY;
    let mut named = false;
    for step in outer {
        if named {
            named = false;
            continue;
        }
        (shape, named) = below(&shape.field(step)?.kind)?;
    }
    Some((shape, shape.field(name)))
}

/// The field that a path leads to.
#[must_use]
pub fn field_at(path: &DocPath) -> Option<&'static Field> {
    find(&described(path))?.1
}

fn missing(path: &[&str]) -> String {
    let (name, outer) = path.split_last().map_or(("", &[][..]), |(name, outer)| (*name, outer));
    let example = about(&path.join(".")).map_or("...", |words| words.example);
    match outer {
        [] => format!("add `{name}: {example}`"),
        outer => format!("add `{name}: {example}` to `{}`", outer.join(".")),
    }
}

fn unknown(path: &[&str]) -> String {
    // Inside `keys` no name is said: the path is that of the section.
    if path.first() == Some(&"keys") {
        return "take it out: `keys` has the lists `pass`, `gateway`, `upstream` and `admin`, and a key has `id` and either `env` or `value`".to_owned();
    }
    let Some((name, outer)) = path.split_last() else { return "take it out".to_owned() };
    let Some((shape, _)) = find(path) else { return "take it out".to_owned() };
    if let Some(near) = nearest(name, shape.fields.iter().map(|field| field.name)) {
        return format!("rename it to `{near}`");
    }
    let elsewhere = fields().into_iter().find(|(path, described)| {
        described.field.name.eq_ignore_ascii_case(name) && !path.starts_with("ledger.etcd.") && !path.contains('*')
    });
    if let Some((place, _)) = elsewhere {
        return match place.rsplit_once('.') {
            Some((section, _)) => format!("move it into `{section}`: the field is `{place}`"),
            None => format!("move it to the top of the policy: the field is `{place}`"),
        };
    }
    let known = shape.fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
    match outer {
        [] => format!("take it out: a policy has {known}"),
        outer => format!("take it out: `{}` has {known}", outer.join(".")),
    }
}

/// The name that was probably meant: a few slips away, or a part of it.
pub(crate) fn nearest<'a>(found: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let fold =
        |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase() };
    let folded = fold(found);
    let slips = |name: &str| {
        let name = fold(name);
        let part = folded.len() >= 4 && (name.starts_with(&folded) || folded.starts_with(&name));
        let slips = strsim::damerau_levenshtein(&folded, &name);
        let allowed = (name.len().max(folded.len()) / 3).max(1);
        if slips <= allowed || part { Some(slips) } else { None }
    };
    names.filter_map(|name| Some((slips(name)?, name))).min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

fn wrong(defect: &Defect, path: &[&str], tree: Option<&Json>) -> String {
    let field = find(path).and_then(|(_, field)| field);
    let Some(field) = field else { return format!("write {}", defect.expected) };
    let value = tree.and_then(|tree| at(tree, &defect.path.to_string()));
    let mend = match (field.kind, value) {
        (Kind::Whole { .. }, Some(Json::String(text))) if text.parse::<u32>().is_ok() => {
            let digits = text.trim_start_matches(['+', '0']);
            let digits = if digits.is_empty() { "0" } else { digits };
            format!("write `{}` without quotes, if that is the number", Shown(digits))
        }
        (Kind::Flag, Some(Json::String(text))) if text == "true" || text == "false" => {
            format!("write `{text}` without quotes")
        }
        (Kind::Word(words), Some(Json::String(text))) => match nearest(text, words.iter().copied()) {
            Some(word) => format!("write `{word}`"),
            None => format!("write {}", holds(&field.kind)),
        },
        _ => match about(&path.join(".")).map(|words| words.mend) {
            Some(mend) if !mend.is_empty() => mend.to_owned(),
            _ => format!("write {}", holds_here(field)),
        },
    };
    match field.presence {
        Presence::Default(default) => format!("{mend}; left out, it is {}", in_words(default)),
        Presence::Required | Presence::Optional => mend,
    }
}

fn holds_here(field: &Field) -> String {
    match field.kind {
        Kind::Whole { .. } => format!("a whole number from {}", holds(&field.kind)),
        _ => holds(&field.kind),
    }
}

/// A default in words.
#[must_use]
pub fn in_words(default: Plain) -> String {
    match default {
        Plain::Number(number) => number.to_string(),
        Plain::Flag(flag) => format!("`{flag}`"),
        Plain::Word(word) => format!("`{word}`"),
        Plain::Nothing => "an empty list".to_owned(),
    }
}

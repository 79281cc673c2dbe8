//! The reference of a policy's fields as a table in Markdown: what `docs/policy.md` holds.

use tapgate_core::policy::fields::{Form, Kind, Plain, Presence};

use super::{Described, fields};

/// The table, a line a field.
#[must_use]
pub fn reference() -> String {
    let mut table = String::from("| Field | Default | Holds | Meaning |\n|---|---|---|---|\n");
    for (path, Described { depth, field, words }) in fields() {
        // Below a section only the last names are shown, so that the table stays narrow.
        let name = match path.rsplit_once('.') {
            Some((outer, name)) if depth > 0 => format!("`{}.{name}`", outer.replace(".*", ".NAME")),
            _ => format!("**`{path}`**"),
        };
        let about = words.map_or("", |words| words.about).replace('|', "\\|");
        table.push_str(&format!("| {name} | {} | {} | {about} |\n", default(field.presence), holds(&field.kind)));
    }
    table
}

fn default(presence: Presence) -> String {
    match presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => "none".to_owned(),
        Presence::Default(Plain::Number(number)) => number.to_string(),
        Presence::Default(Plain::Flag(flag)) => format!("`{flag}`"),
        Presence::Default(Plain::Word(word)) => format!("`{word}`"),
        Presence::Default(Plain::Nothing) => "`[]`".to_owned(),
    }
}

/// What may stand somewhere, in words.
pub(super) fn holds(kind: &Kind) -> String {
    match kind {
        Kind::Whole { least, most } if least == most => least.to_string(),
        Kind::Whole { least, most } => format!("{least} to {most}"),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Kind::Text { most, line: true } => format!("1 to {most} characters on one line"),
        Kind::Text { most, line: false } => format!("1 to {most} visible ASCII characters"),
        Kind::Form(form) => form_in_words(*form).to_owned(),
        Kind::List { least, most, of } => format!("a list of {least} to {most}: {}", holds(of)),
        Kind::Section(_) => "a section".to_owned(),
        Kind::WordOr(word, _) => format!("`{word}`, or a section"),
        Kind::Named(_) => "a section by name".to_owned(),
    }
}

fn form_in_words(form: Form) -> &'static str {
    match form {
        Form::Tenant => "a tenant's name",
        Form::Host => "a host, `*.` and a host, or `*`",
        Form::KeyId => "a key's id",
        Form::Key => "a key in base64",
        Form::Identity => "a user's id",
        Form::UserName => "a name",
        Form::Group => "a group's name",
        Form::Path | Form::BasePath => "a local path",
        Form::Pattern => "a local path, or one that ends in `/*`",
        Form::Cookie => "a cookie's name that begins with `__Host-`",
        Form::Header => "a header's name",
        Form::Colour => "a colour",
    }
}

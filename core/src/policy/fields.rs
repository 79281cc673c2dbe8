//! Kinds of fields: what a reader takes a field's bounds and default from, and what whoever describes policies shows of it.
//!
//! The fields themselves are in [`super::shape`]. Nothing here says what they are for: words are for people, and people do
//! not read the plugin.

use super::doc::{Node, Section};

/// A whole number.
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    /// The field's name.
    pub name: &'static str,
    /// The least that may stand there.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// What counts where nothing stands.
    pub default: u32,
}

impl Whole {
    /// What stands there, or the default; `None` only after a report.
    pub(super) fn read(self, section: &Section<'_>) -> Option<u32> {
        section.or(self.name, self.default, |node| self.of(&node))
    }

    /// What a node says.
    pub(super) fn of(self, node: &Node<'_>) -> Option<u32> {
        node.number(self.least, self.most)
    }

    pub(super) const fn field(self) -> Field {
        let kind = Kind::Whole { least: self.least, most: self.most };
        Field { name: self.name, kind, presence: Presence::Default(Plain::Number(self.default)) }
    }

    /// As a field that says nothing where it does not stand.
    pub(super) const fn without_default(self) -> Field {
        Field { presence: Presence::Optional, ..self.field() }
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The field's name.
    pub name: &'static str,
    /// What counts where nothing stands.
    pub default: bool,
}

impl Flag {
    pub(super) fn read(self, section: &Section<'_>) -> Option<bool> {
        section.or(self.name, self.default, |node| node.boolean())
    }

    pub(super) const fn field(self) -> Field {
        Field { name: self.name, kind: Kind::Flag, presence: Presence::Default(Plain::Flag(self.default)) }
    }
}

/// One of a closed list of words.
#[derive(Clone, Copy, Debug)]
pub struct Word<T: 'static> {
    /// The field's name.
    pub name: &'static str,
    /// The words; where the field may be left out, the first is the default.
    pub words: &'static [&'static str],
    /// What they mean, in the same order.
    pub values: &'static [T],
}

impl<T: Copy> Word<T> {
    pub(super) fn read(self, section: &Section<'_>) -> Option<T> {
        match section.optional(self.name) {
            None => self.values.first().copied(),
            Some(node) => self.of(&node),
        }
    }

    pub(super) fn of(self, node: &Node<'_>) -> Option<T> {
        node.word(self.words, self.values)
    }

    pub(super) const fn field(self) -> Field {
        let presence = match self.words.first() {
            Some(word) => Presence::Default(Plain::Word(word)),
            None => Presence::Optional,
        };
        Field { name: self.name, kind: Kind::Word(self.words), presence }
    }

    /// As a field that has to stand there.
    pub(super) const fn required(self) -> Field {
        Field { presence: Presence::Required, ..self.field() }
    }
}

/// Text: visible ASCII without spaces, or one line of anything.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The field's name.
    pub name: &'static str,
    /// The most characters.
    pub most: usize,
    /// Whether spaces and other scripts may stand there, as in a sentence.
    pub line: bool,
    /// What counts where nothing stands.
    pub default: Option<&'static str>,
}

impl Text {
    /// A token that has no default, and may be left out or not.
    pub(super) const fn token(name: &'static str, most: usize) -> Self {
        Self { name, most, line: false, default: None }
    }

    /// A token that has a default.
    pub(super) const fn usually(name: &'static str, most: usize, default: &'static str) -> Self {
        Self { name, most, line: false, default: Some(default) }
    }

    /// One line of anything, which may be left out.
    pub(super) const fn line(name: &'static str, most: usize) -> Self {
        Self { name, most, line: true, default: None }
    }

    /// What a node says.
    pub(super) fn of(self, node: &Node<'_>) -> Option<String> {
        let text = node.text()?;
        let letters = if self.line {
            !text.chars().any(char::is_control)
        } else {
            text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let fits = !text.is_empty() && text.chars().count() <= self.most && letters;
        if !fits {
            let kind = if self.line { "characters on one line" } else { "visible ASCII characters without spaces" };
            node.wrong(format_args!("1 to {} {kind}", self.most));
        }
        fits.then(|| text.to_owned())
    }

    /// What stands there, or the default.
    pub(super) fn read(self, section: &Section<'_>) -> Option<String> {
        section.or(self.name, self.default.unwrap_or_default().to_owned(), |node| self.of(&node))
    }

    /// What stands there, if anything does.
    pub(super) fn optional(self, section: &Section<'_>) -> Option<Option<String>> {
        section.or(self.name, None, |node| self.of(&node).map(Some))
    }

    pub(super) const fn kind(self) -> Kind {
        Kind::Text { most: self.most, line: self.line }
    }

    pub(super) const fn field(self) -> Field {
        let presence = match self.default {
            Some(text) => Presence::Default(Plain::Word(text)),
            None => Presence::Optional,
        };
        Field { name: self.name, kind: self.kind(), presence }
    }

    pub(super) const fn required(self) -> Field {
        Field { presence: Presence::Required, ..self.field() }
    }
}

/// A list of a kind that its reader knows.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// The field's name.
    pub name: &'static str,
    /// The fewest items.
    pub least: usize,
    /// The most items.
    pub most: usize,
    /// What they are.
    pub of: &'static Kind,
}

impl List {
    pub(super) const fn field(self) -> Field {
        let kind = Kind::List { least: self.least, most: self.most, of: self.of };
        let presence = if self.least == 0 { Presence::Default(Plain::Nothing) } else { Presence::Required };
        Field { name: self.name, kind, presence }
    }

    /// As a field that need not stand there, though it has items if it does.
    pub(super) const fn optional(self) -> Field {
        Field { presence: Presence::Optional, ..self.field() }
    }
}

/// A field as it can be described.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// Whether something has to.
    pub presence: Presence,
}

impl Field {
    pub(super) const fn required(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, presence: Presence::Required }
    }

    pub(super) const fn optional(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, presence: Presence::Optional }
    }

    pub(super) const fn usually(name: &'static str, kind: Kind, word: &'static str) -> Self {
        Self { name, kind, presence: Presence::Default(Plain::Word(word)) }
    }
}

/// Whether something has to stand there, and what counts if nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Its lack is a defect.
    Required,
    /// It may be left out.
    Optional,
    /// If it is left out, this counts.
    Default(Plain),
}

/// A default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A number.
    Number(u32),
    /// `true` or `false`.
    Flag(bool),
    /// A text.
    Word(&'static str),
    /// An empty list.
    Nothing,
}

/// What may stand somewhere.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number in a range.
    Whole {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Text.
    Text {
        /// The most characters.
        most: usize,
        /// Whether spaces and other scripts may stand there.
        line: bool,
    },
    /// Text of a form of its own.
    Form(Form),
    /// A list.
    List {
        /// The fewest items.
        least: usize,
        /// The most items.
        most: usize,
        /// What they are.
        of: &'static Kind,
    },
    /// A section with fields.
    Section(&'static Shape),
    /// A word, or a section in its place.
    WordOr(&'static str, &'static Shape),
    /// A section whose names are data.
    Named(&'static Shape),
}

/// Texts with a reader of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A tenant's name.
    Tenant,
    /// A host, `*.` and a host, or `*`.
    Host,
    /// A key's id.
    KeyId,
    /// A key in base64.
    Key,
    /// A user's id.
    Identity,
    /// A user's name.
    UserName,
    /// A group's name.
    Group,
    /// A local path.
    Path,
    /// A local path, or one with `/*` at its end.
    Pattern,
    /// `basePath`.
    BasePath,
    /// A session cookie's name.
    Cookie,
    /// The name of the header that names the user.
    Header,
    /// A colour.
    Colour,
}

/// The fields of a section.
#[derive(Debug)]
pub struct Shape {
    /// In the order in which they are described.
    pub fields: &'static [Field],
    /// Of these fields exactly one stands there.
    pub one_of: &'static [&'static str],
}

impl Shape {
    pub(super) const fn of(fields: &'static [Field]) -> Self {
        Self { fields, one_of: &[] }
    }

    pub(super) const fn one_of(fields: &'static [Field], one_of: &'static [&'static str]) -> Self {
        Self { fields, one_of }
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

//! Reading Rust well enough for the rules: code without its comments, literals and tests, and finding names in it.
//!
//! Not a parser. Lines and columns stay where they were, because what is left out is replaced by spaces.

use super::{File, House};

/// The code of a file: comments and the insides of string and character literals are blanked.
#[must_use]
pub fn only(text: &str) -> String {
    let mut lexer = Lexer { rest: text, out: String::with_capacity(text.len()), before: ' ' };
    while lexer.step() {}
    lexer.out
}

/// The code of a file that goes into a build: [`only`], and each item under `#[cfg(test)]` is blanked too.
#[must_use]
pub fn shipped(text: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let code = only(text);
    let mut out = String::with_capacity(code.len());
    let mut rest = code.as_str();
    while let Some((before, after)) = rest.split_once(MARK) {
        out.push_str(before);
        let end = item_end(after);
        let (item, left) = after.split_at_checked(end).unwrap_or((after, ""));
        out.push_str(&blank(MARK));
        out.push_str(&blank(item));
        rest = left;
    }
    out.push_str(rest);
    out
}

/// The Rust files below a folder that go into a build: without `tests/` and without modules declared under `#[cfg(test)]`.
pub fn shipped_files<'a>(house: &'a House, folder: &'a str) -> impl Iterator<Item = (&'a File, String)> {
    let tests: Vec<String> = house.rust(folder).flat_map(test_modules).collect();
    house
        .rust(folder)
        .filter(move |file| {
            let in_tests_folder = file.path.split('/').any(|part| part == "tests");
            let declared_as_test = tests
                .iter()
                .any(|test| file.path.strip_prefix(test).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')));
            !in_tests_folder && !declared_as_test
        })
        .map(|file| (file, shipped(&file.text)))
}

/// The lines (from 1) on which a needle stands, as a whole word at whichever of its ends is a letter, digit or `_`.
#[must_use]
pub fn lines_with(code: &str, needle: &str) -> Vec<usize> {
    let word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let opens = word(needle.chars().next());
    let closes = word(needle.chars().next_back());
    (1..)
        .zip(code.lines())
        .filter(|(_, line)| {
            line.match_indices(needle).any(|(at, found)| {
                let before = line.get(..at).and_then(|text| text.chars().next_back());
                let after = line.get(at.saturating_add(found.len())..).and_then(|text| text.chars().next());
                !(opens && word(before) || closes && word(after))
            })
        })
        .map(|(line, _)| line)
        .collect()
}

/// The modules (path without `.rs`) that a file declares with `#[cfg(test)] mod name;`.
fn test_modules(file: &File) -> Vec<String> {
    let code = only(&file.text);
    let folder = match file.path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder.to_owned(),
        _ => file.path.trim_end_matches(".rs").to_owned(),
    };
    code.split("#[cfg(test)]")
        .skip(1)
        .filter_map(|after| {
            let item = after.get(..item_end(after))?;
            let words: Vec<&str> = item.split_whitespace().collect();
            let at = words.iter().position(|word| *word == "mod")?;
            words.get(at.saturating_add(1))?.strip_suffix(';')
        })
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

/// Where the item that a text begins with ends: at its `;`, or behind its matching brace.
fn item_end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '[' | '(' => depth = depth.saturating_add(1),
            '}' if depth <= 1 => return at.saturating_add(1),
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// Spaces as long as the text, with its line ends.
fn blank(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect()
}

/// Walks over a text and copies its code.
struct Lexer<'a> {
    rest: &'a str,
    out: String,
    /// The last character copied, by which `r"` is told from the end of a name.
    before: char,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(letter) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.leave_out(end);
        } else if self.rest.starts_with("/*") {
            self.leave_out(comment_end(self.rest));
        } else if let Some(end) = self.raw_string_end() {
            self.leave_out(end);
        } else if letter == '"' {
            self.leave_out(quoted_end(self.rest, '"'));
        } else if letter == '\'' && is_character(self.rest) {
            self.leave_out(quoted_end(self.rest, '\''));
        } else {
            self.out.push(letter);
            self.before = letter;
            self.rest = self.rest.get(letter.len_utf8()..).unwrap_or_default();
        }
        true
    }

    fn leave_out(&mut self, end: usize) {
        let (out, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.out.push_str(&blank(out));
        self.before = ' ';
        self.rest = rest;
    }

    /// The end of a raw string that begins here: `r"…"`, `r#"…"#`, `br"…"`, `cr"…"`.
    fn raw_string_end(&self) -> Option<usize> {
        if self.before.is_alphanumeric() || self.before == '_' {
            return None;
        }
        let after = ["r", "br", "cr"].iter().find_map(|start| self.rest.strip_prefix(start))?;
        let body = after.trim_start_matches('#');
        let hashes = "#".repeat(after.len().saturating_sub(body.len()));
        let body = body.strip_prefix('"')?;
        let close = format!("\"{hashes}");
        let tail = body.split_once(&close).map_or("", |(_, tail)| tail);
        Some(self.rest.len().saturating_sub(tail.len()))
    }
}

/// Whether a quote begins a character rather than a lifetime.
fn is_character(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    match letters.next() {
        Some('\\') => true,
        Some(_) => letters.next() == Some('\''),
        None => false,
    }
}

/// The end of a string or character that begins with this quote.
fn quoted_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if letter == quote {
            return at.saturating_add(1);
        }
    }
    text.len()
}

/// The end of a block comment, which may hold others.
fn comment_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..) {
        let Some(letter) = rest.chars().next() else {
            break;
        };
        if rest.starts_with("/*") {
            depth = depth.saturating_add(1);
            at = at.saturating_add(2);
        } else if rest.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at = at.saturating_add(2);
            if depth == 0 {
                return at;
            }
        } else {
            at = at.saturating_add(letter.len_utf8());
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::planted;

    #[test]
    fn comments_and_literals_are_blanked_in_place() {
        let text =
            "let a = \"x.unwrap()\"; // panic!\n/* a /* b */ panic! */ let c = '\"'; let d = 'x';\nfn f<'a>() {}";
        let code = only(text);
        assert_eq!(code.lines().count(), text.lines().count());
        assert!(!code.contains("unwrap") && !code.contains("panic"), "{code}");
        assert!(code.contains("let d =") && code.contains("fn f<'a>() {}"), "{code}");
    }

    #[test]
    fn raw_strings_are_blanked() {
        let code = only(r####"let a = r#"say "panic!" "#; let b = br"panic!"; for"####);
        assert!(!code.contains("panic"), "{code}");
        assert!(code.ends_with("for"), "{code}");
    }

    #[test]
    fn what_is_under_cfg_test_is_not_shipped() {
        let text =
            "fn a() { b() }\n#[cfg(test)]\n#[expect(x, reason = \"\")]\nmod tests { fn c() { d.unwrap() } }\nfn e() {}";
        let code = shipped(text);
        assert!(!code.contains("unwrap"), "{code}");
        assert!(code.contains("fn a()") && code.contains("fn e()"), "{code}");
        assert_eq!(lines_with(&code, "fn e"), [5]);
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_not_shipped() {
        let house = planted::files(&[
            ("core/src/lib.rs", "mod jws;"),
            ("core/src/jws.rs", "fn a() {}\n#[cfg(test)]\nmod hostile;"),
            ("core/src/jws/hostile.rs", "fn b() {}"),
            ("core/tests/laws.rs", "fn c() {}"),
        ]);
        let paths: Vec<_> = shipped_files(&house, "core").map(|(file, _)| file.path.as_str()).collect();
        assert_eq!(paths, ["core/src/lib.rs", "core/src/jws.rs"]);
    }

    #[test]
    fn names_are_found_whole() {
        let code = "hmac::new();\nlet hmac_key;\nmy_hmac();\nuse hmac;";
        assert_eq!(lines_with(code, "hmac"), [1, 4]);
        assert_eq!(lines_with("a.unwrap()\nb.unwrap_or(1)", ".unwrap()"), [1]);
    }
}

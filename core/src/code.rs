//! Typed codes: a pass as 8 to 48 characters that a person reads off paper and types.
//!
//! A code is a keyed hash of the record it belongs to, so nobody has to keep it: the ledger holds what it takes to derive it
//! anew, the gateway's key what it takes to do so (7.6). 32 symbols, five bits each, so that every code is as likely as any
//! other; letters that look like others are read as those (Crockford's base 32).

use std::fmt;

use zeroize::Zeroizing;

use crate::digest;
use crate::key::GatewayKeys;
use crate::names::{Identity, KeyId, PassId};

/// What codes are written with: no I, L, O or U.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many characters a code has: 8 to 48, as Graph's `defaultLength`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeLength(u8);

impl CodeLength {
    /// `None` out of bounds.
    #[must_use]
    pub fn new(length: u32) -> Option<Self> {
        u8::try_from(length).ok().filter(|length| (8..=48).contains(length)).map(Self)
    }

    /// The number of characters.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

/// A code as it was typed: folded, and of a length that a code may have. It has no `Debug`.
pub struct TypedCode(Zeroizing<String>);

impl TypedCode {
    /// Reads what was typed: in any case, white space and dashes ignored, `O` as `0`, `I` and `L` as `1`. `None` if that can be
    /// nobody's code.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let ignored = |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        let mut folded = Zeroizing::new(String::with_capacity(48));
        for c in typed.chars().filter(|c| !ignored(c)) {
            let symbol = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(symbol).is_ok_and(|byte| SYMBOLS.contains(&byte));
            // A code never outgrows its room.
            if !known || folded.len() >= 48 {
                return None;
            }
            folded.push(symbol);
        }
        (folded.len() >= 8).then_some(Self(folded))
    }
}

/// A code that has been derived. It has no `Debug`, and is shown once, to whoever has it issued.
pub struct Code(Zeroizing<String>);

impl Code {
    /// The code of a user's pass; `None` if there is no such key.
    pub(crate) fn derive(
        keys: &GatewayKeys,
        key: &KeyId,
        identity: &Identity,
        pass: &PassId,
        length: CodeLength,
    ) -> Option<Self> {
        let hash = keys.code_hash(key, identity, pass, length)?;
        Some(Self(symbols(&hash, length)))
    }

    /// Whether this is what was typed, in constant time.
    #[must_use]
    pub(crate) fn is(&self, typed: &TypedCode) -> bool {
        digest::same(self.0.as_bytes(), typed.0.as_bytes())
    }

    /// The code, to be handed over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Five bits a symbol, from the front: 48 symbols take 240 of the 256 bits.
fn symbols(hash: &[u8; 32], length: CodeLength) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(48));
    let mut bits: u32 = 0;
    let mut held: u32 = 0;
    let mut bytes = hash.iter();
    while text.len() < usize::from(length.get()) {
        if held < 5 {
            let Some(byte) = bytes.next() else { break };
            bits = (bits << 8) | u32::from(*byte);
            held = held.saturating_add(8);
        }
        held = held.saturating_sub(5);
        let symbol = (bits >> held) & 31;
        bits &= !(31 << held);
        if let Some(symbol) = usize::try_from(symbol).ok().and_then(|index| SYMBOLS.get(index)) {
            text.push(char::from(*symbol));
        }
    }
    text
}

impl fmt::Display for CodeLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Option<String> {
        TypedCode::read(typed).map(|code| code.0.to_string())
    }

    #[test]
    fn a_code_is_read_however_people_type_it() {
        for typed in ["0123ABCD1", "0123-abcd-1", " O123 a b c d L\n", "oi23\u{2013}ABCD\u{a0}i"] {
            assert_eq!(read(typed).as_deref(), Some("0123ABCD1"), "{typed}");
        }
        for bad in ["", "0123ABC", "0123ABCU", "0123ABC!", "0123ABC\u{e9}", &"A".repeat(49), "\u{ff10}123ABCD"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(read(&"A".repeat(48)).is_some());
    }

    #[test]
    fn symbols_are_the_hashs_bits_in_order() {
        let length = CodeLength::new(48).unwrap();
        assert_eq!(*symbols(&[0xff; 32], length), "Z".repeat(48));
        assert_eq!(*symbols(&[0; 32], length), "0".repeat(48));
        // 00000 00001 00010 00011 00100 00101 00110 00111, and again.
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = [0x00, 0x44, 0x32, 0x14, 0xC7][at % 5];
        }
        assert_eq!(*symbols(&hash, CodeLength::new(16).unwrap()), "0123456701234567");
    }

    #[test]
    fn a_length_is_8_to_48() {
        assert!(CodeLength::new(7).is_none() && CodeLength::new(49).is_none() && CodeLength::new(264).is_none());
        assert_eq!(CodeLength::new(8).map(CodeLength::get), Some(8));
    }
}

//! Header maps: ordered pairs of bytes, and the block in which they cross the ABI.
//!
//! Names compare without regard to ASCII case, and are kept in lower case, as proxies hold them.

mod inline;

pub(crate) use inline::Inline;

use std::fmt;

/// The most pairs that a block may hold; with more a real host takes the map as empty.
pub const MOST_PAIRS: usize = 1024;
/// The most bytes that a block may have; with more a real host takes the map as empty.
pub const MOST_BYTES: usize = 1024 * 1024;

/// An ordered map of headers or trailers, duplicates included.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Vec<u8>, Vec<u8>)>);

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy;
        f.debug_map().entries(self.iter().map(|(name, value)| (text(name), text(value)))).finish()
    }
}

impl Headers {
    /// No headers.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a header beside what is there.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.add(name.as_ref(), value.as_ref());
        self
    }

    /// Adds a header beside what is there.
    pub fn add(&mut self, name: &[u8], value: &[u8]) {
        self.0.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    /// Puts one header in the place of all of this name.
    pub fn replace(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes all headers of this name.
    pub fn remove(&mut self, name: &[u8]) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// The first value of this name: what the ABI's getter gives, whatever else there is.
    #[must_use]
    pub fn first(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// The first value of this name as text; bytes that are no text are replaced.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.first(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// All values of this name, as text.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<String> {
        self.iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// All pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of all names and values.
    pub(crate) fn byte_size(&self) -> usize {
        self.iter().map(|(name, value)| name.len().saturating_add(value.len())).fold(0, usize::saturating_add)
    }

    /// The map as a block: a count, the sizes of each name and value, then each with a zero byte after it. `None` if a
    /// size does not fit.
    pub(crate) fn to_block(&self) -> Option<Vec<u8>> {
        let size = |bytes: &[u8]| Some(u32::try_from(bytes.len()).ok()?.to_le_bytes());
        if self.is_empty() {
            return Some(Vec::new());
        }
        let mut block = u32::try_from(self.len()).ok()?.to_le_bytes().to_vec();
        for (name, value) in self.iter() {
            block.extend_from_slice(&size(name)?);
            block.extend_from_slice(&size(value)?);
        }
        for bytes in self.iter().flat_map(|(name, value)| [name, value]) {
            block.extend_from_slice(bytes);
            block.push(0);
        }
        Some(block)
    }

    /// Reads a block. As in the C++ host, one that is malformed or over a limit gives an empty map and no error.
    pub(crate) fn from_block(block: &[u8]) -> Self {
        Self::read(block).unwrap_or_default()
    }

    fn read(block: &[u8]) -> Option<Self> {
        if block.len() > MOST_BYTES {
            return None;
        }
        let (count, rest) = block.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        if count > MOST_PAIRS {
            return None;
        }
        let (sizes, mut rest) = rest.split_at_checked(count.checked_mul(8)?)?;
        let mut next = |size: [u8; 4]| {
            let (bytes, after) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(size)).ok()?)?;
            let (zero, after) = after.split_first()?;
            rest = after;
            (*zero == 0).then(|| bytes.to_vec())
        };
        let mut pairs = Vec::new();
        for pair in sizes.as_chunks::<8>().0 {
            let (name, value) = pair.split_first_chunk::<4>()?;
            let name = next(*name)?.to_ascii_lowercase();
            pairs.push((name, next(value.try_into().ok()?)?));
        }
        Some(Self(pairs))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::new();
        for (name, value) in pairs {
            headers.add(name.as_ref(), value.as_ref());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_as_it_was_written() {
        let headers = Headers::new().with("A", "1").with("a", "").with("b", b"\xff\0");
        assert_eq!(Headers::from_block(&headers.to_block().unwrap()), headers);
        assert_eq!(headers.all("a"), ["1", ""]);
        assert_eq!(Headers::from_block(&[]), Headers::new());
    }

    #[test]
    fn what_is_over_a_limit_or_cut_short_is_empty() {
        let at_the_limit: Headers = (0..MOST_PAIRS).map(|_| ("a", "b")).collect();
        assert_eq!(Headers::from_block(&at_the_limit.to_block().unwrap()).len(), MOST_PAIRS);
        let one_more = at_the_limit.with("a", "b");
        assert!(Headers::from_block(&one_more.to_block().unwrap()).is_empty());
        let large = Headers::new().with("a", vec![b'x'; MOST_BYTES]);
        assert!(Headers::from_block(&large.to_block().unwrap()).is_empty());
        let block = Headers::new().with("name", "value").to_block().unwrap();
        for cut in 0..block.len() {
            assert!(Headers::from_block(&block[..cut]).is_empty(), "cut at {cut}");
        }
        assert!(Headers::from_block(&u32::MAX.to_le_bytes()).is_empty());
    }
}

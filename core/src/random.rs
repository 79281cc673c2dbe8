//! Randomness as an argument. The source itself lives with whoever calls the rules.

/// A source of cryptographically secure random bytes.
///
/// In the proxy it is the host's `random_get`; in tests a seeded generator.
pub trait Random {
    /// Fills `buffer` entirely.
    ///
    /// # Errors
    /// [`NoEntropy`] if the host has none to give; the caller then refuses, it never goes on with what it has.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), NoEntropy>;
}

/// The host could not give randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

impl dyn Random + '_ {
    /// `N` fresh random bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], NoEntropy> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

//! Shared data: one map for all VMs, with compare-and-swap in the dialect of one of two proxies.

use std::collections::BTreeMap;

/// How a compare-and-swap treats a key that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CasDialect {
    /// Absent: the version is ignored and the value inserted. Present: zero always writes, any other must match.
    #[default]
    Envoy,
    /// Strict: an absent key has version zero, and the version given must match, zero included.
    Nginx,
}

/// The version given was not the one there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CasMismatch;

/// The map.
pub(crate) struct SharedData {
    dialect: CasDialect,
    values: BTreeMap<Vec<u8>, (Vec<u8>, u32)>,
    last: u32,
}

impl SharedData {
    pub(crate) const fn new(dialect: CasDialect) -> Self {
        Self { dialect, values: BTreeMap::new(), last: 0 }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        self.values.get(key).cloned()
    }

    pub(crate) fn set(&mut self, key: &[u8], value: &[u8], cas: u32) -> Result<(), CasMismatch> {
        let there = self.values.get(key).map(|(_, version)| *version);
        let agrees = match (self.dialect, there) {
            (CasDialect::Envoy, None) => true,
            (CasDialect::Envoy, Some(version)) => cas == 0 || cas == version,
            (CasDialect::Nginx, there) => cas == there.unwrap_or(0),
        };
        if !agrees {
            return Err(CasMismatch);
        }
        // One counter for all keys; it skips zero, which means "none".
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.values.insert(key.to_vec(), (value.to_vec(), self.last));
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialects_differ_on_absent_keys_and_on_zero() {
        let mut envoy = SharedData::new(CasDialect::Envoy);
        assert_eq!(envoy.set(b"k", b"1", u32::MAX), Ok(()));
        assert_eq!(envoy.set(b"k", b"2", u32::MAX), Err(CasMismatch));
        assert_eq!(envoy.set(b"k", b"3", 0), Ok(()));

        let mut nginx = SharedData::new(CasDialect::Nginx);
        assert_eq!(nginx.set(b"k", b"1", u32::MAX), Err(CasMismatch));
        assert_eq!(nginx.set(b"k", b"2", 0), Ok(()));
        assert_eq!(nginx.set(b"k", b"3", 0), Err(CasMismatch));
        let (_, version) = nginx.get(b"k").unwrap();
        assert_eq!(nginx.set(b"k", b"4", version), Ok(()));
    }

    #[test]
    fn a_stale_version_loses() {
        let mut data = SharedData::new(CasDialect::Envoy);
        data.set(b"k", b"1", 0).unwrap();
        let (_, version) = data.get(b"k").unwrap();
        assert_eq!(data.set(b"k", b"2", version), Ok(()));
        assert_eq!(data.set(b"k", b"3", version), Err(CasMismatch));
        assert_eq!(data.get(b"k").unwrap().0, b"2");
    }
    #[test]
    fn a_version_is_never_zero() {
        let mut data = SharedData { last: u32::MAX, ..SharedData::new(CasDialect::Envoy) };
        data.set(b"k", b"1", 0).unwrap();
        assert_eq!(data.get(b"k"), Some((b"1".to_vec(), 1)));
    }
}

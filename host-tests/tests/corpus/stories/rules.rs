//! What the loaded policy says, read plainly and on its own: the laws are held to this, not to the product's compiler.

use serde_json::Value;

/// The part of a policy that laws speak of. Times are in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    allow: Vec<String>,
    pub(crate) continues: bool,
    pub(crate) window: u64,
    pub(crate) retries: u64,
    pub(crate) maximum: u64,
    pub(crate) ends_with_pass: bool,
    pub(crate) skew: u64,
    pub(crate) enabled: bool,
    pub(crate) only_once: bool,
    pub(crate) lifetimes: std::ops::RangeInclusive<u64>,
    excluded: Vec<String>,
}

impl Rules {
    /// Reads a policy of one tenant.
    pub(crate) fn read(policy: &str) -> Self {
        let policy: Value = serde_json::from_str(policy).expect("a policy in JSON");
        let at = |path: &str| policy.pointer(path);
        let number = |path: &str, usual: u64| at(path).map_or(usual, |value| value.as_u64().expect("a number"));
        let truth = |path: &str, usual: bool| at(path).map_or(usual, |value| value.as_bool().expect("a truth"));
        let list = |path: &str| at(path).and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            allow: list("/registration/allow").iter().map(text).collect(),
            continues: at("/registration/then").is_some_and(|then| then == "continue"),
            window: 60 * number("/registration/windowInMinutes", 10),
            retries: number("/registration/retries", 3),
            maximum: 60 * number("/session/maximumInMinutes", 480),
            ends_with_pass: truth("/session/endsWithPass", true),
            skew: number("/clockSkewInSeconds", 30),
            enabled: at("/temporaryAccessPass/state").is_some_and(|state| state == "enabled"),
            only_once: truth("/temporaryAccessPass/isUsableOnce", false),
            lifetimes: 60 * number("/temporaryAccessPass/minimumLifetimeInMinutes", 60)
                ..=60 * number("/temporaryAccessPass/maximumLifetimeInMinutes", 480),
            excluded: list("/temporaryAccessPass/excludeTargets").iter().map(|target| text(&target["id"])).collect(),
        }
    }

    /// Whether a registering session may reach a path: as plainly as can be, and nothing odd in it.
    pub(crate) fn allows(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let plain = path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/-_.".contains(letter));
        let odd = path.split('/').skip(1).any(|segment| segment == "." || segment == "..") || path.contains("//");
        let covers = |allowed: &String| match allowed.strip_suffix('*') {
            Some(folder) => path.starts_with(folder),
            None => path == allowed,
        };
        plain && !odd && self.allow.iter().any(covers)
    }

    /// Whether a user may have a pass.
    pub(crate) fn includes(&self, user: &str) -> bool {
        self.enabled && !self.excluded.iter().any(|excluded| excluded == user)
    }
}

#[test]
fn plain_paths_are_told_from_odd_ones() {
    let rules = Rules::read(r#"{"registration": {"allow": ["/register", "/a/*"]}}"#);
    for path in ["/register", "/register?x=/../y", "/a/", "/a/b/c.js"] {
        assert!(rules.allows(path), "{path}");
    }
    for path in ["/", "/registered", "/a", "/a/../b", "/a/.", "/a//b", "/a/%41", "/a/;", "/a/\\", "a/b", "/A/b"] {
        assert!(!rules.allows(path), "{path}");
    }
}

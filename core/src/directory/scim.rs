//! A directory that is asked over SCIM 2.0 (RFC 7643, RFC 7644): what to send, and what an answer means. Bytes out, bytes in; no
//! call is made here.
//!
//! An [`Inquiry`] is about one name: it says which path to `GET`, is given the answer, and asks again until it knows. A user's
//! resource may leave `groups` out although the user is in some (RFC 7643, 4.1.2 leaves that to the server), so where it does the groups
//! are asked for by their members, page by page.
//!
//! # What is never believed
//! An answer of more than [`MOST_BYTES`], another status than 200, JSON with a member twice, a resource without the schema asked
//! for, several users for a name, another user than the one asked for, a list that does not come to its own total or has a group twice,
//! more than [`MOST_GROUPS`] groups, members whose names differ in case only: all of it is [`Unavailable`], never "nobody"; only 404 and
//! 400 to an id say that nobody has it. `null` and an empty list are no value (RFC 7643, 2.5), so that no groups are asked for and no
//! roles are unknown ones; unknown members are ignored.
//!
//! Of a [typed name](By::TypedName) nothing that is wrong with one user alone may show before the code has been compared: such a user is
//! taken for nobody, and groups that cannot be had are left open, with which no policy that names a group lets anybody in.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::{By, Known, Unavailable, UserType};
use crate::json::{self, Json, Object};
use crate::names::{GroupId, Identity, UserName};
use crate::pass::GroupTags;
use crate::path::LocalPath;
use crate::time::Seconds;

/// The largest answer that is read, in bytes.
pub const MOST_BYTES: usize = 256 << 10;

/// The most groups of one user.
pub const MOST_GROUPS: usize = 1000;

/// The most pages in which they may come.
const MOST_PAGES: u8 = 20;

/// The most roles of one user, and the longest name of one, in bytes.
const MOST_ROLES: usize = 100;
const MOST_ROLE: usize = 128;

/// Levels of an answer: itself, `Resources`, a resource, `roles`, a role; and some for what extensions add.
const DEPTH: u8 = 10;

/// The longest bearer token, in bytes.
const MOST_TOKEN: usize = 4096;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What is asked of a user.
const ATTRIBUTES: &str = "id,userName,active,groups,roles,userType";

/// What stays as it is in a query: RFC 3986's unreserved characters.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A SCIM server reached through the proxy.
pub struct Scim {
    /// The proxy's name for the cluster.
    pub cluster: String,
    /// What `:authority` says.
    pub authority: String,
    /// Below which path the server's endpoints lie.
    pub path: LocalPath,
    /// How long a call may take.
    pub timeout_in_milliseconds: u32,
    /// How long an answer is believed.
    pub cache: Seconds,
    /// Whether a user of whom it says no roles has none: else nobody knows them (11.2).
    pub says_all_roles: bool,
    /// Who the plugin is to it; `None` where it asks nobody.
    pub token: Option<BearerToken>,
}

impl Scim {
    /// The whole path of an inquiry.
    #[must_use]
    pub fn path_of(&self, inquiry: &Inquiry) -> String {
        format!("{}{}", self.path.as_str().trim_end_matches('/'), inquiry.path())
    }
}

/// A bearer token (RFC 6750). Wiped on drop, and never shown.
pub struct BearerToken(Zeroizing<String>);

/// A text that is no bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBearerToken;

impl fmt::Display for NoBearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token that is empty, over {MOST_TOKEN} bytes or has characters that no bearer token has")
    }
}

impl std::error::Error for NoBearerToken {}

impl BearerToken {
    /// Takes a token.
    ///
    /// # Errors
    /// Unless it is of RFC 6750's `b64token` characters and not too long.
    pub fn new(token: &str) -> Result<Self, NoBearerToken> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.is_empty() || token.len() > MOST_TOKEN || !token.bytes().all(allowed) {
            return Err(NoBearerToken);
        }
        Ok(Self(Zeroizing::new(format!("Bearer {token}"))))
    }

    /// What `authorization` says.
    #[must_use]
    pub fn header_value(&self) -> &str {
        &self.0
    }
}

/// What came back.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// `:status`.
    pub status: u16,
    /// The body, or as much of it as shows that it is too long.
    pub body: &'a [u8],
}

/// A question about one name that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    name: UserName,
    by: By,
    asks: Asks,
}

/// What is asked just now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asks {
    /// Who is called so?
    Named,
    /// Who has this id?
    WithId,
    /// Does somebody else have as an id what these are called?
    Alone(Box<Known>),
    /// Which groups are they in?
    Groups(Box<Counting>),
    /// Nobody's groups, so that it takes as long.
    NobodysGroups,
}

/// A user whose groups are being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Counting {
    user: Known,
    found: BTreeSet<GroupId>,
    pages_left: u8,
}

/// How an inquiry goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is more to ask.
    Asks(Inquiry),
    /// This is who it is, if anybody is; or nobody knows.
    Over(Result<Option<Known>, Unavailable>),
}

impl Inquiry {
    /// Asks who is called so.
    #[must_use]
    pub fn about(name: UserName, by: By) -> Self {
        Self { name, by, asks: Asks::Named }
    }

    /// What to `GET` below the server's path.
    #[must_use]
    pub fn path(&self) -> String {
        match &self.asks {
            // Two are enough to tell that there are several.
            Asks::Named => list("Users", "userName", self.name.as_str(), ATTRIBUTES, 2),
            Asks::WithId | Asks::Alone(_) => {
                let attributes = utf8_percent_encode(ATTRIBUTES, ENCODED);
                format!("/Users/{}?attributes={attributes}", utf8_percent_encode(self.name.as_str(), ENCODED))
            }
            Asks::Groups(counting) => {
                let first = list("Groups", "members.value", counting.user.identity.as_str(), "id", MOST_GROUPS);
                match counting.found.len() {
                    0 => first,
                    // From 1 (RFC 7644, 3.4.2.4).
                    found => format!("{first}&startIndex={}", found.saturating_add(1)),
                }
            }
            Asks::NobodysGroups => list("Groups", "members.value", self.name.as_str(), "id", MOST_GROUPS),
        }
    }

    /// Goes on with what came back; `None` if nothing did that can be read.
    #[must_use]
    pub fn answer(self, answer: Option<Answer<'_>>) -> Turn {
        let Self { name, by, asks } = self;
        let turn = |asks, name| Turn::Asks(Self { name, by, asks });
        let found = match asks {
            Asks::Named => match (named(&name, answer), by) {
                (Err(Unavailable), _) => return Turn::Over(Err(Unavailable)),
                (Ok(Called::One(user)), By::TypedName) => *user,
                (Ok(_), By::TypedName) => return turn(Asks::NobodysGroups, name),
                // Whoever chooses their own name must not come to stand for whoever has it as an id.
                (Ok(Called::One(user)), By::NameOrId) if may_be_id(name.as_str()) => {
                    return turn(Asks::Alone(user), name);
                }
                (Ok(Called::One(user)), By::NameOrId) => *user,
                (Ok(Called::Nobody), By::NameOrId) if may_be_id(name.as_str()) => return turn(Asks::WithId, name),
                (Ok(Called::Nobody), By::NameOrId) => return Turn::Over(Ok(None)),
                (Ok(Called::Nonsense), By::NameOrId) => return Turn::Over(Err(Unavailable)),
            },
            Asks::WithId => match with_id(&name, answer) {
                Ok(Some(user)) => user,
                over => return Turn::Over(over),
            },
            Asks::Alone(user) => match with_id(&name, answer) {
                Ok(None) => *user,
                Ok(Some(other)) if other.identity == user.identity => *user,
                Ok(Some(_)) | Err(Unavailable) => return Turn::Over(Err(Unavailable)),
            },
            Asks::Groups(counting) => {
                let user = (by == By::TypedName).then(|| counting.user.clone());
                return match counting.count(answer) {
                    Some(Counted::Some(counting)) => turn(Asks::Groups(counting), name),
                    Some(Counted::All(user)) => Turn::Over(Ok(Some(user))),
                    None => Turn::Over(user.map(Some).ok_or(Unavailable)),
                };
            }
            Asks::NobodysGroups => return Turn::Over(Ok(None)),
        };
        // Whoever types a name waits for both answers, whatever the first says.
        if found.groups.is_some() && by != By::TypedName {
            return Turn::Over(Ok(Some(found)));
        }
        turn(Asks::Groups(Box::new(Counting { user: found, found: BTreeSet::new(), pages_left: MOST_PAGES })), name)
    }
}

/// How many of a user's groups are known.
enum Counted {
    /// There are more.
    Some(Box<Counting>),
    /// All of them.
    All(Known),
}

impl Counting {
    /// Adds a page; `None` if it is not to be believed.
    fn count(mut self: Box<Self>, answer: Option<Answer<'_>>) -> Option<Counted> {
        // Their own resource has said it.
        if self.user.groups.is_some() {
            return Some(Counted::All(self.user));
        }
        let List { total, resources } = List::read(answer?, GROUP)?;
        for group in &resources {
            let group: GroupId = text(group, "id")?.parse().ok()?;
            // A page that came twice would hide another.
            if !self.found.insert(group) {
                return None;
            }
        }
        if total > MOST_GROUPS || self.found.len() > total {
            return None;
        }
        if self.found.len() < total {
            self.pages_left = self.pages_left.checked_sub(1).filter(|left| *left > 0 && !resources.is_empty())?;
            return Some(Counted::Some(self));
        }
        let groups = Some(GroupTags::from_iter(&self.found));
        Some(Counted::All(Known { groups, ..self.user }))
    }
}

/// A filter's value is a JSON string (RFC 7644, 3.4.2.2): quotes and backslashes are escaped before anything is encoded.
fn list(kind: &str, attribute: &str, value: &str, attributes: &str, count: usize) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    let filter = format!("{attribute} eq \"{value}\"");
    let filter = utf8_percent_encode(&filter, ENCODED);
    format!("/{kind}?filter={filter}&attributes={}&count={count}", utf8_percent_encode(attributes, ENCODED))
}

/// Whether a name can stand in a path as an id and stay one segment, however often it is decoded on the way.
fn may_be_id(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~@:+".contains(&b)) && !name.bytes().all(|b| b == b'.')
}

/// Who is called so.
enum Called {
    Nobody,
    One(Box<Known>),
    /// Several, or somebody else, or a resource that makes no sense.
    Nonsense,
}

fn named(name: &UserName, answer: Option<Answer<'_>>) -> Result<Called, Unavailable> {
    let List { total, resources } = answer.and_then(|answer| List::read(answer, USER)).ok_or(Unavailable)?;
    Ok(match (total, resources.as_slice()) {
        (0, []) => Called::Nobody,
        (1, [user]) => {
            let user = known(user).filter(|user| user.name.as_ref().is_some_and(|own| is_same(own.as_str(), name)));
            user.map_or(Called::Nonsense, |user| Called::One(Box::new(user)))
        }
        _ => Called::Nonsense,
    })
}

/// Who has this id.
fn with_id(id: &UserName, answer: Option<Answer<'_>>) -> Result<Option<Known>, Unavailable> {
    let answer = answer.ok_or(Unavailable)?;
    // Some say 400 of what is no id of theirs by its form.
    if matches!(answer.status, 400 | 404) {
        return Ok(None);
    }
    let user = read(answer).filter(|user| has_schema(user, USER)).and_then(|user| known(&user));
    user.filter(|user| is_same(user.identity.as_str(), id)).map(Some).ok_or(Unavailable)
}

fn is_same(own: &str, asked: &UserName) -> bool {
    own.eq_ignore_ascii_case(asked.as_str())
}

/// A list of resources, each of the schema asked for.
struct List {
    total: usize,
    resources: Vec<Object>,
}

impl List {
    fn read(answer: Answer<'_>, schema: &str) -> Option<Self> {
        let list = read(answer).filter(|list| has_schema(list, LIST))?;
        let Some(Json::Integer(total)) = list.get("totalResults") else { return None };
        let total = usize::try_from(*total).ok()?;
        let resources = match list.take("Resources") {
            // May be left out where there is none (RFC 7644, 3.4.2).
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(found)) => found,
            Some(_) => return None,
        };
        let object = |item| match item {
            Json::Object(object) if has_schema(&object, schema) => Some(object),
            _ => None,
        };
        Some(Self { total, resources: resources.into_iter().map(object).collect::<Option<_>>()? })
    }
}

fn read(answer: Answer<'_>) -> Option<Object> {
    if answer.status != 200 || answer.body.len() > MOST_BYTES {
        return None;
    }
    json::strict_with_nulls(DEPTH, answer.body).ok()
}

fn has_schema(object: &Object, schema: &str) -> bool {
    let is = |item: &Json| matches!(item, Json::String(name) if name.eq_ignore_ascii_case(schema));
    matches!(object.get("schemas"), Some(Json::Array(schemas)) if schemas.iter().any(is))
}

/// A user's resource; `None` if it makes no sense.
fn known(user: &Object) -> Option<Known> {
    if is_ambiguous(user) {
        return None;
    }
    let active = match value(user, "active") {
        // Nobody says that they are.
        None => false,
        Some(Json::Bool(active)) => *active,
        Some(_) => return None,
    };
    let groups = match values(user, "groups", MOST_GROUPS)? {
        None => None,
        Some(ids) if ids.is_empty() => None,
        Some(ids) => {
            let ids = ids.into_iter().map(|id| id.parse().ok()).collect::<Option<Vec<GroupId>>>()?;
            Some(GroupTags::from_iter(&ids))
        }
    };
    let roles = values(user, "roles", MOST_ROLES)?.filter(|roles| !roles.is_empty());
    if roles.iter().flatten().any(|role| role.len() > MOST_ROLE) {
        return None;
    }
    let user_type = match value(user, "userType") {
        Some(Json::String(kind)) if kind.eq_ignore_ascii_case("guest") => UserType::Guest,
        None | Some(Json::String(_)) => UserType::Member,
        Some(_) => return None,
    };
    Some(Known {
        identity: text(user, "id")?.parse::<Identity>().ok()?,
        name: Some(text(user, "userName")?.parse().ok()?),
        active,
        groups,
        roles: roles.map(|roles| roles.into_iter().map(str::to_owned).collect()),
        user_type: Some(user_type),
    })
}

/// Whether members differ in the case of their names only, which makes no difference (RFC 7643, 2.1).
fn is_ambiguous(Object(members): &Object) -> bool {
    let mut names: Vec<String> = members.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

/// A member that has a value, whatever the case of its name.
fn value<'a>(Object(members): &'a Object, wanted: &str) -> Option<&'a Json> {
    let found = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value).filter(|value| **value != Json::Null)
}

/// The `value` of each item of a multi-valued attribute; the inner `None` if it is not there, the outer if it makes no sense.
fn values<'a>(user: &'a Object, name: &str, most: usize) -> Option<Option<Vec<&'a str>>> {
    let items = match value(user, name) {
        None => return Some(None),
        Some(Json::Array(items)) if items.len() <= most => items,
        Some(_) => return None,
    };
    let value = |item: &'a Json| match item {
        Json::Object(object) => text(object, "value"),
        _ => None,
    };
    items.iter().map(value).collect::<Option<_>>().map(Some)
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    match value(object, name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    }
}

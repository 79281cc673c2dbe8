//! The shape of a policy document: every field, once, with its bounds and default (2.3). The readers in
//! [`super::sections`] go by it, and so does whoever describes policies to people.

use super::fields::{Field, Flag, Form, Kind, List, Shape, Text, Whole, Word};
use super::{CookieRule, Then};
use crate::directory::UserType;
use crate::headers::DEFAULT_USER_HEADER;

/// Thirty days, in minutes.
const THIRTY_DAYS: u32 = 43_200;
/// A year, likewise.
const A_YEAR: u32 = 525_600;
/// A day, likewise.
const A_DAY: u32 = 1_440;

/// `{"tenants": [policy, ...]}`.
pub const TENANTS: List = List { name: "tenants", least: 1, most: 1000, of: &Kind::Section(&POLICY) };

/// A document of several tenants.
pub const DOCUMENT: Shape = Shape::of(&[TENANTS.field()]);

/// `version`; it has to stand there.
pub const VERSION: Whole = Whole { name: "version", least: 1, most: 1, default: 1 };
/// `hosts`, of a tenant and of its admin API.
pub const HOSTS: List = List { name: "hosts", least: 1, most: 256, of: &Kind::Form(Form::Host) };
/// `issuer`.
pub const ISSUER: Text = Text::token("issuer", 512);
/// `audience`.
pub const AUDIENCE: Text = Text::token("audience", 512);
/// `clockSkewInSeconds`.
pub const CLOCK_SKEW: Whole = Whole { name: "clockSkewInSeconds", least: 0, most: 120, default: 30 };
/// `basePath` where the policy does not say.
pub const BASE_PATH: &str = "/.tap";

/// A policy: one tenant's.
pub const POLICY: Shape = Shape::of(&[
    Field::required("version", Kind::Whole { least: VERSION.least, most: VERSION.most }),
    Field::required("tenant", Kind::Form(Form::Tenant)),
    HOSTS.field(),
    ISSUER.required(),
    AUDIENCE.required(),
    CLOCK_SKEW.field(),
    Field::required("keys", Kind::Section(&KEYS)),
    Field::required("temporaryAccessPass", Kind::Section(&PASSES)),
    Field::usually("directory", Kind::WordOr("open", &DIRECTORY), "open"),
    Field::required("signIn", Kind::Section(&SIGN_IN)),
    Field::required("registration", Kind::Section(&REGISTRATION)),
    Field::optional("session", Kind::Section(&SESSION)),
    Field::optional("upstream", Kind::Section(&UPSTREAM)),
    Field::usually("ledger", Kind::WordOr("sharedData", &LEDGER), "sharedData"),
    Field::optional("admin", Kind::Section(&ADMIN)),
    Field::optional("pages", Kind::Section(&PAGES)),
    Field::optional("webhook", Kind::Section(&WEBHOOK)),
    Field::usually("basePath", Kind::Form(Form::BasePath), BASE_PATH),
]);

/// A key's `env`.
pub const KEY_ENV: Text = Text::token("env", 128);
/// The most keys of a list.
pub const MOST_KEYS: usize = 16;

const KEY: Shape = Shape::one_of(
    &[Field::required("id", Kind::Form(Form::KeyId)), KEY_ENV.field(), Field::optional("value", Kind::Form(Form::Key))],
    &["env", "value"],
);

const fn key_list(name: &'static str) -> List {
    List { name, least: 1, most: MOST_KEYS, of: &Kind::Section(&KEY) }
}

/// `keys`.
pub const KEYS: Shape = Shape::of(&[
    key_list("pass").field(),
    key_list("gateway").field(),
    key_list("upstream").field(),
    key_list("admin").optional(),
    key_list("webhook").optional(),
]);

/// `temporaryAccessPass.state`.
pub const STATE: Word<bool> = Word { name: "state", words: &["disabled", "enabled"], values: &[false, true] };
/// `temporaryAccessPass.defaultLength`.
pub const DEFAULT_LENGTH: Whole = Whole { name: "defaultLength", least: 8, most: 48, default: 8 };
/// `temporaryAccessPass.minimumLifetimeInMinutes`.
pub const MINIMUM_LIFETIME: Whole =
    Whole { name: "minimumLifetimeInMinutes", least: 10, most: THIRTY_DAYS, default: 60 };
/// `temporaryAccessPass.maximumLifetimeInMinutes`; never below the minimum.
pub const MAXIMUM_LIFETIME: Whole =
    Whole { name: "maximumLifetimeInMinutes", least: 10, most: THIRTY_DAYS, default: 480 };
/// `temporaryAccessPass.defaultLifetimeInMinutes`; between minimum and maximum.
pub const DEFAULT_LIFETIME: Whole =
    Whole { name: "defaultLifetimeInMinutes", least: 10, most: THIRTY_DAYS, default: 60 };
/// `isUsableOnce`.
pub const IS_USABLE_ONCE: Flag = Flag { name: "isUsableOnce", default: false };
/// `temporaryAccessPass.includeTargets`.
pub const INCLUDE_TARGETS: List = List { name: "includeTargets", least: 1, most: 1000, of: &Kind::Section(&TARGET) };
/// `temporaryAccessPass.excludeTargets`.
pub const EXCLUDE_TARGETS: List = List { name: "excludeTargets", least: 0, most: 1000, of: &Kind::Section(&TARGET) };
/// A target's `targetType`: whether it is a group.
pub const TARGET_TYPE: Word<bool> = Word { name: "targetType", words: &["group", "user"], values: &[true, false] };

const TARGET: Shape = Shape::of(&[TARGET_TYPE.required(), Field::required("id", Kind::Form(Form::UserName))]);

/// `temporaryAccessPass`.
pub const PASSES: Shape = Shape::of(&[
    STATE.field(),
    DEFAULT_LENGTH.field(),
    DEFAULT_LIFETIME.field(),
    MINIMUM_LIFETIME.field(),
    MAXIMUM_LIFETIME.field(),
    IS_USABLE_ONCE.field(),
    INCLUDE_TARGETS.field(),
    EXCLUDE_TARGETS.field(),
]);

/// A user's `userType`.
pub const USER_TYPE: Word<UserType> =
    Word { name: "userType", words: &["member", "guest"], values: &[UserType::Member, UserType::Guest] };
/// `directory.users`.
pub const USERS: List = List { name: "users", least: 0, most: 100_000, of: &Kind::Section(&USER) };
/// A user's `groups`.
pub const GROUPS: List = List { name: "groups", least: 0, most: 1000, of: &Kind::Form(Form::Group) };
/// A user's `roles`.
pub const ROLES: List = List { name: "roles", least: 0, most: 100, of: &ROLE.kind() };
/// A role's name.
pub const ROLE: Text = Text::line("roles", 128);

const USER: Shape = Shape::of(&[
    Field::required("id", Kind::Form(Form::Identity)),
    Field::optional("userPrincipalName", Kind::Form(Form::UserName)),
    GROUPS.field(),
    ROLES.field(),
    USER_TYPE.field(),
]);

/// `directory.scim.cluster`.
pub const SCIM_CLUSTER: Text = Text::usually("cluster", 128, "scim");
/// `directory.scim.authority`.
pub const SCIM_AUTHORITY: Text = Text::usually("authority", 255, "scim");
/// `directory.scim.path`, where the policy does not say.
pub const SCIM_PATH: &str = "/scim/v2";
/// `directory.scim.timeoutInMilliseconds`.
pub const SCIM_TIMEOUT: Whole = Whole { name: "timeoutInMilliseconds", least: 1, most: 60_000, default: 2_000 };
/// `directory.scim.cacheInSeconds`.
pub const SCIM_CACHE: Whole = Whole { name: "cacheInSeconds", least: 0, most: 3_600, default: 60 };
/// `directory.scim.saysAllRoles`.
pub const SAYS_ALL_ROLES: Flag = Flag { name: "saysAllRoles", default: false };
/// `directory.scim.tokenEnv`.
pub const TOKEN_ENV: Text = Text::token("tokenEnv", 128);

const SCIM: Shape = Shape::of(&[
    SCIM_CLUSTER.field(),
    SCIM_AUTHORITY.field(),
    Field::usually("path", Kind::Form(Form::Path), SCIM_PATH),
    SCIM_TIMEOUT.field(),
    SCIM_CACHE.field(),
    SAYS_ALL_ROLES.field(),
    TOKEN_ENV.field(),
]);

const DIRECTORY: Shape =
    Shape::one_of(&[USERS.optional(), Field::optional("scim", Kind::Section(&SCIM))], &["users", "scim"]);

/// `signIn.userField`.
pub const USER_FIELD: Text = Text::usually("userField", 64, "username");
/// `signIn.passField`.
pub const PASS_FIELD: Text = Text::usually("passField", 64, "pass");
/// `signIn.startsWithinInMinutes`.
pub const STARTS_WITHIN: Whole = Whole { name: "startsWithinInMinutes", least: 0, most: A_YEAR, default: THIRTY_DAYS };

/// `signIn`.
pub const SIGN_IN: Shape = Shape::of(&[
    Field::required("path", Kind::Form(Form::Path)),
    USER_FIELD.field(),
    PASS_FIELD.field(),
    STARTS_WITHIN.field(),
]);

/// `registration.allow`.
pub const ALLOW: List = List { name: "allow", least: 1, most: 256, of: &Kind::Form(Form::Pattern) };
/// `registration.completedBy`.
pub const COMPLETED_BY: List = List { name: "completedBy", least: 1, most: 32, of: &Kind::Section(&WAY) };
/// `registration.then`.
pub const THEN: Word<Then> =
    Word { name: "then", words: &["signIn", "continue"], values: &[Then::SignIn, Then::Continue] };
/// `registration.windowInMinutes`.
pub const WINDOW: Whole = Whole { name: "windowInMinutes", least: 1, most: A_DAY, default: 10 };
/// `registration.retries`.
pub const RETRIES: Whole = Whole { name: "retries", least: 0, most: 10, default: 3 };
/// `registration.cookies`.
pub const COOKIES: Word<CookieRule> =
    Word { name: "cookies", words: &["sealed", "withheld"], values: &[CookieRule::Sealed, CookieRule::Withheld] };

/// `registration`.
pub const REGISTRATION: Shape = Shape::of(&[
    Field::required("page", Kind::Form(Form::Path)),
    ALLOW.field(),
    COMPLETED_BY.field(),
    THEN.field(),
    WINDOW.field(),
    RETRIES.field(),
    COOKIES.field(),
]);

/// The method of an answer that completes.
pub const METHOD: Word<&str> =
    Word { name: "method", words: &["POST", "PUT", "PATCH", "DELETE"], values: &["POST", "PUT", "PATCH", "DELETE"] };
/// The statuses of an answer that completes.
pub const STATUSES: List =
    List { name: "status", least: 1, most: 32, of: &Kind::Whole { least: STATUS.least, most: STATUS.most } };
/// One of them.
pub const STATUS: Whole = Whole { name: "status", least: 200, most: 399, default: 200 };

const RESPONSE: Shape =
    Shape::of(&[METHOD.field(), Field::required("path", Kind::Form(Form::Pattern)), STATUSES.field()]);
const RECEIPT: Shape = Shape::of(&[]);
const WAY: Shape = Shape::one_of(
    &[Field::optional("receipt", Kind::Section(&RECEIPT)), Field::optional("response", Kind::Section(&RESPONSE))],
    &["receipt", "response"],
);

/// `session.cookie` where the policy does not say.
pub const COOKIE: &str = "__Host-tapgate";
/// `session.endsWithPass`.
pub const ENDS_WITH_PASS: Flag = Flag { name: "endsWithPass", default: true };
/// `session.maximumInMinutes`.
pub const SESSION_MAXIMUM: Whole = Whole { name: "maximumInMinutes", least: 1, most: A_DAY, default: 480 };

/// `session`.
pub const SESSION: Shape = Shape::of(&[
    Field::usually("cookie", Kind::Form(Form::Cookie), COOKIE),
    ENDS_WITH_PASS.field(),
    SESSION_MAXIMUM.field(),
]);

/// `upstream`.
pub const UPSTREAM: Shape = Shape::of(&[Field::usually("userHeader", Kind::Form(Form::Header), DEFAULT_USER_HEADER)]);

/// `ledger.sharedData.maximumRecords`.
pub const MAXIMUM_RECORDS: Whole = Whole { name: "maximumRecords", least: 1, most: 1_000_000, default: 100_000 };
/// `ledger.etcd.cluster`.
pub const CLUSTER: Text = Text::usually("cluster", 128, "etcd");
/// `ledger.etcd.authority`.
pub const AUTHORITY: Text = Text::usually("authority", 255, "etcd");
/// `ledger.etcd.prefix`.
pub const PREFIX: Text = Text::usually("prefix", 128, "/tapgate/");
/// `ledger.etcd.timeoutInMilliseconds`.
pub const TIMEOUT: Whole = Whole { name: "timeoutInMilliseconds", least: 1, most: 60_000, default: 500 };
/// `ledger.etcd.recheckInSeconds`.
pub const RECHECK: Whole = Whole { name: "recheckInSeconds", least: 1, most: 60, default: 5 };
/// `ledger.etcd.recheckRegisteredInSeconds`.
pub const RECHECK_REGISTERED: Whole = Whole { name: "recheckRegisteredInSeconds", least: 1, most: 600, default: 60 };
/// `ledger.etcd.graceInSeconds`.
pub const GRACE: Whole = Whole { name: "graceInSeconds", least: 0, most: 120, default: 30 };
/// `ledger.etcd.usernameEnv`.
pub const USERNAME_ENV: Text = Text::token("usernameEnv", 128);
/// `ledger.etcd.passwordEnv`.
pub const PASSWORD_ENV: Text = Text::token("passwordEnv", 128);

const SHARED_DATA: Shape = Shape::of(&[MAXIMUM_RECORDS.field()]);
const ETCD: Shape = Shape::of(&[
    CLUSTER.field(),
    AUTHORITY.field(),
    PREFIX.field(),
    TIMEOUT.field(),
    RECHECK.field(),
    RECHECK_REGISTERED.field(),
    GRACE.field(),
    USERNAME_ENV.field(),
    PASSWORD_ENV.field(),
]);
const LEDGER: Shape = Shape::one_of(
    &[Field::optional("sharedData", Kind::Section(&SHARED_DATA)), Field::optional("etcd", Kind::Section(&ETCD))],
    &["sharedData", "etcd"],
);

/// `admin.requireReason`.
pub const REQUIRE_REASON: Flag = Flag { name: "requireReason", default: false };
/// `admin.jwtAuthn.provider`.
pub const PROVIDER: Text = Text::token("provider", 128);
/// `admin.jwtAuthn.rolesClaim`.
pub const ROLES_CLAIM: Text = Text::usually("rolesClaim", 128, "roles");

const CAP: Shape = Shape::of(&[MAXIMUM_LIFETIME.without_default(), IS_USABLE_ONCE.field()]);
const JWT_AUTHN: Shape = Shape::of(&[PROVIDER.required(), ROLES_CLAIM.field()]);

/// `admin`.
pub const ADMIN: Shape = Shape::of(&[
    HOSTS.field(),
    REQUIRE_REASON.field(),
    Field::optional("caps", Kind::Named(&CAP)),
    Field::optional("jwtAuthn", Kind::Section(&JWT_AUTHN)),
]);

/// `webhook.cluster`.
pub const WEBHOOK_CLUSTER: Text = Text::usually("cluster", 128, "webhook");
/// `webhook.authority`.
pub const WEBHOOK_AUTHORITY: Text = Text::usually("authority", 255, "webhook");
/// `webhook.timeoutInMilliseconds`.
pub const WEBHOOK_TIMEOUT: Whole = Whole { name: "timeoutInMilliseconds", least: 1, most: 60_000, default: 5_000 };
/// `webhook.mostWaiting`.
pub const MOST_WAITING: Whole = Whole { name: "mostWaiting", least: 2, most: 10_000, default: 1_000 };
/// `webhook.events`.
pub const EVENTS: List = List { name: "events", least: 0, most: 64, of: &EVENT.kind() };
/// One of them: the name of a kind of audit event.
pub const EVENT: Text = Text::token("events", 32);

/// `webhook`.
pub const WEBHOOK: Shape = Shape::of(&[
    WEBHOOK_CLUSTER.field(),
    WEBHOOK_AUTHORITY.field(),
    Field::required("path", Kind::Form(Form::Path)),
    WEBHOOK_TIMEOUT.field(),
    MOST_WAITING.field(),
    EVENTS.field(),
]);

/// `pages.name`.
pub const PAGE_NAME: Text = Text::line("name", 64);
/// `pages.contact`.
pub const CONTACT: Text = Text::line("contact", 256);
/// `pages.help`.
pub const HELP: Text = Text::line("help", 512);

/// `pages`.
pub const PAGES: Shape =
    Shape::of(&[PAGE_NAME.field(), CONTACT.field(), HELP.field(), Field::optional("colour", Kind::Form(Form::Colour))]);

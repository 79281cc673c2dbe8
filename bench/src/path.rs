//! What is measured: the ways that a request can go, and which of them is held against which.

/// An Envoy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// Without the filter that is looked at.
    Bare,
    /// With a filter that does nothing.
    Noop,
    /// With Envoy's own check of tokens.
    JwtAuthn,
    /// With the plugin and the policy that is shipped.
    Tapgate,
}

impl Proxy {
    /// For a program that reads the results.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bare => "noFilter",
            Self::Noop => "noop",
            Self::JwtAuthn => "jwtAuthn",
            Self::Tapgate => "tapgate",
        }
    }

    /// For a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Bare => "no filter",
            Self::Noop => "no-op SDK filter",
            Self::JwtAuthn => "`jwt_authn`, HS256",
            Self::Tapgate => "Tapgate",
        }
    }
}

/// A way that a request can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// A page, with no filter.
    Bare,
    /// A sign-in that Envoy answers by itself, with no filter.
    BareSignIn,
    /// A page, through the filter that does nothing.
    Noop,
    /// A page, its token checked by Envoy's own filter.
    JwtAuthn,
    /// A page, through the plugin, without a session.
    Anonymous,
    /// A page, through the plugin, in a session that may only register.
    Registering,
    /// A page, through the plugin, in a session that has registered.
    Registered,
    /// A sign-in, answered by the plugin.
    SignIn,
}

impl Path {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Bare,
        Self::BareSignIn,
        Self::Noop,
        Self::JwtAuthn,
        Self::Anonymous,
        Self::Registering,
        Self::Registered,
        Self::SignIn,
    ];

    /// The Envoy that it goes through.
    #[must_use]
    pub const fn proxy(self) -> Proxy {
        match self {
            Self::Bare | Self::BareSignIn => Proxy::Bare,
            Self::Noop => Proxy::Noop,
            Self::JwtAuthn => Proxy::JwtAuthn,
            Self::Anonymous | Self::Registering | Self::Registered | Self::SignIn => Proxy::Tapgate,
        }
    }

    /// The same request and the same kind of answer without the filter; `None` if this is such a one itself.
    #[must_use]
    pub const fn baseline(self) -> Option<Self> {
        match self {
            Self::Bare | Self::BareSignIn => None,
            Self::SignIn => Some(Self::BareSignIn),
            Self::Noop | Self::JwtAuthn | Self::Anonymous | Self::Registering | Self::Registered => Some(Self::Bare),
        }
    }

    /// For a program that reads the results.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Bare => "noFilter",
            Self::BareSignIn => "noFilterSignIn",
            Self::Noop => "noop",
            Self::JwtAuthn => "jwtAuthn",
            Self::Anonymous => "anonymous",
            Self::Registering => "registering",
            Self::Registered => "registered",
            Self::SignIn => "signIn",
        }
    }

    /// For a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Bare => "no filter: a page from the application",
            Self::BareSignIn => "no filter: a sign-in that Envoy answers itself",
            Self::Noop => "no-op SDK filter",
            Self::JwtAuthn => "`jwt_authn`, HS256",
            Self::Anonymous => "Tapgate: anonymous",
            Self::Registering => "Tapgate: registering session",
            Self::Registered => "Tapgate: registered session",
            Self::SignIn => "Tapgate: a sign-in",
        }
    }
}

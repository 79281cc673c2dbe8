//! What several areas of the suite need.

use tapgate_host_tests::client::Response;
use tapgate_host_tests::envoy::Setup;

/// A way to set Envoy up.
pub(crate) type Alter = fn(Setup) -> Setup;

/// The set-ups under which every sign-in must come out the same: the flag that changes what a pause means, on and off,
/// with the buffer filter of the example and without.
pub(crate) const VARIANTS: [(&str, Alter); 4] = [
    ("as shipped", |setup| setup),
    ("without buffer", Setup::without_buffer),
    ("flag on", Setup::headers_stop),
    ("flag on, without buffer", |setup| setup.headers_stop().without_buffer()),
];

/// Form fields as a body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An answer without what differs by the clock alone.
pub(crate) fn timeless(mut answer: Response) -> Response {
    answer.headers.retain(|(name, _)| name != "date");
    answer
}

//! Point (f): local replies, from wherever a guest can give one.

mod outgoing;
mod places;
mod repeated;
mod shapes;

use crate::guest::{Guest, On, RESPONSE_BODY, RESPONSE_HEADERS, buffer, pairs, property};

pub(super) const X: &[(&str, &str)] = &[("x-reply", "1")];

pub(super) fn showing() -> Guest {
    Guest::new()
        .on(On::ResponseHeaders, [pairs(RESPONSE_HEADERS), property(&["response", "code_details"])])
        .on(On::ResponseBody, [buffer(RESPONSE_BODY, 0, 99)])
}

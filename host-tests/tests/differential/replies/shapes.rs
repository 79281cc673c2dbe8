//! What a reply looks like: its body, type, headers and status.

use super::{X, showing};
use crate::check::check;
use crate::guest::{On, reply};
use crate::scenario::{Scenario, get, last, only_headers, post};

#[tokio::test]
async fn what_the_callback_returns_is_ignored() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([post(&[]), last("late")]),
        r"
        create
        request_headers 5 more
        reply 403 = 0
        response_headers 4 more
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `no`
        log
        done
        delete
        client: 403 content-length=2 content-type=text/plain x-reply=1 `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn without_a_body() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(401, "", &[("content-type", "text/html"), ("www-authenticate", "Basic")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 401 = 0
        response_headers 2 end
        response = 0 `:status|401|www-authenticate|Basic|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 401 www-authenticate=Basic
    ",
    )
    .await;
}

#[tokio::test]
async fn with_a_type_and_a_length_of_its_own() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(200, "{}", &[("content-type", "application/json"), ("content-length", "77")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 200 = 0
        response_headers 3 more
        response = 0 `:status|200|content-type|application/json|content-length|2|`
        property response.code_details = 0 `guest_details`
        response_body 2 end
        buffer 1 0+99 = 0 `{}`
        log
        done
        delete
        client: 200 content-length=2 content-type=application/json `{}`
    ",
    )
    .await;
}

#[tokio::test]
async fn with_headers_that_repeat() {
    let guest = showing()
        .on(On::RequestHeaders, [reply(302, "", &[("set-cookie", "a=1"), ("set-cookie", "b=2"), ("Location", "/x")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 302 = 0
        response_headers 4 end
        response = 0 `:status|302|set-cookie|a=1|set-cookie|b=2|location|/x|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 302 location=/x set-cookie=a=1 set-cookie=b=2
    ",
    )
    .await;
}

#[tokio::test]
async fn with_a_status_header_of_its_own() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "", &[(":status", "200")])]);
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 1 end
        response = 0 `:status|403|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 403
    ",
    )
    .await;
}

#[tokio::test]
async fn to_head() {
    let guest = showing().on(On::RequestHeaders, [reply(403, "no", X)]);
    check(
        Scenario::new(guest).script([only_headers("HEAD", &[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 4 end
        response = 0 `:status|403|x-reply|1|content-length|2|content-type|text/plain|`
        property response.code_details = 0 `guest_details`
        log
        done
        delete
        client: 403 content-length=2 content-type=text/plain x-reply=1
    ",
    )
    .await;
}

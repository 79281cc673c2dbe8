//! Properties: those that this host knows, those that are not there, and those that guests set.

use crate::check::check;
use crate::guest::{Guest, On, of_stream, property, property_number, reply, set_property, trap};
use crate::scenario::{Scenario, answer, answer_last, empty_answer, get};

#[tokio::test]
async fn of_an_answer_of_the_application() {
    let look = || {
        [
            property(&["response", "code_details"]),
            property_number(&["response", "code"]),
            property(&["request", "path"]),
        ]
    };
    let guest = Guest::new()
        .on(On::RequestHeaders, look())
        .on(On::ResponseHeaders, look())
        .on(On::ResponseBody, look())
        .on(On::Log, look())
        .on(On::Delete, look());
    check(
        Scenario::new(guest).script([get(&[]), answer("200", &[]), answer_last("a")]),
        r"
        create
        request_headers 5 end
        property response.code_details = 1
        response.code = 1
        property request.path = 0 `/`
        response_headers 1 more
        property response.code_details = 0 `via_upstream`
        response.code = 0
        number = 200
        property request.path = 1
        response_body 1 end
        property response.code_details = 0 `via_upstream`
        response.code = 0
        number = 200
        property request.path = 1
        log
        property response.code_details = 0 `via_upstream`
        response.code = 0
        number = 200
        property request.path = 0 `/`
        done
        delete
        property response.code_details = 0 `via_upstream`
        response.code = 0
        number = 200
        property request.path = 1
        application: GET /
        client: 200 `a`
    ",
    )
    .await;
}

#[tokio::test]
async fn of_a_reply() {
    let look = || [property(&["response", "code_details"]), property_number(&["response", "code"])];
    let guest = Guest::new()
        .on(On::RequestHeaders, [reply(403, "no", &[])])
        .on(On::ResponseHeaders, look())
        .on(On::ResponseBody, look())
        .on(On::Log, look());
    check(
        Scenario::new(guest).script([get(&[])]),
        r"
        create
        request_headers 5 end
        reply 403 = 0
        response_headers 3 more
        property response.code_details = 0 `guest_details`
        response.code = 0
        number = 403
        response_body 2 end
        property response.code_details = 0 `guest_details`
        response.code = 0
        number = 403
        log
        property response.code_details = 0 `guest_details`
        response.code = 0
        number = 403
        done
        delete
        client: 403 content-length=2 content-type=text/plain `no`
    ",
    )
    .await;
}

#[tokio::test]
async fn of_a_trap() {
    let guest = Guest::new()
        .on(On::RequestHeaders, [of_stream(1, [trap()])])
        .on(On::Log, [property(&["response", "code_details"])]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), get(&[])]),
        r"
        create
        request_headers 5 end
        response_headers 1 end
        log
        property response.code_details = 0 `via_upstream`
        done
        delete
        #1 create
        #1 request_headers 5 end
        application: GET /
        client: 204
        client: 503
    ",
    )
    .await;
}

#[tokio::test]
async fn that_are_not_there() {
    let guest = Guest::new().on(
        On::RequestHeaders,
        [
            property(&["nothing"]),
            property(&["request", "nothing"]),
            property(&["request", "headers", "x-none"]),
            property(&[]),
            property(&["response", "code"]),
        ],
    );
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        property nothing = 1
        property request.nothing = 1
        property request.headers.x-none = 1
        property  = 3
        property response.code = 1
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn that_a_guest_sets() {
    let guest = Guest::new()
        .on(
            On::RequestHeaders,
            [
                set_property(&["own"], "1"),
                property(&["own"]),
                property(&["wasm.own"]),
                set_property(&["own"], "2"),
                set_property(&["own", "deep"], "3"),
                property(&["own"]),
                property(&["own", "deep"]),
                set_property(&["request", "path"], "/other"),
                property(&["request", "path"]),
            ],
        )
        .on(On::ResponseHeaders, [property(&["own"])])
        .on(On::Log, [property(&["own"]), set_property(&["own"], "late")]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        set own = 0
        property own = 0 `1`
        property wasm.own = 1
        set own = 0
        set own.deep = 0
        property own = 0 `2`
        property own.deep = 1
        set request.path = 0
        property request.path = 0 `/`
        response_headers 1 end
        property own = 0 `2`
        log
        property own = 0 `2`
        set own = 0
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn set_on_one_stream_only() {
    let guest = Guest::new().on(On::RequestHeaders, [property(&["own"]), set_property(&["own"], "1")]);
    check(
        Scenario::new(guest).script([get(&[]), empty_answer("204", &[]), get(&[]), empty_answer("204", &[])]),
        r"
        create
        request_headers 5 end
        property own = 1
        set own = 0
        response_headers 1 end
        log
        done
        delete
        #1 create
        #1 request_headers 5 end
        property own = 1
        set own = 0
        #1 response_headers 1 end
        #1 log
        #1 done
        #1 delete
        application: GET /
        application: GET /
        client: 204
        client: 204
    ",
    )
    .await;
}

#[tokio::test]
async fn on_the_root_context() {
    let guest = Guest::new()
        .on(
            On::Configure,
            [
                set_property(&["own"], "1"),
                property(&["own"]),
                property(&["plugin_name"]),
                property(&["plugin_vm_id"]),
                property(&["plugin_root_id"]),
            ],
        )
        .on(On::RequestHeaders, [property(&["own"]), property(&["plugin_name"])]);
    check(
        Scenario::new(guest).with_its_start().script([get(&[]), empty_answer("204", &[])]),
        r"
        create root
        vm_start 0
        configure 0
        set own = 1
        property own = 1
        property plugin_name = 0 `guest`
        property plugin_vm_id = 0 `vm`
        property plugin_root_id = 0 ``
        create
        request_headers 5 end
        property own = 1
        property plugin_name = 0 `guest`
        response_headers 1 end
        log
        done
        delete
        application: GET /
        client: 204
    ",
    )
    .await;
}

//! SCIM questions and answers. The answers are those of scim2-server 0.8.3, as it sent them.

use proptest::prelude::*;
use tapgate_core::directory::scim::{Answer, BearerToken, Inquiry, MOST_BYTES, MOST_GROUPS, Turn};
use tapgate_core::directory::{By, Known, Unavailable, UserType};
use tapgate_core::names::GroupId;
use tapgate_core::pass::GroupTags;

const ALICE: &str = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "fa28c4e2f7e0432bbd476b01c9a3d960", "userName": "Alice@Example.com", "userType": "member", "active": true, "roles": [{"value": "User Administrator", "display": "x", "primary": true}]}]}"#;
const NOBODY: &str = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}"#;
const PILOT: &str = r#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1, "startIndex": 1, "itemsPerPage": 1, "Resources": [{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "50351246a75e47f9a57c84f6d2c026cd", "displayName": "pilot"}]}"#;
const ALICE_BY_ID: &str = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "fa28c4e2f7e0432bbd476b01c9a3d960", "userName": "Alice@Example.com", "active": true}"#;

/// Nobody has this id.
const NO_ID: (u16, &str) = (404, "{}");

/// Asks about a name, and answers until there is nothing more to ask; and what was asked.
fn ask(name: &str, by: By, answers: &[(u16, &str)]) -> (Result<Option<Known>, Unavailable>, Vec<String>) {
    let mut inquiry = Inquiry::about(name.parse().unwrap(), by);
    let mut paths = Vec::new();
    for (status, body) in answers {
        paths.push(inquiry.path());
        match inquiry.answer(Some(Answer { status: *status, body: body.as_bytes() })) {
            Turn::Asks(next) => inquiry = next,
            Turn::Over(over) => {
                assert_eq!(paths.len(), answers.len(), "answers left over after {paths:?}");
                return (over, paths);
            }
        }
    }
    panic!("there is more to ask: {}", inquiry.path());
}

fn tags(groups: &[&str]) -> GroupTags {
    GroupTags::from_iter(&groups.iter().map(|group| group.parse().unwrap()).collect::<Vec<GroupId>>())
}

#[test]
fn a_user_is_found_whatever_the_case_of_the_name_and_then_their_groups() {
    let (alice, paths) = ask("alice@example.com", By::NameOrId, &[(200, ALICE), NO_ID, (200, PILOT)]);
    let alice = alice.unwrap().unwrap();
    assert_eq!(alice.identity.as_str(), "fa28c4e2f7e0432bbd476b01c9a3d960");
    assert!(alice.active && alice.is_called("ALICE@EXAMPLE.COM") && alice.is_called(alice.identity.as_str()));
    assert_eq!((alice.roles, alice.user_type), (Some(vec!["User Administrator".to_owned()]), Some(UserType::Member)));
    assert_eq!(alice.groups, Some(tags(&["50351246a75e47f9a57c84f6d2c026cd"])));
    assert_eq!(
        paths,
        [
            "/Users?filter=userName%20eq%20%22alice%40example.com%22&attributes=id%2CuserName%2Cactive%2Cgroups%2Croles%2CuserType&count=2",
            "/Users/alice%40example.com?attributes=id%2CuserName%2Cactive%2Cgroups%2Croles%2CuserType",
            "/Groups?filter=members.value%20eq%20%22fa28c4e2f7e0432bbd476b01c9a3d960%22&attributes=id&count=1000",
        ]
    );
}

#[test]
fn groups_that_the_users_resource_says_are_not_asked_for() {
    let said = ALICE
        .replace("\"active\": true", "\"active\": true, \"groups\": [{\"value\": \"staff\"}, {\"value\": \"pilot\"}]");
    let (alice, _) = ask("alice@example.com", By::NameOrId, &[(200, &said), NO_ID]);
    assert_eq!(alice.unwrap().unwrap().groups, Some(tags(&["staff", "pilot"])));
    // An empty list says as much as none (RFC 7643, 2.5): nothing.
    let none = ALICE.replace("\"active\": true", "\"active\": true, \"groups\": []");
    let (alice, _) = ask("alice@example.com", By::NameOrId, &[(200, &none), NO_ID, (200, PILOT)]);
    assert_eq!(alice.unwrap().unwrap().groups, Some(tags(&["50351246a75e47f9a57c84f6d2c026cd"])));
    let null =
        ALICE.replace("\"active\": true", "\"active\": true, \"groups\": null, \"roles\": null, \"userType\": null");
    let null = null.replacen("\"userType\": \"member\", ", "", 1);
    let null = null.replacen(
        ", \"roles\": [{\"value\": \"User Administrator\", \"display\": \"x\", \"primary\": true}]",
        "",
        1,
    );
    let (alice, _) = ask("alice@example.com", By::NameOrId, &[(200, &null), NO_ID, (200, NOBODY)]);
    let alice = alice.unwrap().unwrap();
    assert_eq!((alice.groups, alice.roles), (Some(tags(&[])), None), "no roles are unknown ones");
}

#[test]
fn whoever_has_no_such_name_may_have_such_an_id() {
    let id = "fa28c4e2f7e0432bbd476b01c9a3d960";
    let (alice, paths) = ask(id, By::NameOrId, &[(200, NOBODY), (200, ALICE_BY_ID), (200, PILOT)]);
    assert_eq!(alice.unwrap().unwrap().name.unwrap().as_str(), "Alice@Example.com");
    assert!(paths[1].starts_with("/Users/fa28c4e2f7e0432bbd476b01c9a3d960?attributes="), "{paths:?}");
    assert_eq!(ask("nobody", By::NameOrId, &[(200, NOBODY), (404, "{}")]).0, Ok(None));
    assert_eq!(ask("other", By::NameOrId, &[(200, NOBODY), (200, ALICE_BY_ID)]).0, Err(Unavailable));
    // What could leave its place in the path is nobody's id.
    for name in ["..", ".", "a/b", "a%2fb", "a?b", "a#b", "a\\b"] {
        assert_eq!(ask(name, By::NameOrId, &[(200, NOBODY)]).0, Ok(None), "{name}");
    }
}

#[test]
fn whoever_types_a_name_costs_the_same_calls_whether_or_not_there_is_such_a_user() {
    let said = ALICE.replace("\"active\": true", "\"active\": true, \"groups\": [{\"value\": \"staff\"}]");
    for (body, exists) in [(ALICE, true), (said.as_str(), true), (NOBODY, false)] {
        let (found, paths) = ask("alice@example.com", By::TypedName, &[(200, body), (200, PILOT)]);
        assert_eq!((found.unwrap().is_some(), paths.len()), (exists, 2));
        assert!(paths[1].starts_with("/Groups?filter=members.value"), "{paths:?}");
    }
    // What the second is answered matters only to whom it says something.
    assert_eq!(ask("nobody", By::TypedName, &[(200, NOBODY), (500, "")]).0, Ok(None));
    // Groups that cannot be had are left open: it must not show before the code has been compared.
    for bad in [(500, ""), (400, "{}"), (200, NOBODY.strip_suffix('}').unwrap())] {
        let alice = ask("alice@example.com", By::TypedName, &[(200, ALICE), bad]).0.unwrap().unwrap();
        assert_eq!(alice.groups, None);
    }
    // What is wrong with one user alone does not show either.
    for wrong in [
        ALICE.replace("\"active\": true", "\"active\": 7"),
        ALICE.replace("Alice@Example.com", "mallory"),
        ALICE.replace("\"totalResults\": 1", "\"totalResults\": 2"),
    ] {
        let (found, paths) = ask("alice@example.com", By::TypedName, &[(200, &wrong), (200, NOBODY)]);
        assert_eq!((found, paths.len()), (Ok(None), 2), "{wrong}");
    }
    let groups = ask("alice@example.com", By::TypedName, &[(200, &said), (500, "")]).0.unwrap().unwrap().groups;
    assert_eq!(groups, Some(tags(&["staff"])));
}

#[test]
fn groups_come_in_pages_and_never_in_half() {
    let page = |total: usize, ids: std::ops::Range<usize>| {
        let group = |id| format!(r#"{{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g{id}"}}"#);
        let groups: Vec<_> = ids.map(group).collect();
        format!(
            r#"{{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": {total}, "Resources": [{}]}}"#,
            groups.join(",")
        )
    };
    let (first, second) = (page(150, 0..100), page(150, 100..150));
    let (alice, paths) = ask("alice@example.com", By::NameOrId, &[(200, ALICE), NO_ID, (200, &first), (200, &second)]);
    assert!(alice.unwrap().unwrap().groups.unwrap().contains(&GroupTags::tag(&"g149".parse().unwrap())));
    assert!(paths[3].ends_with("&count=1000&startIndex=101"), "{paths:?}");
    let refused = [
        vec![page(3, 0..2), page(3, 0..0)],
        vec![page(3, 0..4)],
        vec![page(3, 0..2), page(3, 2..4)],
        // A server that does not know pages.
        vec![page(4, 0..2), page(4, 0..2)],
        vec![page(MOST_GROUPS + 1, 0..10)],
        (0..20).map(|n| page(30, n..n + 1)).collect(),
    ];
    for pages in &refused {
        let mut answers = vec![(200, ALICE), NO_ID];
        answers.extend(pages.iter().map(|page| (200, page.as_str())));
        assert_eq!(ask("alice@example.com", By::NameOrId, &answers).0, Err(Unavailable), "{}", pages.len());
    }
}

#[test]
fn only_what_is_said_to_be_active_is() {
    for silent in ["\"active\": false", "\"active\": null", "\"other\": true"] {
        let body = ALICE.replace("\"active\": true", silent);
        let (alice, _) = ask("alice@example.com", By::NameOrId, &[(200, &body), NO_ID, (200, NOBODY)]);
        assert!(!alice.unwrap().unwrap().active, "{silent}");
    }
}

#[test]
fn what_makes_no_sense_is_unavailable_and_never_nobody() {
    let hostile = [
        ALICE.replace("\"active\": true", "\"active\": \"true\""),
        ALICE.replace("\"active\": true", "\"active\": true, \"active\": true"),
        ALICE.replace("\"totalResults\": 1", "\"totalResults\": 0"),
        ALICE.replace("\"totalResults\": 1", "\"totalResults\": 2"),
        ALICE.replace("\"totalResults\": 1", "\"totalResults\": -1"),
        ALICE.replace("core:2.0:User", "core:2.0:Group"),
        ALICE.replace("Alice@Example.com", "mallory@example.com"),
        ALICE.replace("\"userName\"", "\"name\""),
        ALICE.replace("\"userType\": \"member\"", "\"userType\": 1"),
        ALICE.replace("[{\"value\"", "[{\"other\""),
        ALICE.replace("User Administrator", &"x".repeat(129)),
        ALICE.replace("fa28c4e2f7e0432bbd476b01c9a3d960", ""),
        ALICE.replace("\"active\": true", "\"active\": true, \"groups\": [{\"value\": null}]"),
        NOBODY.replace("ListResponse", "Error"),
        NOBODY.replace("[]", "{}"),
        format!("{ALICE}{}", " ".repeat(MOST_BYTES)),
        "[".repeat(60_000),
        String::new(),
    ];
    for body in &hostile {
        assert_eq!(ask("alice@example.com", By::NameOrId, &[(200, body)]).0, Err(Unavailable), "{body:.300}");
    }
    for by in [By::NameOrId, By::TypedName] {
        for body in
            [NOBODY.replace("ListResponse", "Error"), format!("{ALICE}{}", " ".repeat(MOST_BYTES)), String::new()]
        {
            assert_eq!(ask("alice@example.com", by, &[(200, &body)]).0, Err(Unavailable), "{body:.300}");
        }
        for status in [204, 302, 400, 401, 404, 429, 500, 503] {
            assert_eq!(ask("alice@example.com", by, &[(status, ALICE)]).0, Err(Unavailable));
        }
        let lost = Inquiry::about("alice".parse().unwrap(), by).answer(None);
        assert_eq!(lost, Turn::Over(Err(Unavailable)));
    }
}

#[test]
fn whoever_calls_themselves_what_is_somebody_elses_id_stands_for_nobody() {
    let id = "fa28c4e2f7e0432bbd476b01c9a3d960";
    let mallory = ALICE.replace("Alice@Example.com", id).replace("\"id\": \"fa28", "\"id\": \"0000");
    assert_eq!(ask(id, By::NameOrId, &[(200, &mallory), (200, ALICE_BY_ID)]).0, Err(Unavailable));
    // Whoever is called what their own id is stands for themselves, and so does whose name is no id.
    let same = ALICE.replace("Alice@Example.com", id);
    assert!(
        ask(id, By::NameOrId, &[(200, &same), (200, &ALICE_BY_ID.replace("Alice@Example.com", id)), (200, PILOT)])
            .0
            .unwrap()
            .is_some()
    );
    assert!(ask("alice@example.com", By::NameOrId, &[(200, ALICE), (400, "{}"), (200, PILOT)]).0.unwrap().is_some());
    assert_eq!(ask("alice@example.com", By::NameOrId, &[(200, ALICE), (500, "")]).0, Err(Unavailable));
}

#[test]
fn members_are_known_whatever_the_case_of_their_names() {
    let written =
        ALICE.replace("\"userType\": \"member\"", "\"UserType\": \"GUEST\"").replace("\"roles\"", "\"Roles\"");
    let alice = ask("alice@example.com", By::NameOrId, &[(200, &written), NO_ID, (200, PILOT)]).0.unwrap().unwrap();
    assert_eq!((alice.user_type, alice.roles.unwrap().len()), (Some(UserType::Guest), 1));
    let twice = ALICE.replace("\"active\": true", "\"active\": true, \"Active\": false");
    assert_eq!(ask("alice@example.com", By::NameOrId, &[(200, &twice)]).0, Err(Unavailable));
}

#[test]
fn a_token_is_what_can_stand_in_a_header() {
    assert_eq!(BearerToken::new("abc.DEF-1~+/=").unwrap().header_value(), "Bearer abc.DEF-1~+/=");
    for bad in ["", "a b", "a\r\nx: y", "ä", &"x".repeat(4097)] {
        assert!(BearerToken::new(bad).is_err());
    }
}

proptest! {
    #[test]
    fn a_name_never_leaves_its_place_in_the_filter(name in "[!-~]{1,256}") {
        let path = Inquiry::about(name.parse().unwrap(), By::NameOrId).path();
        let query = path.strip_prefix("/Users?filter=").unwrap();
        let (filter, rest) = query.split_once('&').unwrap();
        prop_assert_eq!(rest, "attributes=id%2CuserName%2Cactive%2Cgroups%2Croles%2CuserType&count=2");
        prop_assert!(filter.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        let filter = percent_encoding::percent_decode_str(filter).decode_utf8().unwrap();
        let value = filter.strip_prefix("userName eq ").unwrap();
        // One JSON string, whole, and it is the name.
        prop_assert_eq!(serde_json::from_str::<String>(value).unwrap(), name);
    }

    #[test]
    fn a_name_never_leaves_its_segment_of_the_path(name in "[!-~]{1,256}") {
        let Turn::Asks(inquiry) = Inquiry::about(name.parse().unwrap(), By::NameOrId)
            .answer(Some(Answer { status: 200, body: NOBODY.as_bytes() })) else { return Ok(()) };
        let path = inquiry.path();
        let (id, _) = path.strip_prefix("/Users/").unwrap().split_once('?').unwrap();
        let id = percent_encoding::percent_decode_str(id).decode_utf8().unwrap();
        prop_assert_eq!(&id, &name);
        prop_assert!(!id.contains(['/', '\\', '%', '?', '#']) && !id.bytes().all(|b| b == b'.'));
    }

    #[test]
    fn no_bytes_make_a_user_of_another_name(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let answer = Some(Answer { status: 200, body: &body });
        prop_assert_eq!(Inquiry::about("alice".parse().unwrap(), By::NameOrId).answer(answer), Turn::Over(Err(Unavailable)));
    }
}

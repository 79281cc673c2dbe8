//! The hand-over sheet: a golden, hostile names, and files that were not asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tapgate_cli::Exit;

use super::fake::{Fake, error};
use super::token::policy;
use super::{issuing, pass};
use crate::policy::Scratch;

#[test]
fn the_sheet_is_as_it_was() {
    let scratch = Scratch::new();
    let pages = "pages: {name: Contoso, contact: 'the service desk, 4444', help: Bring your badge.}";
    let policy = policy(&scratch, false, pages);
    let outcome = pass(&issuing(), &["create", "--sheet", "-", "--policy", &policy, "--zone", "+01:00"]).succeeded();
    assert_eq!(outcome.stderr, "");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sheet.html");
    assert_eq!(outcome.stdout, fs::read_to_string(&golden).unwrap());
}

#[test]
fn nothing_on_it_is_anything_but_text() {
    let hostile = "<script>alert('1')</script>\"&\u{202e}\u{1b}[2J{{7*7}}";
    let outcome =
        pass(&issuing(), &["create", "--sheet", "-", "--organisation", hostile, "--contact", hostile]).succeeded();
    let page = outcome.stdout;
    for bad in ["<script", "alert('1')", "\u{202e}", "\u{1b}", "\"&"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    assert!(page.contains("{{7*7}}"), "{page}");
    // No script, and nothing that a browser would fetch.
    for bad in ["<script", "src=", "href=", "url(", "@import", "<link", "<img", "<iframe", "<form"] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert!(page.contains("default-src 'none'"), "{page}");
}

#[test]
fn a_users_name_is_text_too() {
    let fake = issuing();
    let url = fake.url();
    let arguments = ["pass", "create", "--gateway", &url, "--user", "<img/src=x>&'\"", "--sheet", "-"];
    let run = crate::support::tapgate(&arguments).env("TAPGATE_ADMIN_TOKEN", super::TOKEN).run().succeeded();
    assert!(!run.stdout.contains("<img") && run.stdout.contains("&#60;img/src=x&#62;"), "{}", run.stdout);
}

#[test]
fn a_file_is_written_once_and_for_one_reader() {
    let scratch = Scratch::new();
    let former = scratch.file("former.html", "former");
    let folder = Path::new(&former).parent().unwrap();
    let new = folder.join("new.html").to_str().unwrap().to_owned();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let fake = issuing();
    pass(&fake, &["create", "--sheet", &former]).failed(Exit::Usage, "exists; give another name, or `--force`");
    pass(&fake, &["create", "--sheet", "/nowhere/sheet.html"])
        .failed(Exit::Failed, "cannot write `/nowhere/sheet.html`");
    assert!(fake.asked().is_empty(), "no code was issued that nobody gets");
    let denied = Fake::saying(error(403, "accessDenied", "no"));
    assert_eq!(pass(&denied, &["create", "--sheet", &new]).exit, Exit::Key);
    pass(&fake, &["create"]).succeeded();
    assert_eq!(names(), ["former.html"], "nothing is written that was not asked for");

    let outcome = pass(&fake, &["create", "--sheet", &new]).succeeded().says("code      0123 ABCD 4567 EF");
    assert!(outcome.stderr.contains("delete it once it is printed"), "{}", outcome.stderr);
    let page = fs::read_to_string(&new).unwrap();
    assert!(page.contains("0123 ABCD 4567 EF") && page.contains("Ask whoever gave you this sheet"), "{page}");
    assert_eq!(fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&former).unwrap(), "former");
    fs::set_permissions(&former, fs::Permissions::from_mode(0o644)).unwrap();
    pass(&fake, &["create", "--sheet", &former, "--force"]).succeeded();
    assert!(fs::read_to_string(&former).unwrap().contains("0123 ABCD"));
    assert_eq!(fs::metadata(&former).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(), ["former.html", "new.html"]);
    // What stands in the way may be no file at all.
    let link = folder.join("link.html");
    std::os::unix::fs::symlink("/nowhere/x", &link).unwrap();
    pass(&fake, &["create", "--sheet", link.to_str().unwrap()]).failed(Exit::Usage, "exists");
}

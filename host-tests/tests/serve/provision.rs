//! A list of joiners, from the spreadsheet to everybody's pass: each once, whatever becomes of the runs, with the programs as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tapgate_host_tests::client::{Browser, Call, Protocol};
use tapgate_host_tests::clock::HANG;
use tapgate_host_tests::keys::Key;
use tapgate_host_tests::policy::Policy;
use tapgate_host_tests::secrets::Secrets;
use tapgate_host_tests::serve::{Serve, Setup};
use tapgate_host_tests::smtp::Smtp;
use tapgate_host_tests::workspace;
use tempfile::TempDir;

use crate::authenticator::Authenticator;
use crate::site::Site;

/// How many joiners there are, and with how many something is wrong.
const HIRES: usize = 1000;
const BAD: usize = 20;

/// Who provisions, by a token made on the spot. The lists are of long ago.
const ALWAYS: [&str; 8] = [
    "--policy",
    "policy.json",
    "--subject",
    "hr@example.com",
    "--role",
    "Privileged Authentication Administrator",
    "--late",
    "9000d",
];

/// A gateway with an admin API, and somebody with a list.
struct Office {
    site: Site,
    serve: Serve,
    key: Key,
    folder: TempDir,
}

impl Office {
    async fn open(alter: impl FnOnce(Policy) -> Policy) -> Self {
        let site = Site::new().await;
        let key = Key::random();
        let policy = Policy::shipped()
            .with("/keys/admin", json!([{"id": "admin-1", "env": "TAPGATE_ADMIN_KEY"}]))
            .with("/admin", json!({"hosts": ["127.0.0.1"]}));
        let policy = alter(policy);
        let setup = Setup::bare(site.application(), &policy.text()).variable("TAPGATE_ADMIN_KEY", &key.base64());
        let setup = site.keys.environment().iter().fold(setup, |setup, (name, value)| setup.variable(name, value));
        let serve = Serve::start(&setup).await.unwrap_or_else(|refused| panic!("{refused}"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("policy.json"), policy.text()).expect("a policy");
        Self { site, serve, key, folder }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(workspace::command_line());
        command
            .current_dir(self.folder.path())
            .args([
                "provision",
                "--gateway",
                &format!("http://{}", self.serve.address()),
                "--gate",
                "https://gate.example.com",
            ])
            .args(ALWAYS)
            .args(arguments)
            .env_clear()
            .env("TAPGATE_ADMIN_KEY", self.key.base64())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().expect("the command line can be run"))
    }

    /// The rows of the result file: the last that was said of each line.
    fn results(&self) -> BTreeMap<u64, Value> {
        let text = std::fs::read_to_string(self.place("done.jsonl")).unwrap_or_default();
        let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        rows.filter_map(|row| Some((row["line"].as_u64()?, row))).collect()
    }

    /// The codes on the sheets, by user.
    fn sheets(&self) -> BTreeMap<String, String> {
        let Ok(folder) = std::fs::read_dir(self.place("sheets")) else { return BTreeMap::new() };
        let page = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?.strip_suffix(".html")?.to_owned();
            let page = std::fs::read_to_string(entry.path()).ok()?;
            let (_, rest) = page.split_once("<p class=\"groups\">")?;
            Some((name, rest.split_once("</p>")?.0.replace(' ', "")))
        };
        folder.flatten().filter_map(page).collect()
    }
}

/// What a run came to.
#[derive(Debug)]
struct Run {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// A number of the summary.
    fn count(&self, name: &str) -> usize {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.trim().parse().unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// A list in which every fiftieth row has something wrong with it, each something else.
fn hires() -> String {
    let mut list = String::from("user,displayName,manager,hireDate,timeZone,lifetime,once\n");
    for number in 0..HIRES {
        let user = format!("joiner-{number}@example.com");
        let day = 1 + number % 28;
        let row = match (number % (HIRES / BAD), number / (HIRES / BAD) % 5) {
            (0, 0) => format!("{user},Somebody,boss@example.com,2020-13-{day:02},Europe/Zurich,8h,yes"),
            (0, 1) => format!("{user},Somebody,boss@example.com,2020-01-{day:02},Europe/Atlantis,8h,yes"),
            (0, 2) => format!("{user},Somebody,boss@example.com,2020-01-{day:02},Europe/Zurich,99d,yes"),
            (0, 3) => format!("excluded-{number},Somebody,boss@example.com,2020-01-{day:02},Europe/Zurich,8h,yes"),
            (0, _) => format!("two words,Somebody,boss@example.com,2020-01-{day:02},Europe/Zurich,8h,yes"),
            _ => format!("{user},\"Body, Some {number}\",boss@example.com,2020-01-{day:02},Europe/Zurich,8h,yes"),
        };
        writeln!(list, "{row}").expect("text");
    }
    list
}

/// Nobody whose name begins so is in scope.
fn excluding(policy: Policy) -> Policy {
    let excluded = (0..HIRES).map(|number| json!({"targetType": "user", "id": format!("excluded-{number}")}));
    policy.with("/temporaryAccessPass/excludeTargets", Value::Array(excluded.collect()))
}

/// Waits until so many rows have been told, then kills the run.
fn kill_half_way(office: &Office, mut run: Child) {
    let began = Instant::now();
    while office.results().len() < HIRES / 2 {
        assert!(began.elapsed() < HANG, "the run does not get on");
        assert!(run.try_wait().expect("a child").is_none(), "it was over before it could be killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    run.kill().expect("a child to kill");
    run.wait().expect("a child to reap");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_hires_become_a_pass_each_though_the_run_is_killed() {
    let office = Office::open(excluding).await;
    std::fs::write(office.place("hires.csv"), hires()).expect("a list");
    let arguments = ["--from", "hires.csv", "--result", "done.jsonl", "--sheets", "sheets", "--at-once", "16"];

    let dry = office.run(&["--from", "hires.csv", "--dry-run"]);
    assert_eq!((dry.exit, dry.count("would issue"), dry.count("refused")), (Some(1), HIRES - BAD, BAD), "{dry:?}");

    kill_half_way(&office, office.command(&arguments).spawn().expect("the command line can be run"));
    let before: BTreeMap<u64, Value> =
        office.results().into_iter().filter(|(_, row)| row["status"] == "issued").collect();
    assert!(before.len() < HIRES - BAD);

    let second = office.run(&arguments);
    assert_eq!((second.exit, second.count("refused")), (Some(1), BAD), "{second:?}");
    assert_eq!(second.count("issued ") + second.count("issued before"), HIRES - BAD, "{second:?}");
    assert!(second.count("issued before") >= before.len());
    let results = office.results();
    let passes: BTreeSet<&str> = results.values().filter_map(|row| row["pass"].as_str()).collect();
    assert_eq!(passes.len(), HIRES - BAD, "a pass each");
    for (line, row) in &before {
        assert_eq!(results[line]["pass"], row["pass"], "the same as before");
    }
    let reasons: Vec<&str> = results.values().filter_map(|row| row["reason"].as_str()).collect();
    assert_eq!(reasons.len(), BAD, "{reasons:?}");
    for says in ["hire date", "Europe/Atlantis", "LifetimeInMinutes", "does not target this user", "user name"] {
        let told = reasons.iter().filter(|reason| reason.contains(says)).count();
        assert_eq!(told, BAD / 5, "{says}: {reasons:?}");
        let lines = second.stderr.lines().filter(|line| line.contains(says)).count();
        assert_eq!(lines, BAD / 5, "and to the person: {}", second.stderr);
    }
    // Everybody has a sheet with the code of their pass, those too whose answer was lost with the first run.
    let sheets = office.sheets();
    assert_eq!(sheets.len(), HIRES - BAD);
    let codes: BTreeSet<&String> = sheets.values().collect();
    assert_eq!(codes.len(), HIRES - BAD);
    let written = std::fs::read_to_string(office.place("done.jsonl")).expect("results");
    assert!(sheets.values().all(|code| !written.contains(code.as_str())), "a code in the result file");
    for (user, code) in sheets.iter().step_by(97) {
        let mut browser = office.site.browser(&office.serve, Protocol::Http1);
        let call = Call::submit("/.tap/sign-in", &[("username", user.as_str()), ("pass", code.as_str())]);
        assert_eq!(browser.send(call).await.status, 303, "{user}");
    }

    let third = office.run(&arguments);
    assert_eq!((third.count("issued "), third.count("issued before")), (0, HIRES - BAD), "{third:?}");
    assert_eq!(office.sheets(), sheets);
    let log = office.serve.log();
    assert!(sheets.values().all(|code| !log.text().contains(code.as_str())), "a code in the gateway's log");
    office.site.stop(office.serve);
}

#[tokio::test]
async fn start_times_are_those_of_the_place_and_whoever_has_a_pass_keeps_it() {
    let office = Office::open(|policy| policy.with("/signIn/startsWithinInMinutes", 525_600)).await;
    let now = Calendar;
    let list = format!(
        "upn;Hire Date;time zone;language\n\
         later;{later};Europe/Zurich;de\n\
         summer;{summer};Europe/Zurich;en\n\
         today;{today};Europe/Zurich;fr\n\
         york;{later}T09:00;America/New_York;ja\n",
        later = now.in_days(20),
        summer = now.summer(),
        today = now.today(),
    );
    std::fs::write(office.place("hires.csv"), list).expect("a list");
    let arguments = ["--from", "hires.csv", "--result", "done.jsonl", "--sheets", "sheets", "--lifetime", "8h"];
    let run = office.run(&arguments);
    assert_eq!((run.exit, run.count("issued "), run.count("sheets")), (Some(0), 4, 4), "{run:?}");
    let results = office.results();
    let start = |line: u64| results[&line]["start"].as_str().expect("a start").to_owned();
    assert_eq!(start(2), now.midnight(20));
    assert_eq!(start(3), now.summer_midnight());
    assert!(start(4) <= now.at_most(120), "{}: at once", start(4));
    let page =
        |user: &str| std::fs::read_to_string(office.place("sheets").join(format!("{user}.html"))).expect("a sheet");
    for (user, says) in [
        ("later", "lang=\"de\""),
        ("later", "(Europe/Zurich)"),
        ("summer", "00:00 (Europe/Zurich)"),
        ("today", "dès maintenant"),
        ("york", "09:00 (America/New_York)"),
        ("york", "サインイン"),
    ] {
        assert!(page(user).contains(says), "{user}: {says}");
    }

    // Another list names one of them for another day: they have a pass that is still of use.
    std::fs::write(office.place("other.csv"), format!("user,hireDate\nlater,{}\n", now.today())).expect("a list");
    let run = office.run(&["--from", "other.csv"]);
    assert_eq!((run.exit, run.count("refused")), (Some(1), 1), "{run:?}");
    assert!(run.stderr.contains("line 2, later: ") && run.stderr.contains("can still be used"), "{run:?}");
    office.site.stop(office.serve);
}

#[tokio::test]
async fn a_gateway_that_is_gone_or_takes_no_such_token_stops_the_run() {
    let office = Office::open(|policy| policy).await;
    std::fs::write(office.place("hires.csv"), hires()).expect("a list");
    let mut wrong = office.command(&["--from", "hires.csv", "--result", "done.jsonl"]);
    let run = Run::of(wrong.env("TAPGATE_ADMIN_KEY", Key::random().base64()).output().expect("a run"));
    assert_eq!(run.exit, Some(4), "{run:?}");
    assert!(run.stderr.matches("stopping: ").count() == 1 && run.count("not tried") > HIRES - 100, "{run:?}");
    let Office { site, serve, key, folder } = office;
    let address = serve.address();
    site.stop(serve);
    let run = Command::new(workspace::command_line())
        .current_dir(folder.path())
        .args(["provision", "--from", "hires.csv", "--gateway", &format!("http://{address}"), "--at-once", "2"])
        .args(ALWAYS)
        .env_clear()
        .env("TAPGATE_ADMIN_KEY", key.base64())
        .output();
    let run = Run::of(run.expect("a run"));
    assert_eq!(run.exit, Some(5), "{run:?}");
    assert!(run.stderr.contains("no answer") && run.count("issued ") == 0, "{run:?}");
}

/// Today in Zurich, by the machine's clock and `date`: a calendar that is not the project's own.
struct Calendar;

impl Calendar {
    fn date(zone: &str, what: &str, format: &str) -> String {
        let output = Command::new("date").env("TZ", zone).args(["-d", what, format]).output().expect("coreutils' date");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    fn today(&self) -> String {
        Self::date("Europe/Zurich", "now", "+%Y-%m-%d")
    }

    fn in_days(&self, days: u32) -> String {
        Self::date("Europe/Zurich", &format!("12:00 {days} days"), "+%Y-%m-%d")
    }

    /// The midnight with which that day begins in Zurich, in UTC.
    fn midnight(&self, days: u32) -> String {
        let seconds = Self::date("Europe/Zurich", &format!("{} 00:00", self.in_days(days)), "+%s");
        Self::date("UTC", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ")
    }

    /// The next first of July or January, whichever is across a change of the clocks from now.
    fn summer(&self) -> String {
        let is_summer = Self::date("Europe/Zurich", "now", "+%z") == "+0200";
        let year: u32 = Self::date("Europe/Zurich", "now", "+%Y").parse().expect("a year");
        let month: u32 = Self::date("Europe/Zurich", "now", "+%-m").parse().expect("a month");
        match (is_summer, month) {
            (true, _) => format!("{}-01-15", year + 1),
            (false, 1..=3) => format!("{year}-07-01"),
            (false, _) => format!("{}-07-01", year + 1),
        }
    }

    fn summer_midnight(&self) -> String {
        let seconds = Self::date("Europe/Zurich", &format!("{} 00:00", self.summer()), "+%s");
        Self::date("UTC", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%SZ")
    }

    fn at_most(&self, seconds: u32) -> String {
        Self::date("UTC", &format!("{seconds} seconds"), "+%Y-%m-%dT%H:%M:%SZ")
    }
}

/// What a camera sees of the QR code on a sheet, painted from the page's own drawing.
fn read_qr(page: &str) -> String {
    let between = |before: &str, after: &str| {
        let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no `{before}`"));
        rest.split_once(after).expect("an end").0
    };
    let side: usize = between("viewBox=\"0 0 ", " ").parse().expect("a side");
    const SCALE: usize = 4;
    let mut image = vec![255_u8; (side * SCALE).pow(2)];
    for run in between("<path d=\"", "\"").split_terminator('z') {
        let (at, rest) = run.strip_prefix('M').and_then(|run| run.split_once('h')).expect("a run");
        let (x, y) = at.split_once(' ').expect("a place");
        let long = rest.split_once('v').expect("a length").0;
        let [x, y, long]: [usize; 3] = [x, y, long].map(|text| text.parse().expect("a number"));
        for row in y * SCALE..(y + 1) * SCALE {
            image[row * side * SCALE + x * SCALE..][..long * SCALE].fill(0);
        }
    }
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, |x, y| image[y * side * SCALE + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    grids[0].decode().expect("a code that reads").1
}

#[tokio::test]
async fn managers_are_mailed_the_sheets_of_their_joiners_once() {
    let smtp = Smtp::start();
    let office =
        Office::open(|policy| policy.with("/pages", json!({"name": "Contoso", "contact": "help@contoso.example"})))
            .await;
    let list = "user,displayName,manager,hireDate\n\
        alice,Alice Müller,boss@example.com,2020-01-01\n\
        bob,\"Bob\r\nBcc: all@example.com\",boss@example.com,2020-01-01\n\
        carol,,BOSS@example.com,2020-01-01\n\
        dave,Dave,chief@example.com,2020-01-01\n\
        erin,Erin,nobody in particular,2020-01-01\n\
        frank,Frank,,2020-01-01\n";
    std::fs::write(office.place("hires.csv"), list).expect("a list");
    let url = smtp.url();
    let arguments =
        ["--from", "hires.csv", "--result", "done.jsonl", "--mail", &url, "--mail-from", "HR <hr@example.com>"];
    let run = office.run(&arguments);
    assert_eq!(
        (run.exit, run.count("issued "), run.count("refused"), run.count("mails")),
        (Some(1), 3, 3, 2),
        "{run:?}"
    );
    assert!(run.stderr.contains("line 7, erin: there is no manager with a mail address"), "{run:?}");
    let mut mails = [smtp.mail(), smtp.mail()];
    mails.sort_by_key(|mail| mail["to"].to_string());
    let [boss, chief] = &mails;
    assert_eq!((&boss["to"], &boss["from"]), (&json!(["boss@example.com"]), &json!("hr@example.com")));
    assert_eq!(
        (&boss["subject"], &chief["subject"]),
        (&json!("2 people start: their sign-ins"), &json!("Dave starts: their sign-in"))
    );
    let text = boss["text"].as_str().expect("a text");
    assert!(text.contains("Alice Müller (alice)") && text.contains("Contoso") && !text.contains("dave"), "{text}");
    let attached = boss["attachments"].as_object().expect("attachments");
    assert_eq!(attached.keys().collect::<Vec<_>>(), ["alice.html", "carol.html"]);

    // What stands in the mail, and on the sheet beside it, opens what the sheet's QR code leads to.
    let page = attached["alice.html"].as_str().expect("a sheet");
    assert_eq!(read_qr(page), "https://gate.example.com/.tap/sign-in");
    let code = text.lines().find_map(|line| line.trim().strip_prefix("code ")).expect("a code").trim().to_owned();
    assert!(page.contains(&code), "the sheet has the same code");
    let mut browser = office.site.browser(&office.serve, Protocol::Http1);
    let address = read_qr(page);
    let path = address.strip_prefix("https://gate.example.com").expect("the gate");
    let call = Call::submit(path, &[("username", "alice"), ("pass", &code)]);
    assert_eq!(browser.send(call).await.status, 303);

    let again = office.run(&arguments);
    assert_eq!((again.count("issued "), again.count("mails")), (0, 0), "{again:?}");
    assert!(smtp.is_empty());
    assert!(!std::fs::read_to_string(office.place("done.jsonl")).expect("results").contains(&code.replace(' ', "")));

    // A server that is away: the pass is issued, and the next run mails it, in words of the operator's own.
    std::fs::write(office.place("more.csv"), "user,manager,hireDate\ngrace,boss@example.com,2020-01-01\n")
        .expect("a list");
    std::fs::write(
        office.place("words.txt"),
        "Subject: {{ manager }}\n\n{% for j in joiners %}{{ j.user }}: {{ j.code }}{% endfor %}\n",
    )
    .expect("words");
    let with = |url: &str| {
        office.run(&[
            "--from",
            "more.csv",
            "--result",
            "done.jsonl",
            "--mail",
            url,
            "--mail-from",
            "hr@example.com",
            "--mail-template",
            "words.txt",
        ])
    };
    let run = with("smtp://127.0.0.1:1");
    assert_eq!((run.exit, run.count("issued "), run.count("mails")), (Some(5), 1, 0), "{run:?}");
    let run = with(&url);
    assert_eq!((run.exit, run.count("issued before"), run.count("mails")), (Some(0), 1, 1), "{run:?}");
    let mail = smtp.mail();
    assert_eq!(mail["subject"], "boss@example.com");
    assert!(mail["text"].as_str().is_some_and(|text| text.starts_with("grace: ")), "{mail}");

    for (words, says) in
        [("no subject", "Subject"), ("Subject: x\n\n{{ joiner.code }}", "template"), ("Subject: {% if", "template")]
    {
        std::fs::write(office.place("words.txt"), words).expect("words");
        let run = with(&url);
        assert_eq!(run.exit, Some(3), "{run:?}");
        assert!(run.stderr.contains(says) && run.stdout.is_empty(), "before anything is issued: {run:?}");
    }
    office.site.stop(office.serve);
}

/// The commands of the example's README, as a person types them one after another.
fn commands() -> String {
    let readme = workspace::root().join("examples/provisioning/README.md");
    let text = std::fs::read_to_string(readme).expect("the example's README");
    let blocks: Vec<&str> =
        text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("an end")).collect();
    assert_eq!(blocks.len(), 5);
    blocks.concat()
}

#[tokio::test]
async fn the_example_leads_from_its_list_to_a_passkey() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["policy.yaml", "hires.csv"] {
        let shipped = workspace::root().join("examples/provisioning").join(file);
        std::fs::copy(shipped, folder.path().join(file)).expect("a copy");
    }
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    for (name, program) in [("tapgate", workspace::command_line()), ("passkey-app", workspace::passkey_app())] {
        std::os::unix::fs::symlink(program, bin.join(name)).expect("a link");
    }
    // Its ports may be somebody else's here.
    let [gate, application] = tapgate_host_tests::ports::free(2)[..] else { panic!("two ports") };
    let [gate, application] = [gate, application].map(|address| address.port().to_string());
    let commands = commands().replace("10000", &gate).replace("10001", &application);
    let wait = format!("until (echo > /dev/tcp/127.0.0.1/{gate}) 2> /dev/null; do sleep 0.05; done\n");
    let commands = commands.replace("export DESK", &format!("{wait}export DESK"));
    let script = format!("set -eu\ntrap 'kill $(jobs -p)' EXIT\n{commands}\ntouch ready\nread -r _ || true\n");
    let mut shell = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .env("MODULE", workspace::module())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash");
    let began = Instant::now();
    while !folder.path().join("ready").exists() {
        if shell.try_wait().expect("a child").is_some() || began.elapsed() > HANG {
            drop(shell.stdin.take());
            drop(shell.kill());
            panic!("{}", String::from_utf8_lossy(&shell.wait_with_output().expect("its end").stderr));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let page = std::fs::read_to_string(folder.path().join("sheets/anna@contoso.example.html")).expect("a sheet");
    assert!(page.contains("lang=\"de\"") && page.contains("(Europe/Zurich)"), "{page}");
    let code = page.split_once("<p class=\"groups\">").and_then(|(_, rest)| rest.split_once("</p>")).expect("a code").0;
    let address = format!("127.0.0.1:{gate}").parse().expect("an address");
    let mut browser = Browser::new(address, Protocol::Http1, &format!("localhost:{gate}"), &Secrets::default());
    let mut device = Authenticator::new(&browser.origin());
    let signed_in = browser.submit("/.tap/sign-in", &[("username", "anna@contoso.example"), ("pass", code)]).await;
    assert_eq!((signed_in.status, signed_in.header("location").as_deref()), (303, Some("/register")), "{signed_in:?}");
    let mut post = async |path: &str, body: Value| browser.send(Call::fetch("POST", path).json(&body)).await;
    let started = post("/webauthn/register/start", json!({})).await.json();
    let credential = device.create(&started["options"]).expect("a new passkey");
    let finished = post("/webauthn/register/finish", json!({"name": "Phone", "credential": credential})).await;
    assert_eq!(finished.status, 201, "{finished:?}");
    let started = post("/webauthn/login/start", json!({})).await.json();
    let credential = device.get(&started["options"]).expect("a passkey for this site");
    assert_eq!(post("/webauthn/login/finish", json!({ "credential": credential })).await.status, 200);

    drop(shell.stdin.take());
    shell.wait().expect("its end");
}

// The forced page: shows how long the registering session still lasts, and registers a passkey in it. The gate decides when the time is
// up; this only says so.
import { reason, register } from "/assets/ceremony.js";

const element = (id) => document.getElementById(id);
const status = `${document.querySelector("main").dataset.base}/status`;
const button = element("register");
const say = (words) => { element("message").textContent = words; };

// What is said aloud: the time ticks for eyes only.
const MARKS = [300, 120, 60, 30];
let over = false;
let done = false;
// Where the person wanted to go, as a path of this site; the gate forgets it with the session.
let wanted = null;

async function asked() {
  const answer = await fetch(status, { headers: { accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

function end() {
  if (done || over) return;
  over = true;
  button.disabled = true;
  element("left").textContent = "0:00";
  element("again").hidden = false;
  say("Your time to register a passkey is over. If your pass is still valid, sign in with it again; otherwise ask your help desk for a new one.");
}

function clock(secondsLeft) {
  const ends = performance.now() + secondsLeft * 1000;
  let marks = MARKS.filter((mark) => mark < secondsLeft);
  element("countdown").hidden = false;
  const tick = () => {
    if (done) return;
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    element("left").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left <= (marks[0] ?? -1)) {
      element("time-message").textContent = left >= 60 ? `${Math.round(left / 60)} minutes left` : `${left} seconds left`;
      marks = marks.filter((mark) => mark < left);
    }
    if (left === 0) end();
    else setTimeout(tick, 1000);
  };
  tick();
}

async function finish() {
  done = true;
  element("form").hidden = true;
  // Where the policy lets the session go on (`then: continue`) the rest of the site is open now; otherwise the gate has ended it.
  const session = await asked().catch(() => null);
  if (session?.state === "registered") {
    // On the way back through this page the gate itself leads to where the person wanted to go.
    element("continue").href = session.returnTo ? "/register" : "/passkeys";
    element("continue").textContent = "Continue";
    element("proof").hidden = true;
    say("Your passkey is registered.");
  } else {
    if (wanted) element("continue").href = `/login?next=${encodeURIComponent(wanted)}`;
    say("Your passkey is registered. Now sign in with it.");
  }
  element("done").hidden = false;
  element("continue").focus();
}

button.addEventListener("click", async () => {
  button.disabled = true;
  say("Follow your device…");
  try {
    await register(element("name").value);
    await finish();
  } catch (error) {
    const session = await asked().catch(() => ({}));
    if (session === null) end();
    else if (!over) {
      say(reason(error));
      button.disabled = false;
      button.focus();
    }
  }
});

asked().then(
  (session) => {
    if (!session) return end();
    wanted = session.returnTo ?? null;
    clock(session.secondsLeft);
  },
  () => say("How much time is left cannot be shown right now. You can register all the same."),
);

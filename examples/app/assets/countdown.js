// Shows how long the registering session still lasts. The gate says so at /.tap/status and is the one that decides: when the
// time is up, asking for any page again leads to the gate's own words about it.
"use strict";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

async function start() {
  const answer = await fetch("/.tap/status", { headers: { accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) return;
  const { deadline, secondsLeft } = await answer.json();
  const end = performance.now() + secondsLeft * 1000;
  const time = document.getElementById("deadline");
  time.dateTime = deadline;
  time.textContent = new Date(deadline).toLocaleTimeString();
  document.getElementById("countdown").hidden = false;
  const tick = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    document.getElementById("left").textContent = clock(left);
    if (left > 0) setTimeout(tick, 1000);
    else setTimeout(() => location.reload(), 1000);
  };
  tick();
}

start();

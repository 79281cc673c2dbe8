// Reads a pass out of the link's fragment, which never reaches a server, and takes it out of address and history.
// Nothing is sent before the person presses the button.
(function () {
  var form = document.querySelector("form");
  var match = /^#pass=([A-Za-z0-9_.-]{1,4096})$/.exec(location.hash);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  if (!match) return;
  var field = document.getElementById("pass");
  field.value = match[1];
  var whose = "";
  try {
    var claims = match[1].split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    whose = JSON.parse(atob(claims)).sub;
  } catch (_) { whose = ""; }
  if (typeof whose !== "string" || !/^[\x21-\x7e]{1,256}$/.test(whose)) return;
  var note = document.getElementById("whose");
  note.textContent = "This link carries a pass for " + whose + ".";
  var current = form.dataset.sessionOf;
  if (current && form.dataset.sessionNames.split(" ").indexOf(whose.toLowerCase()) < 0) {
    note.textContent += " Signing in ends the session of " + current + " in this browser.";
  }
  note.hidden = false;
  // A hidden field would still be sent, with whatever a browser filled in.
  document.getElementById("user-row").hidden = true;
  document.getElementById("user").disabled = true;
  document.querySelector("button").focus();
})();

// Groups a code while it is typed; reads a pass out of the link's fragment, which never reaches a server, and takes it out of
// address and history. Nothing is sent before the person presses the button.
(function () {
  var form = document.querySelector("form");
  var field = document.getElementById("pass");
  field.addEventListener("input", function () {
    var text = field.value;
    // A signed pass has dots, and what is no code is left alone.
    if (!/^[A-Za-z0-9 -]{1,64}$/.test(text)) return;
    var bare = function (part) { return part.replace(/[ -]/g, ""); };
    var before = bare(text.slice(0, field.selectionStart)).length;
    var grouped = bare(text).replace(/(.{4})(?=.)/g, "$1 ");
    if (grouped === text) return;
    field.value = grouped;
    var caret = before + Math.max(0, Math.ceil(before / 4) - 1);
    field.setSelectionRange(caret, caret);
  });
  var match = /^#pass=([A-Za-z0-9_.-]{1,4096})$/.exec(location.hash);
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  if (!match) return;
  field.value = match[1];
  var whose = "";
  try {
    var claims = match[1].split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    whose = JSON.parse(atob(claims)).sub;
  } catch (_) { whose = ""; }
  if (typeof whose !== "string" || !/^[\x21-\x7e]{1,256}$/.test(whose)) return;
  var note = document.getElementById("whose");
  var say = function (text, name) { return text.split("{}").join(name); };
  note.textContent = say(form.dataset.carries, whose);
  var current = form.dataset.sessionOf;
  if (current && form.dataset.sessionNames.split(" ").indexOf(whose.toLowerCase()) < 0) {
    note.textContent += " " + say(form.dataset.ends, current);
  }
  note.hidden = false;
  // A hidden field would still be sent, with whatever a browser filled in.
  document.getElementById("user-row").hidden = true;
  document.getElementById("user").disabled = true;
  document.querySelector("button").focus();
})();

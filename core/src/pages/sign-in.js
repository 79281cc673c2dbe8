// Reads a pass out of the link's fragment, which never reaches a server, and takes it out of address and history.
// Nothing is sent before the person presses the button. A code that is typed is shown in groups of four.
(function () {
  var at = document.getElementById.bind(document);
  var form = at("sign-in"), note = at("whose"), user = at("user"), pass = at("pass");
  function say(text) { note.textContent = text; }
  function link() {
    var hash = location.hash;
    if (!hash) return;
    history.replaceState(null, "", location.pathname + location.search);
    if (!/^#pass=/.test(hash)) return;
    var match = /^#pass=([A-Za-z0-9_.-]{1,4096})$/.exec(hash), whose = "";
    if (match && /^(?!eyJ)[0-9A-Za-z-]{8,60}$/.test(match[1])) {
      // A code: it takes a user's name, too. What begins as a signed pass does and goes on no further is a link that was cut.
      pass.value = match[1];
      return user.focus();
    }
    try {
      // The signature of a pass has 43 letters, and fewer where the link was cut.
      whose = JSON.parse(atob(/^[^.]+\.([^.]+)\.[^.]{43}$/.exec(match[1])[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
    } catch (_) { whose = ""; }
    if (typeof whose !== "string" || !/^[\x21-\x7e]{1,256}$/.test(whose)) return say(note.dataset.brokenLink);
    pass.value = match[1];
    var text = note.dataset.whose.split("{user}").join(whose), current = form.dataset.sessionOf;
    if (current && form.dataset.sessionNames.split(" ").indexOf(whose.toLowerCase()) < 0) {
      text += " " + note.dataset.ends.split("{user}").join(current);
    }
    say(text);
    // A hidden field would still be sent, with whatever a browser filled in.
    at("user-row").hidden = at("pass-row").hidden = user.disabled = true;
    if (at("session")) at("session").hidden = true;
    at("go").setAttribute("aria-describedby", "whose");
    at("go").focus();
  }
  pass.addEventListener("input", function (event) {
    var typed = pass.value;
    // A signed pass, or something else that is no code, stays as it is; so does what an input method is composing.
    if (event.isComposing || !/^[0-9A-Za-z\s-]{1,80}$/.test(typed)) return;
    var bare = function (text) { return text.replace(/[\s-]/g, ""); };
    var before = bare(typed.slice(0, pass.selectionStart)).length;
    var grouped = bare(typed).replace(/(.{4})(?=.)/g, "$1 ");
    if (grouped === typed) return;
    var atEnd = pass.selectionStart === typed.length;
    pass.value = grouped;
    var caret = atEnd ? grouped.length : before + Math.max(0, Math.ceil(before / 4) - 1);
    pass.setSelectionRange(caret, caret);
  });
  addEventListener("hashchange", link);
  link();
})();

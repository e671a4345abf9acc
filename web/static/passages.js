// Saves the words of a report's section, a moment after the last key. Everything also works
// without it: each section has its own button for that.
(function () {
  "use strict";
  if (!window.fetch || !window.FormData) { return; }
  document.querySelectorAll("form[data-passage]").forEach(function (form) {
    var note = form.querySelector(".autosave");
    var timer = null, dirty = false, sending = false;

    function save() {
      if (!dirty || sending) { return; }
      dirty = false;
      sending = true;
      fetch(form.action, {
        method: "POST", body: new FormData(form), credentials: "same-origin",
        headers: { "Accept": "application/json" }
      })
        .then(function (answer) { return answer.json(); })
        .then(function (answer) {
          note.textContent = answer.saved || answer.detail || "";
          if (answer.version !== undefined) { form.elements.version.value = answer.version; }
        })
        .catch(function () { dirty = true; })
        .finally(function () { sending = false; });
    }

    form.addEventListener("input", function () {
      dirty = true;
      window.clearTimeout(timer);
      timer = window.setTimeout(save, 2500);
    });
    form.addEventListener("submit", function () { window.clearTimeout(timer); dirty = false; });
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState === "hidden") { save(); }
    });
  });
}());

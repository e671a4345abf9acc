// Saves what is being typed as a draft, a moment after the last key. Everything also works
// without it: the form has its own button for that.
(function () {
  "use strict";
  var form = document.querySelector("form[data-draft]");
  if (!form || !window.fetch || !window.FormData) { return; }
  var note = form.querySelector(".autosave");
  var timer = null, dirty = false, sending = false;

  function save() {
    if (!dirty || sending) { return; }
    var body = new FormData(form);
    form.querySelectorAll("input[type=file]").forEach(function (input) { body.delete(input.name); });
    dirty = false;
    sending = true;
    fetch(form.dataset.draft, { method: "POST", body: body, credentials: "same-origin" })
      .then(function (answer) {
        if (answer.ok) { return answer.json(); }
        // Somebody else saved meanwhile: what is typed stays here, and that is said.
        if (answer.status === 409) { answer.json().then(function (told) { note.textContent = told.refused; }); }
        return Promise.reject(answer);
      })
      .then(function (answer) {
        note.textContent = answer.saved;
        if (answer.version) { form.elements.version.value = answer.version; }
      })
      .catch(function () { dirty = true; })
      .finally(function () { sending = false; });
  }

  form.addEventListener("input", function () {
    dirty = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(save, 2500);
  });
  // Files too large together would be refused with everything that was typed.
  var sizes = form.querySelector("[data-most]");
  function tooMuch() {
    var sum = 0;
    form.querySelectorAll("input[type=file]").forEach(function (input) {
      Array.prototype.forEach.call(input.files, function (file) { sum += file.size; });
    });
    return Boolean(sizes) && sum > Number(sizes.dataset.most) * 1024 * 1024;
  }
  form.addEventListener("submit", function (event) {
    if (!tooMuch()) { return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    sizes.textContent = sizes.dataset.told;
    sizes.setAttribute("role", "alert");
    sizes.scrollIntoView();
  });

  form.addEventListener("submit", function () { window.clearTimeout(timer); dirty = false; });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") { save(); }
  });
}());

// Drives the program beside the token. Everything also works without it, by one command. The PIN
// is asked for by the program, never here. Each file that will be signed is fetched and digested
// here too, so that both screens tell of the same bytes.
(function () {
  "use strict";
  var panel = document.querySelector(".agent");
  if (!panel || !window.fetch || !window.sessionStorage) { return; }
  var text = panel.dataset, note = panel.querySelector(".agent-note");
  var list = panel.querySelector(".agent-papers"), start = panel.querySelector(".agent-start");
  var stop = panel.querySelector(".agent-stop"), pairing = panel.querySelector(".agent-pairing");
  var form = panel.closest("form"), rows = {}, timer = null, working = false;
  var kept = { port: "binhxet-agent-port", token: "binhxet-agent-token" };

  panel.hidden = false;
  panel.parentNode.querySelector(".agent-command").open = false;
  var portInput = panel.querySelector(".agent-port"), codeInput = panel.querySelector(".agent-code");
  portInput.value = sessionStorage.getItem(kept.port) || portInput.value;

  function say(words, bad) {
    note.textContent = words || "";
    note.classList.toggle("bad", !!bad);
  }

  function agent(path, body) {
    var port = parseInt(portInput.value, 10) || 0;
    var asked = { method: body ? "POST" : "GET", headers: {}, cache: "no-store", credentials: "omit" };
    var token = sessionStorage.getItem(kept.token);
    if (token) { asked.headers.Authorization = "Bearer " + token; }
    if (body) {
      asked.headers["Content-Type"] = "application/json";
      asked.body = JSON.stringify(body);
    }
    return fetch("http://127.0.0.1:" + port + path, asked).then(function (answer) {
      if (answer.status === 204) { return {}; }
      return answer.json().then(function (told) {
        if (!answer.ok) { throw { status: answer.status, told: told }; }
        return told;
      });
    });
  }

  function away(error) {
    if (error && error.status === 401) { unpaired(); return; }
    say(error && error.status === 409 ? text.textBusy : text.textAway, true);
  }

  function unpaired() {
    sessionStorage.removeItem(kept.token);
    pairing.classList.remove("agent-paired");
    start.disabled = true;
  }

  function paired() {
    pairing.classList.add("agent-paired");
    start.disabled = false;
    say(text.textPaired);
    codeInput.value = "";
  }

  panel.querySelector(".agent-pair").addEventListener("click", function () {
    sessionStorage.removeItem(kept.token);
    agent("/agent").then(function (hello) {
      if (hello.user !== text.user) { say(text.textUser, true); return null; }
      return agent("/agent/pair", { code: codeInput.value }).then(function (told) {
        sessionStorage.setItem(kept.token, told.token);
        sessionStorage.setItem(kept.port, portInput.value);
        paired();
      });
    }).catch(function (error) {
      if (error && error.status === 403) { say(text.textWrong, true); } else { away(error); }
    });
  });

  codeInput.addEventListener("keydown", function (event) {
    if (event.key === "Enter") { event.preventDefault(); panel.querySelector(".agent-pair").click(); }
  });

  // What is ticked on this page counts: it is kept before the program reads the batch.
  function keep() {
    var body = new FormData(form);
    body.set("do", text.page);
    return fetch(text.act, { method: "POST", body: body, credentials: "same-origin" });
  }

  start.addEventListener("click", function () {
    start.disabled = true;
    keep().then(function () {
      return agent("/agent/work", { ceremony: text.ceremony });
    }).then(function () {
      list.textContent = "";
      rows = {};
      begun();
    }).catch(function (error) { start.disabled = false; away(error); });
  });

  function begun() {
    working = true;
    start.hidden = true;
    stop.hidden = false;
    form.querySelectorAll("input[type=checkbox]").forEach(function (box) { box.disabled = true; });
    poll();
  }

  stop.addEventListener("click", function () {
    var body = new FormData(form);
    body.set("do", "stop");
    agent("/agent/stop", {}).catch(away);
    fetch(text.act, { method: "POST", body: body, credentials: "same-origin" });
  });

  function poll() {
    window.clearTimeout(timer);
    agent("/agent/work").then(function (told) {
      var work = told.work;
      if (!work || work.ceremony !== text.ceremony) { return; }
      work.papers.forEach(show);
      if (work.state !== "ended") {
        if (!working) { begun(); return; }
        say(text["text" + work.state.charAt(0).toUpperCase() + work.state.slice(1)]);
        timer = window.setTimeout(poll, 700);
        return;
      }
      if (!working) { return; }
      working = false;
      if (work.code) {
        say(work.detail, true);
        start.hidden = false;
        start.disabled = false;
        stop.hidden = true;
        form.querySelectorAll("input[type=checkbox]").forEach(function (box) { box.disabled = false; });
      } else {
        window.location.assign(text.show);
      }
    }).catch(function (error) { if (working) { away(error); timer = window.setTimeout(poll, 2000); } });
  }

  function grouped(digest) { return (digest || "").slice(0, 24).replace(/(.{4})(?=.)/g, "$1 "); }

  function show(paper) {
    var row = rows[paper.id] || add(paper);
    if (paper.session && row.session !== paper.session) { seal(row, paper); }
    var told = row.querySelector(".agent-outcome");
    told.textContent = paper.outcome === "done" ? text.textDone + (paper.number ? " · " + paper.number : "") : (paper.detail || "");
    told.className = "agent-outcome came " + (paper.outcome === "done" ? "good" : "bad");
  }

  function add(paper) {
    var row = document.createElement("li"), name = document.createElement("strong");
    var head = document.querySelector("#paper-" + paper.id + " th .choice span, #paper-" + paper.id + " th");
    name.textContent = head ? head.textContent.trim() : String(paper.id);
    row.appendChild(name);
    ["agent-file", "agent-digest", "agent-outcome"].forEach(function (kind) {
      var part = document.createElement("span");
      part.className = kind;
      row.appendChild(part);
    });
    list.appendChild(row);
    rows[paper.id] = row;
    return row;
  }

  // The link opens the very bytes; their digest is computed here and held against the program's.
  function seal(row, paper) {
    row.session = paper.session;
    var address = "/api/v1/papers/" + paper.id + "/signing/" + encodeURIComponent(paper.session) + "/file";
    var link = document.createElement("a"), code = document.createElement("code");
    link.href = address;
    link.target = "_blank";
    link.textContent = text.textFile + (paper.number ? " · " + paper.number : "");
    code.textContent = grouped(paper.digest);
    var place = row.querySelector(".agent-file"), shown = row.querySelector(".agent-digest");
    place.textContent = "";
    place.appendChild(link);
    shown.textContent = "";
    shown.appendChild(code);
    check(address, paper, shown);
    if (paper.annex) { beside(address + "?part=annex", paper.annex, place, shown); }
  }

  // The annex that is signed in the same step, looked at and compared like its paper.
  function beside(address, annex, place, shown) {
    var link = document.createElement("a"), code = document.createElement("code");
    link.href = address;
    link.target = "_blank";
    link.textContent = text.textAnnex;
    place.appendChild(document.createTextNode(" · "));
    place.appendChild(link);
    code.textContent = grouped(annex.digest);
    shown.appendChild(document.createTextNode(" · "));
    shown.appendChild(code);
    check(address, annex, shown);
  }

  var queue = Promise.resolve();
  function check(address, paper, shown) {
    if (!window.crypto || !window.crypto.subtle) { return; }
    queue = queue.then(function () {
      return fetch(address, { credentials: "same-origin" });
    }).then(function (answer) {
      return answer.ok ? answer.arrayBuffer() : null;
    }).then(function (file) {
      if (!file) { return null; }
      var around = new Uint8Array(file.byteLength - (paper.gap[1] - paper.gap[0]));
      around.set(new Uint8Array(file, 0, paper.gap[0]));
      around.set(new Uint8Array(file, paper.gap[1]), paper.gap[0]);
      return window.crypto.subtle.digest("SHA-256", around).then(function (digest) {
        var hex = Array.from(new Uint8Array(digest), function (byte) {
          return byte.toString(16).padStart(2, "0");
        }).join("");
        var mark = document.createElement("span");
        mark.className = "came " + (hex === paper.digest ? "good" : "bad");
        mark.textContent = hex === paper.digest ? text.textSame : text.textDiffers;
        shown.appendChild(mark);
      });
    }).catch(function () { return null; });
  }

  if (sessionStorage.getItem(kept.token)) {
    agent("/agent/work").then(function () { paired(); poll(); }).catch(unpaired);
  }
}());

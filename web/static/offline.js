// Checks the statement in a printed code with the trust bundle, on this device and nowhere else.
// The forms it reads are those of engine/statement (base41, form) and workflows/trust (Bundle).
(function () {
  "use strict";
  var LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-./";
  var FORM = "1", SIGNATURE = 64, DAY = 86400000, MINUTE = 60000;
  var MARK = "binhxet statement 1\n", TRUST_MARK = "binhxet trust 1\n";
  var words = JSON.parse(document.getElementById("offline-words").textContent);
  var bundle = null;

  function Unreadable() {}

  // ---------------------------------------------------------------- bytes

  function base41(text) {
    var out = [];
    for (var start = 0; start < text.length; start += 3) {
      var group = text.slice(start, start + 3), number = 0;
      if (group.length === 1) { throw new Unreadable(); }
      for (var i = group.length - 1; i >= 0; i -= 1) {
        var digit = LETTERS.indexOf(group[i]);
        if (digit < 0) { throw new Unreadable(); }
        number = number * 41 + digit;
      }
      if (number >= Math.pow(256, group.length - 1)) { throw new Unreadable(); }
      if (group.length === 3) { out.push(number >> 8); }
      out.push(number & 255);
    }
    return new Uint8Array(out);
  }

  function hex(bytes) {
    return Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); }).join("");
  }

  function fromBase64(text) {
    return Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  }

  function joined(first, second) {
    var out = new Uint8Array(first.length + second.length);
    out.set(first);
    out.set(second, first.length);
    return out;
  }

  function utf8(text) { return new TextEncoder().encode(text); }

  function Cursor(bytes) { this.bytes = bytes; this.at = 0; }
  Cursor.prototype.take = function (count) {
    this.at += count;
    if (this.at > this.bytes.length) { throw new Unreadable(); }
    return this.bytes.slice(this.at - count, this.at);
  };
  Cursor.prototype.number = function (count) {
    return this.take(count).reduce(function (sum, byte) { return sum * 256 + byte; }, 0);
  };
  Cursor.prototype.varint = function () {
    var number = 0, scale = 1;
    for (var count = 0; count < 6; count += 1, scale *= 128) {
      var byte = this.number(1);
      number += (byte & 127) * scale;
      if (byte < 128) { return number; }
    }
    throw new Unreadable();
  };
  Cursor.prototype.text = function (count) {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.take(count));
    } catch (error) { throw new Unreadable(); }
  };

  // ---------------------------------------------------------------- the statement

  function read(text) {
    var parts = text.trim().split("#"), page = parts[0], fragment = parts[1] || "";
    var end = page.lastIndexOf("/p/"), code = page.slice(end + 3);
    if (parts.length !== 2 || end < 0 || !/^[0-9a-z]+$/.test(code)) { throw new Unreadable(); }
    try { fragment = decodeURIComponent(fragment); } catch (error) { throw new Unreadable(); }
    if (fragment.slice(-1) !== FORM) { throw new Unreadable(); }
    var raw = base41(fragment.slice(0, -1));
    if (raw.length <= SIGNATURE) { throw new Unreadable(); }
    var body = raw.slice(0, -SIGNATURE), cursor = new Cursor(body);
    return {
      site: page.slice(0, end), code: code, body: body, signature: raw.slice(-SIGNATURE),
      key: hex(cursor.take(4)), issued: cursor.number(4) * 1000, kind: cursor.number(1),
      level: cursor.number(1), streak: cursor.number(1), year: cursor.number(2),
      day: cursor.number(2) * DAY, authority: cursor.varint(), areas: cursor.varint(),
      logSize: cursor.varint(), logRoot: hex(cursor.take(8)), data: hex(cursor.take(20)),
      signed: hex(cursor.take(20)), number: cursor.text(cursor.number(1)),
      place: cursor.text(body.length - cursor.at)
    };
  }

  // ---------------------------------------------------------------- signatures

  // name+id+key: C2SP signed-note; the first byte of the key says Ed25519.
  function keyOf(line) {
    var parts = line.split("+");
    return fromBase64(parts.slice(2).join("+")).slice(1);
  }

  function holds(line, message, signature) {
    return crypto.subtle.importKey("raw", keyOf(line), { name: "Ed25519" }, false, ["verify"])
      .then(function (key) { return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message); });
  }

  function hidden(code) {
    return crypto.subtle.digest("SHA-256", utf8(code))
      .then(function (digest) { return hex(new Uint8Array(digest)).slice(0, 32); });
  }

  // The canonical text that was signed: sorted keys, no spaces.
  function canonical(value) {
    if (Array.isArray(value)) { return "[" + value.map(canonical).join(",") + "]"; }
    if (value && typeof value === "object") {
      return "{" + Object.keys(value).sort().map(function (key) {
        return JSON.stringify(key) + ":" + canonical(value[key]);
      }).join(",") + "}";
    }
    return JSON.stringify(value);
  }

  function keyNamed(told, id) {
    return told.statements.filter(function (one) { return one.id === id; })[0];
  }

  // Which of the words about a bundle is true of this one.
  function judged(told) {
    var rest = Object.assign({}, told), key;
    try {
      key = keyNamed(told, told.signature.id);
      if (told.format !== "binhxet-trust/1" || !key) { return Promise.resolve("unreadable"); }
    } catch (error) { return Promise.resolve("unreadable"); }
    delete rest.signature;
    return holds(key.key, utf8(TRUST_MARK + canonical(rest)), fromBase64(told.signature.value))
      .then(function (good) { return good ? "age" : "altered"; });
  }

  // ---------------------------------------------------------------- the judgement

  function check(text, number) {
    var said;
    try { said = read(text); } catch (error) {
      if (!(error instanceof Unreadable)) { throw error; }
      return Promise.resolve({ good: false, told: [["unreadable"]] });
    }
    var published = keyNamed(bundle, said.key);
    if (!published) { return Promise.resolve({ good: false, told: [["unknown_key", { id: said.key }]] }); }
    var message = joined(utf8(MARK + said.code + "\n"), said.body);
    return holds(published.key, message, said.signature).then(function (good) {
      if (!good) { return { good: false, told: [["altered"]] }; }
      return digest(message).then(function (told) { return force(said, published, number, told.slice(0, 32)); });
    });
  }

  function force(said, published, number, named) {
    var made = Date.parse(bundle.made_at), ended = published.until ? Date.parse(published.until) : Infinity;
    // Statements say whole seconds, and a key may be as young as its first statement.
    if (said.issued + 1000 < Date.parse(published.from) || said.issued > ended) {
      return { good: false, told: [["key_ended", { id: said.key }]] };
    }
    if (published.stolen) { return { good: false, told: [["key_stolen", { id: said.key }]] }; }
    if (number && squeezed(number) !== squeezed(said.number)) {
      return { good: false, told: [["number_differs", { printed: said.number, number: number }]], said: said };
    }
    // The office signed it and handed it out, and the issue it tells of did not come, or not yet.
    var unissued = bundle.unissued || { void: [], open: [] };
    if (unissued.void.indexOf(named) >= 0) { return { good: false, told: [["never_issued"]], said: said }; }
    if (unissued.open.indexOf(named) >= 0) { return { good: false, told: [["open", { day: shownDay(made) }]], said: said }; }
    return hidden(said.code).then(function (code) {
      var fate = bundle.ended[code], day = shownDay(made), told = [["genuine"]], good = false;
      var changes = (bundle.changes || {})[code] || [];
      if (!fate && changes.some(isOver)) { fate = { state: "revoked" }; }
      if (fate) {
        told.push(["ended", { fate: bundle.fates[fate.state] || { vi: fate.state, en: fate.state } }]);
      } else if (said.issued >= made) { // both in whole seconds
        told.push(["older", { day: day }]);
      } else {
        good = true;
        told.push(["in_force", { day: day }]);
      }
      changes.forEach(function (one) {
        told.push(["changed_" + one.act, {
          number: one.number, day: shownIso(one.issued_on), effect: shownIso(one.effect_on || one.issued_on)
        }]);
      });
      // Nobody signed the address: it takes nothing from the statement, and is warned of.
      if ((bundle.addresses || [bundle.address]).indexOf(said.site) < 0) {
        told.push(["elsewhere", { host: said.site, own: bundle.address }]);
      }
      return { good: good, told: told, said: said };
    });
  }

  // ---------------------------------------------------------------- a list in a file of its own

  function digest(bytes) {
    return crypto.subtle.digest("SHA-256", bytes).then(function (told) { return hex(new Uint8Array(told)); });
  }

  // The bytes that the leader signed: those under the signature whose digest the code names. What
  // else is in the file, or how it is built, need not be believed.
  function signedPart(file, signed) {
    var text = new TextDecoder("latin1").decode(file), place = /\/ByteRange\s*\[\s*0 (\d+) (\d+) (\d+)\s*\]/g;
    function next() {
      var found = place.exec(text);
      if (!found) { return Promise.resolve(null); }
      var end = +found[2] + +found[3];
      return digest(joined(file.slice(0, +found[1]), file.slice(+found[2], end))).then(function (told) {
        return told.slice(0, 40) === signed ? file.slice(0, end) : next();
      });
    }
    return next();
  }

  // What its data say of files that belong to it; the data lie in what the leader signed.
  function enclosedIn(part) {
    var text = new TextDecoder("latin1").decode(part);
    var place = /\/Type \/EmbeddedFile \/Length (\d+) \/Filter \/FlateDecode >>\nstream\n/g, found, read = [];
    while ((found = place.exec(text))) {
      var packed = new Blob([part.slice(place.lastIndex, place.lastIndex + +found[1])]);
      var opened = packed.stream().pipeThrough(new DecompressionStream("deflate"));
      read.push(new Response(opened).json().then(function (told) { return told.enclosed || []; }, function () { return []; }));
    }
    return Promise.all(read).then(function (all) { return [].concat.apply([], all); });
  }

  function listed(found, paper, annex) {
    if (!found.said || !(paper || annex)) { return found; }
    function add(good, code, places, first) {
      return { good: found.good && good, told: found.told.concat([[code, places]]), said: found.said, first: first };
    }
    if (!paper || !annex) { return add(false, "annex_both"); }
    return signedPart(paper, found.said.signed).then(function (part) {
      if (!part) { return add(false, "annex_paper_bad"); }
      return enclosedIn(part).then(function (told) {
        if (!told.length) { return add(false, "annex_none"); }
        return Promise.all(told.map(function (one) { return digest(annex.slice(0, one.size)); })).then(function (made) {
          var own = told.filter(function (one, at) { return one.size <= annex.length && made[at] === one.sha256; })[0];
          if (!own) { return add(false, "annex_bad"); }
          return add(true, "annex_good", { more: annex.length - own.size }, { name: own.file, bytes: annex.slice(0, own.size) });
        });
      });
    });
  }

  // A revocation that the bundle foretold, whose day has come.
  function isOver(change) {
    var day = change.effect_on || change.issued_on;
    return change.act === "revocation" && Date.parse(day + "T00:00:00+07:00") <= Date.now();
  }

  function squeezed(text) { return text.replace(/\s+/g, "").normalize("NFC").toLowerCase(); }

  // ---------------------------------------------------------------- what is shown

  function two(number) { return String(number).padStart(2, "0"); }

  // Days and hours in Vietnam, wherever the device is.
  function inVietnam(instant) { return new Date(instant + 7 * 60 * MINUTE); }

  function shownDay(instant) {
    var there = inVietnam(instant);
    return two(there.getUTCDate()) + "/" + two(there.getUTCMonth() + 1) + "/" + there.getUTCFullYear();
  }

  function shownTime(instant) {
    var there = inVietnam(instant);
    return two(there.getUTCHours()) + ":" + two(there.getUTCMinutes()) + " " + shownDay(instant);
  }

  function shownIso(day) { return day.split("-").reverse().join("/"); }

  function filled(sentence, places, language) {
    return sentence.replace(/\{(\w+)\}/g, function (whole, name) {
      var value = (places || {})[name];
      return value && value[language] !== undefined ? value[language] : String(value);
    });
  }

  function element(name, text, language) {
    var made = document.createElement(name);
    if (text) { made.textContent = text; }
    if (language) { made.lang = language; }
    return made;
  }

  function bilingual(name, told, places) {
    var made = element(name, filled(told.vi, places, "vi") + " ");
    made.append(element("small", filled(told.en, places, "en"), "en"));
    return made;
  }

  function facts(said) {
    var list = element("dl"), none = { vi: "", en: "" };
    var shown = [
      ["kind", (bundle.kinds[said.kind] || { label: none }).label], ["number", said.number],
      ["date", shownDay(said.day)], ["place", said.place],
      ["areas", said.areas > 1 ? said.areas : ""], ["year", said.year],
      ["streak", said.streak > 1 ? said.streak : ""], ["level", bundle.levels[said.level] || none],
      ["code", said.code], ["issued", shownTime(said.issued)],
      ["log", said.logSize + " · " + said.logRoot], ["data", said.data], ["signed", said.signed]
    ];
    shown.forEach(function (pair) {
      var value = pair[1] && pair[1].vi !== undefined ? pair[1].vi : String(pair[1]);
      if (!value) { return; }
      list.append(bilingual("dt", words.fact[pair[0]]), element("dd", value));
    });
    return list;
  }

  var place = document.getElementById("offline-result");

  function show(found) {
    place.replaceChildren();
    place.className = "offline-result " + (found.good ? "is-good" : "is-bad");
    found.told.forEach(function (one) {
      var line = bilingual("p", words.result[one[0]], one[1]);
      if (one[0] === "elsewhere") { line.className = "offline-warning"; }
      place.append(line);
    });
    if (found.first) { place.append(link(found.first)); }
    if (found.said) { place.append(facts(found.said)); }
    place.hidden = false;
  }

  function link(file) {
    var made = bilingual("a", words.result.annex_open);
    made.href = URL.createObjectURL(new Blob([file.bytes], { type: "application/pdf" }));
    made.download = file.name;
    made.className = "btn btn-quiet";
    return made;
  }

  function showBundle(code) {
    var line = document.getElementById("offline-bundle"), made = bundle && Date.parse(bundle.made_at);
    var places = made ? { day: shownDay(made), age: Math.max(0, Math.floor((Date.now() - made) / DAY)) } : {};
    line.replaceChildren(bilingual("p", words.bundle[code], places));
    line.dataset.state = code;
  }

  // A bundle that is not whole is told and not used.
  function take(told) {
    return judged(told).then(function (code) {
      bundle = code === "age" ? told : null;
      showBundle(code);
      return input.value ? ask() : null;
    }, function () {
      bundle = null;
      showBundle("unreadable");
      show({ good: false, told: [["no_crypto"]] });
    });
  }

  // ---------------------------------------------------------------- the page

  var input = document.getElementById("offline-code");
  var number = document.getElementById("offline-number");

  function bytesOf(name) {
    var file = document.getElementById("offline-" + name).files[0];
    return file ? file.arrayBuffer().then(function (told) { return new Uint8Array(told); }) : Promise.resolve(null);
  }

  function ask() {
    if (!bundle) { return Promise.resolve(); }
    if (!input.value.trim()) { show({ good: false, told: [["nothing"]] }); return Promise.resolve(); }
    return Promise.all([check(input.value, number.value.trim()), bytesOf("paper"), bytesOf("annex")]).then(function (all) {
      return listed(all[0], all[1], all[2]);
    }).then(show, function () {
      show({ good: false, told: [["no_crypto"]] });
    });
  }

  document.getElementById("offline-form").addEventListener("submit", function (event) {
    event.preventDefault();
    ask();
  });
  document.getElementById("offline-file").addEventListener("change", function (event) {
    var file = event.target.files[0];
    if (!file) { return; }
    file.text().then(JSON.parse).then(take).catch(function () { bundle = null; showBundle("unreadable"); });
  });

  var button = document.getElementById("offline-scan"), video = document.getElementById("offline-video");
  var camera = null, opening = Array.from(button.childNodes);
  // A browser may know the name and read no codes: then the page says how else to scan one.
  (window.BarcodeDetector && navigator.mediaDevices ? window.BarcodeDetector.getSupportedFormats() : Promise.resolve([]))
    .catch(function () { return []; })
    .then(function (formats) {
      button.hidden = formats.indexOf("qr_code") < 0;
      document.getElementById("offline-no-scan").hidden = !button.hidden;
    });
  button.addEventListener("click", function () {
    if (camera) { close(); return; }
    navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).then(look, function () {
      show({ good: false, told: [["no_camera"]] });
    });
  });

  function turn(stream) {
    if (camera) { camera.getTracks().forEach(function (track) { track.stop(); }); }
    camera = stream;
    video.srcObject = stream;
    video.hidden = !stream;
    button.replaceChildren.apply(button, stream ? bilingual("span", words.camera.close).childNodes : opening);
  }

  function close() { turn(null); }

  function look(stream) {
    var detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    turn(stream);
    video.play().catch(function () {});
    (function next() {
      function again() { window.requestAnimationFrame(next); }
      if (camera !== stream) { return; }
      detector.detect(video).then(function (codes) {
        if (camera !== stream) { return; }
        if (!codes.length) { again(); return; }
        close();
        input.value = codes[0].rawValue;
        ask().then(function () { place.scrollIntoView(); });
      }, again);
    }());
  }

  // The page of a paper hands its own address over behind the "#", which no server sees.
  if (window.location.hash.length > 1) {
    try { input.value = decodeURIComponent(window.location.hash.slice(1)); } catch (error) { input.value = ""; }
  }

  var inside = document.getElementById("offline-trust"), root = document.querySelector("[data-trust]");
  if (!window.crypto || !crypto.subtle) {
    show({ good: false, told: [["no_crypto"]] });
  } else if (inside) {
    take(JSON.parse(inside.textContent));
  } else {
    fetch(root.dataset.trust, { credentials: "omit" })
      .then(function (answer) { return answer.ok ? answer.json() : Promise.reject(answer); })
      .then(take).catch(function () { showBundle("missing"); });
  }
}());

// A telephone's camera opens a paper's page with the signed statement behind the "#". It goes on,
// with the rest of the address, to the page that checks it; no server sees it on the way.
(function () {
  "use strict";
  var link = document.querySelector("a[data-handover]");
  if (link && window.location.hash.length > 64) {
    link.href += "#" + encodeURIComponent(window.location.href);
  }
}());

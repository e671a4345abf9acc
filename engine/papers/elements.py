"""How the few elements that papers are made of look before any style sheet of ours.

The typesetter's own sheet serves every page of the web: forms, right-to-left tables, fifty ways
to count. Each element of a paper is held against all of it, which takes a seventh of the time
of a page. This one says of the elements below what that one says, and a test holds them
together: every sample gives the same bytes with either. A page with any other element gets the
typesetter's.
"""

from __future__ import annotations

_NAMES = """
a b body br col colgroup div em h1 h2 h3 head html i img li link meta ol p
section span strong style sub sup table tbody td tfoot th thead title tr ul
"""
ELEMENTS = frozenset(_NAMES.split())

STYLE = """
head, link, meta, style, title { display: none }
body, div, h1, h2, h3, html, li, ol, p, section, ul { display: block }
li { display: list-item }
table { display: table; border-spacing: 2px; box-sizing: border-box; text-indent: initial }
colgroup { display: table-column-group }
col { display: table-column }
thead { display: table-header-group }
tbody { display: table-row-group }
tfoot { display: table-footer-group }
tr { display: table-row }
td, th { display: table-cell; padding: 1px }
thead, tbody, tfoot { vertical-align: middle; border-color: inherit }
tr { vertical-align: inherit; border-color: inherit }
td, th { vertical-align: inherit; border-color: gray }
table { border-color: gray }
body { margin: 8px }
ol, p, ul { margin-top: 1em; margin-bottom: 1em }
ol, ul { padding-left: 40px; counter-reset: list-item; break-before: avoid }
:is(ol, ul) :is(ol, ul) { margin-top: 0; margin-bottom: 0 }
ol { list-style-type: decimal }
ul { list-style-type: disc }
:is(ol, ul) ul { list-style-type: circle }
:is(ol, ul) :is(ol, ul) ul { list-style-type: square }
h1 { font-size: 2em; margin-top: 0.67em; margin-bottom: 0.67em; bookmark-level: 1 }
h2 { font-size: 1.5em; margin-top: 0.83em; margin-bottom: 0.83em; bookmark-level: 2 }
h3 { font-size: 1.17em; margin-top: 1em; margin-bottom: 1em; bookmark-level: 3 }
h1, h2, h3 {
  font-weight: bold; bookmark-label: content(text);
  hyphens: manual; break-after: avoid; break-inside: avoid;
}
b, strong, th { font-weight: bold }
em, i { font-style: italic }
sub, sup { font-size: smaller; line-height: normal }
sub { vertical-align: sub }
sup { vertical-align: super }
img { overflow: hidden }
br::before { content: "\\A"; white-space: pre-line }
li::marker { font-variant-numeric: tabular-nums; white-space: pre; text-transform: none }
@page {
  margin: 75px;
  @top-left { text-align: left; vertical-align: middle }
  @top-center { text-align: center; vertical-align: middle }
  @top-right { text-align: right; vertical-align: middle }
  @bottom-left { text-align: left; vertical-align: middle }
  @bottom-center { text-align: center; vertical-align: middle }
  @bottom-right { text-align: right; vertical-align: middle }
}
"""

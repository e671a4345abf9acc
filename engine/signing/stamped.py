"""The time stamps of a file whose every byte is known, judged without reading it as PDF.

How they are built and what came after them was judged when the file was kept (``levels``, which
is the measure of this module in the tests). Worked out anew is what time could change: whether
each token is its authority's over these bytes, whether that authority is believed at the time
that the next one proves, and what the evidence in the file tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cryptography.x509 import Certificate

from engine.signing import evidence as store
from engine.signing import levels, stamps, tokens
from engine.signing.coverage import covered_by
from engine.signing.levels import Authority, Chain, Stamp

Place = tuple[tuple[int, int], int]
"""Where a token lies in the file, and where the bytes end that it covers."""


def chain(pdf: bytes, places: Sequence[Place], roots: Sequence[Certificate]) -> Chain | None:
    """What the stamps at these places, oldest first, prove together by the clock of today, where
    every one of them holds; none when one does not, or not as plainly as ours do. Raises
    anything for a file that makes no sense."""

    def stamp_of(named: tuple[str, Place], moment: datetime, authority: Authority) -> Stamp:
        return _stamp(pdf, *named, moment, authority)

    evidence = store.held(pdf)
    named = [(f"{stamps.PREFIX}{number}", place) for number, place in enumerate(places, 1)]
    judged = levels.backwards(named, stamp_of, roots, evidence, None)
    if not all(stamp.valid for _, stamp in judged):
        return None
    end = places[-1][1]
    kept = evidence if end == len(pdf) else store.held(pdf[:end])
    found = levels.weighed({name: stamp for (name, _), stamp in judged}, roots, evidence, kept)
    return replace(found, closed=pdf.count(b"startxref", end) == 1)


def _stamp(pdf: bytes, field: str, place: Place, moment: datetime, authority: Authority) -> Stamp:
    (first, second), end = place
    content = bytes.fromhex(pdf[first + 1 : second - 1].decode("ascii"))
    covered = covered_by(pdf, field, (0, first, second, end - second), content)
    token = tokens.parse(content)
    intact = covered.exact and tokens.holds(content, token, bytes.fromhex(covered.digest))
    if not intact:
        return Stamp(covered, token, intact, ("altered",))
    problems = ["stamp_time_odd"] if levels.is_odd(token, moment) else []
    return Stamp(covered, token, intact, (*problems, *authority(token.credential)))

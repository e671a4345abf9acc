"""Papers laid out once and filled many times: one layout serves all that differ in some texts.

The template stays the only description of the design. It marks the texts that differ from one
paper to the next with ``data-fill``; the rest of its page, and how many lines each of these
texts takes, is the paper's shape. A shape is laid out once, with stand-ins for the texts, and
taken apart into what all its papers share, already written, and what each has of its own: the
lines, title and author, the identifier. Filling sets some lines and writes a few kilobytes.

Whether a paper is filled or laid out depends on nothing but its values, so that its bytes are
the same in any process and in any batch: what cannot be set here as the typesetter would set
it, or needs a letter that the font at hand lacks, is laid out for real, every time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import Any

from engine.papers import marks, measuring, setting
from engine.papers.archive import Attachment
from engine.papers.breaking import DoesNotFit
from engine.papers.marks import AUTHOR, TITLE, Counts, Page
from engine.papers.parts import Found, Parts
from engine.papers.setting import Measure, Shown

_MOST_SHAPES = 48  # each some two hundred kilobytes
_MOST_PLACES = 2000

LayOut = Callable[[str], tuple[bytes, Sequence[Any]]]
"""Lays out the source of a page: the paper, and the boxes of its pages."""


@dataclass(frozen=True, slots=True)
class Filler:
    """One shape, ready to be filled; ``measures`` are those of its blocks."""

    parts: Parts
    measures: tuple[Measure, ...]

    @classmethod
    def of(cls, page: Page, counts: Counts, lay_out: LayOut) -> Filler:
        """The shape of a page, so many lines in each block; raises ``DoesNotFit`` for one
        that is laid out otherwise than its stand-ins."""
        laid_out, boxes = lay_out(page.shape(counts))
        measures = measuring.measures(boxes, len(page.blocks))
        runs = list(islice(marks.iter_codes(), marks.runs_of(page, counts)))
        try:
            fields = [block.field for block in page.blocks if block.field]
            return cls(Parts.of(laid_out, runs, (TITLE, AUTHOR), fields), tuple(measures))
        except ValueError:
            raise DoesNotFit(page.title) from None

    def fill(self, page: Page, identity: bytes, inside: Sequence[Attachment]) -> bytes:
        """The paper, with the files it carries; raises ``DoesNotFit``."""
        shown: list[Shown] = []
        ends: list[float] = []
        for block, measure in zip(page.blocks, self.measures, strict=True):
            shown += setting.shown(block, measure)
            if block.field:
                ends.append(shown[-1].end)
        runs = [_painted(run, found) for run, found in zip(shown, self.parts.found, strict=True)]
        return self.parts.joined(runs, ends, (page.title, page.author), identity, inside)


def _painted(run: Shown, found: Found) -> bytes:
    if run.style != found.style:
        raise DoesNotFit(run)
    return b"1 0 0 -1 %s %s Tm\n%s %s Tf\n%s TJ\n" % (
        run.x,
        found.y,
        found.font,
        found.size,
        run.glyphs,
    )


class _Unknown:
    """What stands for a shape that was never met."""


_UNKNOWN = _Unknown()


@dataclass(slots=True)
class Shapes:
    """The shapes that were met, a bounded number; None stands for one that cannot be filled.

    How many lines a text takes is known before its shape is: from the measure that its block
    had in another shape. The first shape of a template therefore has a line for each text.
    """

    _fillers: dict[tuple[object, ...], Filler | None] = field(default_factory=dict)
    _places: dict[str, Measure] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def filler(self, page: Page, kind: tuple[object, ...], lay_out: LayOut) -> Filler:
        """The shape of a page, laid out when it is first asked for. ``kind`` is what else
        two papers of one shape have in common. Raises ``DoesNotFit``."""
        places = [f"{kind[0]}{block.where}" for block in page.blocks]
        known = [self._places.get(place) for place in places]
        measures = [measure for measure in known if measure is not None]
        if len(measures) < len(places):
            measures = list(self._made(page, page.ones, kind, lay_out).measures)
            self._keep(dict(zip(places, measures, strict=True)), self._places, _MOST_PLACES)
        pairs = list(zip(page.blocks, measures, strict=True))
        counts = tuple(setting.counts(block, measure) for block, measure in pairs)
        found = self._made(page, counts, kind, lay_out)
        if list(found.measures) != measures:
            raise DoesNotFit(page.title)
        return found

    def _made(
        self, page: Page, counts: Counts, kind: tuple[object, ...], lay_out: LayOut
    ) -> Filler:
        key = (page.pieces, counts, page.looks, *kind)
        found = self._fillers.get(key, _UNKNOWN)
        if isinstance(found, _Unknown):
            found = self._tried(page, counts, lay_out)
        self._keep({key: found}, self._fillers, _MOST_SHAPES)
        if found is None:
            raise DoesNotFit(page.title)
        return found

    def _keep(self, new: dict[Any, Any], kept: dict[Any, Any], most: int) -> None:
        """Keeps these as the newest, and no more than so many."""
        with self._lock:
            for key in new:
                kept.pop(key, None)
            kept.update(new)
            while len(kept) > max(most, len(new)):
                del kept[next(iter(kept))]

    @staticmethod
    def _tried(page: Page, counts: Counts, lay_out: LayOut) -> Filler | None:
        try:
            return Filler.of(page, counts, lay_out)
        except DoesNotFit:
            return None

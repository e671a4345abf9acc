"""The way of a file through its workflow: in short, for a narrow screen, and drawn whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flask import render_template, request

from engine import diagram
from engine.definition import Definition, State, Transition
from web import numbers
from web.extensions import language
from web.text import words
from workflows.queries import cases

SHOWN = 2
"""How many of the stops behind a file are seen at a glance."""

TONES = ("forward", "back", "stop")
ZOOMS = (50, 75, 100, 150, 200)
"""How large the whole diagram may be shown, in hundredths of its own size; a browser without
script has no other way to make it smaller than the screen makes it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A state that the file came through, and when it came there last."""

    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Way:
    """The stops that led to where the file is, the last of them apart from the earlier ones,
    and the steps that lead on from there, those forward first. Whoever was sent back went that
    part in vain: it is left out."""

    earlier: Sequence[Stop]
    past: Sequence[Stop]
    now: State
    ahead: Sequence[Transition]
    states: Mapping[str, State]


def way(definition: Definition, state: str, lines: Sequence[cases.Line]) -> Way:
    """The way of a file with this history, whose state is ``state``."""
    past: list[Stop] = []
    for line in lines:
        been = [stop.state.id for stop in past]
        if line.to_state in been:
            del past[been.index(line.to_state) :]
        if line.to_state in definition.by_state:
            past.append(Stop(definition.by_state[line.to_state], line.at))
    if past and past[-1].state.id == state:
        past.pop()
    ahead = sorted(definition.leaving(state), key=lambda step: TONES.index(step.tone))
    return Way(past[:-SHOWN], past[-SHOWN:], definition.by_state[state], ahead, definition.by_state)


def picture(
    definition: Definition, state: str, lines: Sequence[cases.Line], zoom: int = 100
) -> str:
    """The workflow drawn with where the file was and is, at so many hundredths of its size."""
    visited = frozenset(line.to_state for line in lines)
    return _drawn(definition, language(), state, visited, zoom)


@lru_cache(maxsize=64)
def _drawn(
    definition: Definition, language: str, state: str, visited: frozenset[str], zoom: int
) -> str:
    # Most files come to a state by the same way, and drawing takes longer than all the rest.
    return diagram.svg(definition, language, current=state, visited=visited, scale=zoom / 100)


def page(
    definition: Definition,
    state: str,
    lines: Sequence[cases.Line],
    *,
    title: str,
    back: str,
    named: str = "",
) -> str:
    """The page of the whole diagram of the file called ``title``, which ``back`` leads to;
    ``named`` is where it is, in words, if they are not those of the definition."""
    wanted = request.args.get("zoom", type=numbers.whole)
    zoom = wanted if wanted in ZOOMS else None
    return render_template(
        "diagram.html",
        name=title,
        back=back,
        definition=definition,
        named=named or words(definition.by_state[state].label),
        zoom=zoom,
        zooms=ZOOMS,
        picture=picture(definition, state, lines, zoom or 100),
    )

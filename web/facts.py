"""What a history tells, in words: the inputs of each move, the vote, the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.definition import Definition, FieldDef, Transition
from engine.history import Fact
from web import text
from web.catalogue import gettext
from workflows.queries.cases import Line, Listed


@dataclass(frozen=True, slots=True)
class Told:
    """One input as people read it: label, text, files; ``rows`` for a table."""

    label: str
    text: str = ""
    files: tuple[Mapping[str, str], ...] = ()
    rows: tuple[tuple[str, tuple[Told, ...]], ...] = ()


def told(
    definition: Definition, lines: Sequence[Line], rows: Mapping[str, str] | None = None
) -> dict[int, list[Told]]:
    """The readable inputs of each event, by its version; empty ones are left out. ``rows``
    names the rows of tables, by their ids."""
    return {line.version: list(_of(definition, line, rows or {})) for line in lines}


def _of(
    definition: Definition, line: Line, rows: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Told]:
    transition = definition.by_transition.get(line.action)
    if transition is None:
        return
    for field in definition.fields_of(transition):
        value = line.data.get(field.id)
        if field.type == "table" and isinstance(value, Mapping):
            cells = tuple(_rows(definition, field, value, rows))
            yield Told(text.words(field.label), rows=cells)
        elif value not in (None, "", []):
            yield _single(field, value)


def _rows(
    definition: Definition, field: FieldDef, value: Mapping[str, Any], rows: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Told, ...]]]:
    for row, cells in value.items():
        yield rows.get(row, row.replace("_", ".")), _cells(definition, field, cells)


def _cells(definition: Definition, field: FieldDef, cells: Mapping[str, Any]) -> tuple[Told, ...]:
    return tuple(
        _single(definition.by_field[name], cells[name])
        for name in field.columns
        if cells.get(name) not in (None, "", [])
    )


def _single(field: FieldDef, value: Any) -> Told:
    label = text.words(field.label)
    match field.type:
        case "yes_no":
            return Told(label, gettext("Có") if value else gettext("Không"))
        case "date":
            return Told(label, text.day(value))
        case "moment":
            return Told(label, text.moment(value))
        case "choice":
            chosen = next((c for c in field.choices if c.id == value), None)
            return Told(label, text.words(chosen.label) if chosen else str(value))
        case "names":
            return Told(label, "\n".join(str(item) for item in value))
        case "files":
            return Told(label, files=tuple(value))
        case _:
            return Told(label, str(value))


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier move said of the same rows: whose word it was, and the cells by row."""

    title: str
    rows: Mapping[str, tuple[Told, ...]]


def before(
    definition: Definition, facts: Mapping[str, Fact], transition: Transition
) -> dict[str, Before]:
    """For each table of a move, what was said of its rows before: the appraiser sees the
    self-assessment next to the verdict. By the id of the table."""
    found: dict[str, Before] = {}
    for field in definition.fields_of(transition):
        if field.type != "table":
            continue
        for fact in sorted(facts.values(), key=lambda f: f.version, reverse=True):
            earlier = definition.by_transition.get(fact.action)
            if earlier is None or earlier.id == transition.id:
                continue
            for other in definition.fields_of(earlier):
                value = fact.data.get(other.id)
                if other.rows == field.rows and other.rows and isinstance(value, Mapping):
                    rows = {row: _cells(definition, other, told) for row, told in value.items()}
                    found.setdefault(field.id, Before(text.words(other.label), rows))
    return found


@dataclass(frozen=True, slots=True)
class Return:
    """A file that was handed back: by which move, by whom and when, and what was told."""

    label: str
    line: Line
    told: tuple[Told, ...]


def returned(definition: Definition, lines: Sequence[Line]) -> Return | None:
    """The latest return, until the file is again where it was returned from."""
    for line in reversed(lines):
        if definition.sends_back(line.action):
            since = [later.to_state for later in lines if later.version > line.version]
            if line.from_state in since or definition.by_state[lines[-1].to_state].final:
                return None
            label = text.words(definition.transition(line.action).label)
            return Return(label, line, tuple(_of(definition, line)))
    return None


def files(data: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Every file that the inputs of a move name."""
    for value in data.values():
        if isinstance(value, Mapping):
            yield from files(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping) and "sha256" in item:
                    yield item


def voided(definition: Definition, lines: Sequence[Line], papers: Sequence[Listed]) -> set[int]:
    """The papers that came of a move whose facts count no more: a notice of a meeting that was
    called again looks as good as the new one."""
    return {paper.id for paper in papers if _voided(definition, lines, paper)}


def _voided(definition: Definition, lines: Sequence[Line], paper: Listed) -> bool:
    """Whether the newest move that makes such a paper, up to its draft, was voided since."""
    made = [
        line
        for line in lines
        if line.at <= paper.drafted_at and _makes(definition, line.action) == paper.kind
    ]
    voiders = definition.voiders(made[-1].action) if made else ()
    return any(line.action in voiders and line.version > made[-1].version for line in lines)


def _makes(definition: Definition, action: str) -> str | None:
    move = definition.by_transition.get(action)
    return move.paper if move else None

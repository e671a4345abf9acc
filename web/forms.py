"""Forms built from a definition's fields: one control for each input, nothing decided here.

The names of the controls are the places that refusals name (``findings.4_1.fact``), so each
refusal finds its way back. What is read is what was typed; ``engine.fields`` judges it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import Field, StringField, TextAreaField

from engine.binding import Row
from engine.definition import FieldDef
from web.catalogue import gettext
from web.text import words

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
TEXT_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """One control with the input it stands for."""

    definition: FieldDef
    control: Field

    @property
    def place(self) -> str:
        return str(self.control.name)

    @property
    def options(self) -> list[tuple[str, str]]:
        """What may be chosen: the value and its words."""
        if self.definition.type == "yes_no":
            return [("yes", gettext("Có")), ("no", gettext("Không"))]
        return [(choice.id, words(choice.label)) for choice in self.definition.choices]


@dataclass(frozen=True, slots=True)
class Entry:
    """One input of the form: a single cell, or a table's rows of cells."""

    definition: FieldDef
    cells: tuple[Cell, ...] = ()
    rows: tuple[tuple[Row, tuple[Cell, ...]], ...] = ()

    def every(self) -> Iterator[Cell]:
        yield from self.cells
        for _row, cells in self.rows:
            yield from cells


@dataclass(slots=True)
class MoveForm:
    """The form of one move: its entries in order, and what is wrong with it.

    ``kept`` holds, by place, the files uploaded before; ``copied`` the places filled in
    from an earlier year; ``general`` the sentences that belong to no single input,
    ``blamed`` those that do, by place; each with its clause.
    """

    form: FlaskForm
    entries: tuple[Entry, ...]
    kept: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    copied: frozenset[str] = frozenset()
    general: list[tuple[str, str]] = field(default_factory=list)
    blamed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def every(self) -> Iterator[Cell]:
        for entry in self.entries:
            yield from entry.every()

    @property
    def takes_files(self) -> bool:
        return any(cell.definition.type == "files" for cell in self.every())

    def problems(self) -> list[tuple[str, str, str, str]]:
        """What is wrong with the inputs, in their order: place, label, sentence, clause."""
        found = []
        for entry in self.entries:
            for cell in entry.every():
                for sentence, clause in self.blamed.get(cell.place, ()):
                    found.append((cell.place, self._label(entry, cell), sentence, clause))
        return found

    def _label(self, entry: Entry, cell: Cell) -> str:
        for row, cells in entry.rows:
            if cell in cells:
                return f"{_short(row.label)} · {words(cell.definition.label)}"
        return words(cell.definition.label)

    def blame(self, place: str | None, sentence: str, clause: str | None) -> None:
        """Puts a sentence next to the control it is about, or on top of the form."""
        cell = self._nearest(place or "")
        if cell is None:
            self.general.append((sentence, clause or ""))
        else:
            self.blamed.setdefault(cell.place, []).append((sentence, clause or ""))

    def _nearest(self, place: str) -> Cell | None:
        for cell in self.every():
            if cell.place == place:
                return cell
        return next((c for c in self.every() if place and c.place.startswith(f"{place}.")), None)


def _short(label: str) -> str:
    """The number a row begins with, or its first words."""
    first, _, rest = label.partition(" ")
    return first.rstrip(".") if rest and first[:1].isdigit() else label[:40]


class TypedField(StringField):
    """A text control that a browser may show as a calendar or a clock.

    What is not written that way is shown as plain text, so that nothing typed is lost.
    """

    def __init__(self, kind: str, pattern: re.Pattern[str], **options: Any) -> None:
        super().__init__(**options)
        self.kind, self.pattern = kind, pattern

    @property
    def shown_as(self) -> str:
        plain = bool(self.data) and not self.pattern.match(str(self.data))
        return "text" if plain else self.kind


def _control(definition: FieldDef) -> Any:
    """The unbound WTForms field of one input."""
    options: dict[str, Any] = {"label": ""}
    match definition.type:
        case "paragraph" | "names":
            return TextAreaField(**options)
        case "date":
            return TypedField("date", ISO_DAY, **options)
        case "moment":
            return TypedField("datetime-local", ISO_MOMENT, **options)
        case "files":
            return MultipleFileField(**options)
        case _:
            return StringField(**options)


def build(
    definitions: Sequence[FieldDef],
    columns: Mapping[str, FieldDef],
    rows: Mapping[str, Sequence[Row]],
    data: Mapping[str, Any],
) -> MoveForm:
    """The form of these inputs, filled from the request, or else from ``data``.

    ``rows`` gives the rows of each table input by its id.
    """
    plan = list(_plan(definitions, columns, rows))
    controls = {place: _control(definition) for place, definition, _ in plan}
    form = type("Form", (FlaskForm,), controls)(data=flat(data))
    cells = {place: Cell(definition, form[place]) for place, definition, _ in plan}
    entries = []
    for definition in definitions:
        if definition.type == "table":
            table = tuple(
                (row, tuple(cells[_at(definition, row, name)] for name in definition.columns))
                for row in rows[definition.id]
            )
            entries.append(Entry(definition, rows=table))
        else:
            entries.append(Entry(definition, (cells[definition.id],)))
    return MoveForm(form, tuple(entries))


def _at(definition: FieldDef, row: Row, column: str) -> str:
    return f"{definition.id}.{row.id}.{column}"


def _plan(
    definitions: Iterable[FieldDef],
    columns: Mapping[str, FieldDef],
    rows: Mapping[str, Sequence[Row]],
) -> Iterator[tuple[str, FieldDef, FieldDef]]:
    for definition in definitions:
        if definition.type != "table":
            yield definition.id, definition, definition
            continue
        for row in rows[definition.id]:
            for name in definition.columns:
                yield _at(definition, row, name), columns[name], definition


def typed(form: MoveForm, files: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, Any]:
    """What was typed, in the shape ``engine.fields.clean`` reads; files by place."""
    values: dict[str, Any] = {}
    for entry in form.entries:
        if entry.definition.type != "table":
            values[entry.definition.id] = _typed(entry.cells[0], files)
            continue
        values[entry.definition.id] = {
            row.id: {cell.definition.id: _typed(cell, files) for cell in cells}
            for row, cells in entry.rows
        }
    return values


def _typed(cell: Cell, files: Mapping[str, Sequence[Mapping[str, str]]]) -> Any:
    if cell.definition.type == "files":
        return [dict(kept) for kept in files.get(cell.place, ())]
    return cell.control.data


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a form shows them, by place: the inverse of ``typed`` but for files."""
    shown: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            for row, cells in value.items():
                if isinstance(cells, Mapping):
                    shown |= {f"{name}.{row}.{c}": _shown(v) for c, v in cells.items()}
        else:
            shown[name] = _shown(value)
    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(item for item in value if isinstance(item, str))
    if isinstance(value, str) and ISO_MOMENT.match(value):
        return value[:16]
    return value


def files_in(data: Mapping[str, Any]) -> dict[str, list[Mapping[str, str]]]:
    """The files named in values, by place."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            for row, cells in value.items():
                if isinstance(cells, Mapping):
                    inner = files_in(cells)
                    found |= {f"{name}.{row}.{c}": kept for c, kept in inner.items()}
        elif isinstance(value, list):
            kept = [item for item in value if isinstance(item, Mapping) and "sha256" in item]
            if kept:
                found[name] = kept
    return found

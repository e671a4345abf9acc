"""A workflow as data: states, transitions, fields and papers, read from TOML.

A definition is a frozen value, pinned by its id and the SHA-256 of its file. Once released
it never changes; a correction is a new file.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from engine.errors import DefinitionError, NotFound, Refusal
from engine.including import digest_of, resolve
from engine.values import Frozen as Frozen

START = ""
"""The state of a subject that does not exist yet; opening transitions leave it."""

SYSTEM = "system"
"""The role of the product itself: a deadline passed, a paper was issued."""

Confidence = Literal["text", "secondary", "assumed"]

Act = Literal["correction", "replacement", "revocation"]
"""What one paper may do to an earlier one of its authority (NĐ 30/2020, art. 18)."""

Id = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that shows something: blanks alone would be a button without a word."""


class Words(Frozen):
    """One text in the two languages of the screens."""

    vi: Text
    en: Text

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class Span(Frozen):
    """A period of law dates, both ends included; open when ``until`` is missing."""

    since: date = Field(alias="from")
    until: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _begins_first(self) -> Span:
        if self.until is not None and self.until < self.since:
            raise ValueError("it ends before it begins")
        return self

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Meta(Frozen):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    subject: Literal["nomination", "paper"]
    title: Words
    effective: Span
    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    procedure: str = ""
    """Which of the ways that lead to an outcome lawfully this workflow keeps to; the binding
    names them, and says which one holds for a definition that names none."""


class Due(Frozen):
    """A deadline counted from the day the state was entered. With ``by``, a day that the
    domain names, it is the end of that day, but never sooner than the term.

    ``then`` names the transition which the system makes once it has passed; without it the
    deadline only shows.
    """

    working_days: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)
    by: str | None = None
    then: str | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Due:
        if (self.working_days is None) == (self.days is None):
            raise ValueError("give either working_days or days")
        return self


class State(Frozen):
    """A place where a subject waits. ``outcome`` tells what reaching it means.

    In a ``final`` state nobody has anything left to do; what becomes of a paper may still
    lead out of it. A ``closed`` one is beyond that too: no paper tells it anything more.
    """

    id: str = Id
    label: Words
    phase: str | None = None
    waiting_on: tuple[str, ...] = ()
    due: Due | None = None
    final: bool = False
    closed: bool = False
    outcome: Literal["recognised", "refused", "withdrawn", "expired", "void", "revoked"] | None = (
        None
    )

    @model_validator(mode="after")
    def _nobody_waits_at_the_end(self) -> State:
        if self.final and (self.waiting_on or self.due):
            raise ValueError("a final state waits on nobody and has no deadline")
        if self.closed and not self.final:
            raise ValueError("only a final state is closed")
        return self


class Choice(Frozen):
    id: str = Id
    label: Words


FieldType = Literal[
    "text",
    "paragraph",
    "integer",
    "date",
    "moment",
    "yes_no",
    "choice",
    "names",
    "files",
    "table",
]


class FieldDef(Frozen):
    """One input of a form. ``needed`` says when one that is not ``required`` must be given
    all the same, as a guard will ask. A ``table`` repeats its ``columns`` for each of its ``rows``,
    which a named source provides (the criteria of the year, say)."""

    id: str = Id
    type: FieldType
    label: Words
    help: Words | None = None
    required: bool = True
    needed: Words | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Choice, ...] = ()
    rows: str | None = None
    columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_its_type(self) -> FieldDef:
        if self.required and self.needed:
            raise ValueError("an input that is always required is needed always")
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices belong to a field of type choice, and only there")
        if (self.type == "table") != bool(self.rows and self.columns):
            raise ValueError("rows and columns belong to a field of type table, and only there")
        return self


class Transition(Frozen):
    """One move.

    ``by`` says who may make it as ``role@scope``, the only place where that is said.
    ``duty`` is the part it plays in the separation of duties: one person holds at most one
    duty over a subject and all that is linked to it. ``steps`` are the safeguards it
    fulfils, ``voids`` the earlier transitions whose facts no longer count after it. ``on``
    names the paper event (``kind:state``) that makes the system move. ``act`` is what a later
    paper does to this one: the system moves when that later paper is issued.
    """

    id: str = Id
    label: Words
    sources: tuple[str, ...] = Field(alias="from")
    target: str = Field(alias="to")
    by: tuple[str, ...] = Field(min_length=1)
    duty: str | None = None
    steps: tuple[str, ...] = ()
    voids: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    paper: str | None = None
    on: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$")
    act: Act | None = None
    tone: Literal["forward", "back", "stop"] = "forward"
    help: Words | None = None
    clause: str | None = None

    @property
    def opens(self) -> bool:
        """Whether this transition brings a subject into being."""
        return not self.sources

    @property
    def automatic(self) -> bool:
        return all(role_of(rule) == SYSTEM for rule in self.by)


def role_of(rule: str) -> str:
    """``clerk`` of ``clerk@commune``."""
    return rule.partition("@")[0]


def scope_of(rule: str) -> str:
    """``commune`` of ``clerk@commune``."""
    return rule.partition("@")[2]


class Definition(Frozen):
    """A whole workflow. ``source`` is the file's name, ``digest`` the SHA-256 of its bytes."""

    meta: Meta
    states: tuple[State, ...] = Field(min_length=1)
    transitions: tuple[Transition, ...] = Field(min_length=1)
    fields: tuple[FieldDef, ...] = ()
    source: str = ""
    digest: str = ""

    def __hash__(self) -> int:
        # Definitions are keys of caches, and a whole one takes long to hash.
        return hash(self.digest)

    @property
    def id(self) -> str:
        return self.meta.id

    @cached_property
    def by_state(self) -> Mapping[str, State]:
        return {state.id: state for state in self.states}

    @cached_property
    def by_transition(self) -> Mapping[str, Transition]:
        return {transition.id: transition for transition in self.transitions}

    @cached_property
    def by_field(self) -> Mapping[str, FieldDef]:
        return {field.id: field for field in self.fields}

    @cached_property
    def _leaving(self) -> Mapping[str, tuple[Transition, ...]]:
        found: dict[str, list[Transition]] = {START: []}
        for transition in self.transitions:
            for source in dict.fromkeys(transition.sources or (START,)):
                found.setdefault(source, []).append(transition)
        return {state: tuple(moves) for state, moves in found.items()}

    def leaving(self, state: str) -> tuple[Transition, ...]:
        """The transitions out of a state, in the order of the file."""
        return self._leaving.get(state, ())

    def transition(self, action: str) -> Transition:
        """The transition of that name; raises ``NotFound``."""
        try:
            return self.by_transition[action]
        except KeyError:
            raise NotFound(Refusal("unknown_action", {"action": action})) from None

    def sends_back(self, action: str) -> bool:
        """Whether this move hands the subject back to an office that must do its part again:
        it voids what was done, and another office makes it."""
        move = self.by_transition.get(action)
        if move is None or move.tone != "back" or move.automatic or not move.voids:
            return False
        waiting = {role_of(rule) for rule in self.by_state[move.target].waiting_on}
        return waiting.isdisjoint(role_of(rule) for rule in move.by)

    def voiders(self, action: str) -> frozenset[str]:
        """The moves after which what this one told counts no more."""
        return frozenset(move.id for move in self.transitions if action in move.voids)

    def fields_of(self, transition: Transition) -> tuple[FieldDef, ...]:
        return tuple(self.by_field[name] for name in transition.fields)


def parse(text: bytes, source: str, parts: Path | None = None) -> Definition:
    """The definition in a TOML text; raises ``DefinitionError`` with file, key and reason.

    What it includes is read from the folder ``parts``. The digest is that of the text, or,
    of a definition that includes others' stretches, of the resolved whole.
    """
    try:
        values = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError.unreadable(source, error) from None
    except RecursionError:
        raise DefinitionError(source, "file", "values nested too deeply") from None
    values.pop("source", None)
    digest = hashlib.sha256(text).hexdigest()
    if "include" in values:
        values = resolve(values, source, parts)
        digest = digest_of(values)
    try:
        definition = Definition.model_validate(values | {"source": source, "digest": digest})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "file"
        raise DefinitionError(source, key, first["msg"]) from None
    _refuse_doubles(definition)
    return definition


def load(path: Path, parts: Path | None = None) -> Definition:
    """Reads and parses one file; raises ``DefinitionError``, also when it cannot be read."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise DefinitionError(str(path), "file", str(error.strerror)) from None
    return parse(text, path.name, parts)


def _refuse_doubles(definition: Definition) -> None:
    groups: dict[str, Iterable[Any]] = {
        "states": definition.states,
        "transitions": definition.transitions,
        "fields": definition.fields,
    }
    for key, group in groups.items():
        seen: set[str] = set()
        for item in group:
            if item.id in seen:
                raise DefinitionError(definition.source, f"{key}.{item.id}", "named twice")
            seen.add(item.id)

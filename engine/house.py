"""All that a command needs besides the database, put together once at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy.orm import Session

from engine.binding import Binding
from engine.calendar import Calendar
from engine.definition import Definition
from engine.errors import NotFound, Refusal
from engine.papers.kinds import PaperKind
from engine.policy import Actor

FindActor = Callable[[Session, int, date], Actor]


@dataclass(frozen=True)
class House:
    """The definitions in force and every older one a live subject may be pinned to, the
    functions they name, the kinds of paper, and who holds which office on a day.

    ``template_digest`` tells the exact template a paper is frozen for. ``specimen``
    marks every paper as a sample. ``longest_list`` is how many rows a list may have in its
    paper's own file, for kinds that know an annex. ``wake`` is told the ids of new outbox
    tasks after the commit.
    """

    definitions: Sequence[Definition]
    binding: Binding
    kinds: Mapping[str, PaperKind]
    find_actor: FindActor
    template_digest: Callable[[str], str]
    calendar: Calendar = field(default_factory=Calendar)
    specimen: bool = False
    longest_list: int = 60
    wake: Callable[[Sequence[int]], None] = field(default=lambda _ids: None)

    @cached_property
    def by_digest(self) -> Mapping[str, Definition]:
        return {definition.digest: definition for definition in self.definitions}

    @cached_property
    def by_id(self) -> Mapping[str, Definition]:
        return {definition.id: definition for definition in self.definitions}

    def definition(self, digest: str) -> Definition:
        """The definition a subject is pinned to; raises ``NotFound`` when it is gone."""
        try:
            return self.by_digest[digest]
        except KeyError:
            raise NotFound(Refusal("definition_gone", {"digest": digest})) from None

    def named(self, definition_id: str) -> Definition:
        """The definition of that id; raises ``NotFound``."""
        try:
            return self.by_id[definition_id]
        except KeyError:
            raise NotFound(Refusal("unknown_definition", {"id": definition_id})) from None

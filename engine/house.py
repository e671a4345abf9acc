"""All that a command needs besides the database, put together once at start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from sqlalchemy.orm import Session

from engine import clock
from engine.binding import Binding
from engine.calendar import Calendar
from engine.definition import Definition
from engine.errors import NotFound, Refusal
from engine.papers.kinds import PaperKind
from engine.policy import Actor
from engine.releases import Bare, Release, Shelf

FindActor = Callable[[Session, int, date], Actor]


@dataclass(frozen=True)
class House:
    """The definitions on file and every older one a live subject may be pinned to, the
    functions they name, the kinds of paper, and who holds which office on a day.

    ``shelf`` holds what was released beside the files, while the product runs.
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
    shelf: Shelf = field(default_factory=Bare)

    @cached_property
    def by_digest(self) -> Mapping[str, Definition]:
        return {definition.digest: definition for definition in self.definitions}

    @cached_property
    def by_id(self) -> Mapping[str, Definition]:
        return {definition.id: definition for definition in self.definitions}

    @property
    def runnable(self) -> tuple[Definition, ...]:
        """Every definition that a subject may be pinned to."""
        return (*self.definitions, *(one.definition for one in self.shelf.known()))

    def definition(self, digest: str) -> Definition:
        """The definition a subject is pinned to; raises ``NotFound`` when it is gone."""
        found = self.by_digest.get(digest) or _of(self.shelf.known(), digest)
        # Another process may have released it a moment ago.
        found = found or _of(self.shelf.again(), digest)
        if found is None:
            raise NotFound(Refusal("definition_gone", {"digest": digest}))
        return found

    def since(self, definition: Definition) -> date:
        """The day from which a definition applies."""
        for one in self.shelf.known():
            if one.definition.digest == definition.digest:
                return one.effective_from
        return definition.meta.effective.since

    def unsound(self, definition: Definition) -> tuple[Refusal, ...]:
        """Why nothing new may be brought under a definition: it was released when the check
        asked less than it does now. Empty for one that is sound."""
        return tuple(
            Refusal("definition_unsound", {"id": definition.id, "code": one.fault.code})
            for one in self.shelf.known()
            if one.fault and one.definition.digest == definition.digest
        )

    def named(self, definition_id: str, on: date | None = None) -> Definition:
        """The definition of that id as it applies on a day, today if none is told: the latest
        release that has begun, else the file. Raises ``NotFound``."""
        day = on or clock.today()
        begun = [
            one
            for one in self.shelf.known()
            if one.definition.id == definition_id and one.effective_from <= day
        ]
        if begun:
            return max(begun, key=lambda one: one.effective_from).definition
        try:
            return self.by_id[definition_id]
        except KeyError:
            raise NotFound(Refusal("unknown_definition", {"id": definition_id})) from None


def _of(releases: Sequence[Release], digest: str) -> Definition | None:
    return next((one.definition for one in releases if one.definition.digest == digest), None)

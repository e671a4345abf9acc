"""One move while it is being decided: what guards read and effects write through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from engine import clock
from engine.definition import Definition, Transition
from engine.errors import Refusal, Refused
from engine.history import Fact, Facts
from engine.house import House
from engine.policy import Actor, Office

RECORD = "record"
"""The workflow of papers that are only recorded, to be signed by hand."""

UNTOLD = -1
"""The version in a wish of somebody who must tell which one they looked at, and did not."""

LONGEST_KEY = 80
"""What the columns hold that keep keys."""


def read_key(raw: str | None) -> str | None:
    """The key that makes a repetition harmless, if one was told: the one place where any is
    read, whether a form, a program or a command brought it.

    Raises ``Refused`` (``key_unfit``) for an empty or too long one, or one with a sign that
    cannot be printed (a NUL, which no PostgreSQL text holds; half of a pair of surrogates).
    """
    if raw is None or (0 < len(raw) <= LONGEST_KEY and raw.isprintable()):
        return raw
    raise Refused(Refusal("key_unfit", {"limit": LONGEST_KEY}))


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants done with a subject. ``person_id`` is None for the system.

    ``version`` is the one the person looked at (None: whatever it is now, for the system).
    ``key`` makes a repetition harmless. ``data`` comes from the person; ``evidence`` only
    from our own code, established before the transaction (the digest of a signed file).
    """

    person_id: int | None
    subject_id: int
    action: str
    version: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """The wish to bring a subject into being, at the units its ``scopes`` name. ``as_of`` is
    the day whose definition it is pinned to: that of the act, unless another one is told."""

    person_id: int | None
    definition_id: str
    action: str
    scopes: Mapping[str, int]
    data: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """A subject goes on at other units, because those it was at are no more: by the system,
    on the ``basis`` that the history keeps. ``scopes`` are those that change. With ``lapse``
    a paper that nobody can finish any more ends instead, as void."""

    subject_id: int
    scopes: Mapping[str, int]
    basis: Mapping[str, Any]
    lapse: bool = False
    key: str | None = None


@dataclass(slots=True)
class Move:
    """A command with all that is known when its guards are asked and its effects run."""

    session: Session
    house: House
    definition: Definition
    transition: Transition
    subject_id: int
    from_state: str
    version: int
    scopes: Mapping[str, int]
    facts: Facts
    actor: Actor
    office: Office | None
    at: datetime
    entered_at: datetime
    due_at: datetime | None
    data: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    follow: list[Command | Opening] = field(default_factory=list)
    tasks: list[tuple[str, dict[str, int]]] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The law date of the act."""
        return clock.law_date(self.at)

    def fact(self, action: str) -> Fact | None:
        """What the latest valid move of that name told, if it happened."""
        return self.facts.get(action)

    def then(self, command: Command | Opening) -> None:
        """A further move of the system, made in the same transaction after this one."""
        self.follow.append(command)

    def later(self, task: str, **ids: int) -> None:
        """Something to do after the commit; see ``engine.outbox``."""
        self.tasks.append((task, ids))

    def freeze(self, kind: str, authority: int) -> None:
        """Opens the recorded paper of this move, its values taken now and never again."""
        values = self.house.binding.contexts[kind](self)
        self.then(
            Opening(
                None,
                self.house.kinds[kind].definition,
                RECORD,
                {"authority": authority},
                {},
                evidence={
                    "kind": kind,
                    "values": values,
                    "subjects": [self.subject_id],
                },
            )
        )

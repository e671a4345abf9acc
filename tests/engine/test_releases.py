"""A release that a later check calls unsound: told, kept for what is under way, shut to the new."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from engine import clock, ledger
from engine.definition import Definition, parse
from engine.errors import DefinitionError, Refused
from engine.house import House
from engine.move import Opening
from engine.releases import DatabaseShelf, Release
from tests.engine import procedure

BEGINS = date(2021, 1, 1)


def unsound(definition: Definition) -> None:
    raise DefinitionError(definition.source, "states", "no end says its outcome", "no_outcome")


class FakeShelf:
    """One release, with whatever the check says of it."""

    def __init__(self, fault: DefinitionError | None) -> None:
        self.release = Release(parse(procedure.REQUEST + b"# anew", "release"), BEGINS, fault)

    def known(self) -> tuple[Release, ...]:
        return (self.release,)

    again = known


def house(shelf: FakeShelf) -> House:
    return House((), procedure.binding(), {}, lambda *_: None, str, shelf=shelf)  # type: ignore[arg-type]


def test_an_unsound_release_is_kept_with_its_fault_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf = DatabaseShelf(create_engine("sqlite://"), unsound)
    for _ in range(2):
        definition, fault = shelf._judge("d" * 64, procedure.REQUEST.decode())
        assert (definition.id, fault and fault.code) == ("request", "no_outcome")
    (line,) = caplog.messages
    assert line.startswith("request is unsound") and "no end says its outcome" in line
    with pytest.raises(DefinitionError):  # what cannot be read runs nothing at all
        shelf._judge("e" * 64, "[meta]")


def test_nothing_new_comes_under_an_unsound_release_and_what_is_under_it_goes_on() -> None:
    opening = Opening(1, "request", "begin", {"place": 1})
    shelf = FakeShelf(DefinitionError("release", "states", "…", "no_outcome"))
    kept, found = house(shelf), shelf.release.definition
    assert kept.definition(found.digest) is kept.named("request") is found
    with pytest.raises(Refused) as error:
        ledger.begin(Session(), kept, opening, clock.now())
    (refusal,) = error.value.refusals
    assert (refusal.code, refusal.params["code"]) == ("definition_unsound", "no_outcome")
    assert house(FakeShelf(None)).unsound(found) == ()

"""A definition is read whole or not at all, and says where it is wrong."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.definition import (
    START,
    Definition,
    Span,
    load,
    parse,
    role_of,
    scope_of,
)
from engine.errors import DefinitionError, NotFound

PATH = Path(__file__).parent / "broken" / "sound" / "recognition.toml"
TEXT = PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def recognition() -> Definition:
    return load(PATH)


def edited(old: str, new: str) -> DefinitionError:
    """Why the definition is refused once the text is replaced, at its first place."""
    assert old in TEXT, old
    with pytest.raises(DefinitionError) as caught:
        parse(TEXT.replace(old, new, 1).encode(), "edited.toml")
    assert caught.value.source == "edited.toml"
    return caught.value


def test_a_file_becomes_states_transitions_and_fields(recognition: Definition) -> None:
    assert recognition.id == "recognition"
    assert list(recognition.by_state)[:2] == ["draft", "voting"]
    close_vote = recognition.transition("close_vote")
    assert (close_vote.sources, close_vote.target) == (("voting",), "appraisal")
    assert [field.type for field in recognition.fields_of(close_vote)] == ["integer"]
    assert recognition.by_state["appraisal"].due is not None
    assert recognition.source == "recognition.toml"


def test_it_is_pinned_by_the_digest_of_its_bytes(recognition: Definition) -> None:
    assert recognition.digest == hashlib.sha256(PATH.read_bytes()).hexdigest()
    changed = parse(TEXT.encode() + b"# a remark\n", "recognition.toml")
    assert changed.digest != recognition.digest


def test_a_file_cannot_name_its_own_digest() -> None:
    forged = f'digest = "{"0" * 64}"\nsource = "other.toml"\n{TEXT}'.encode()
    definition = parse(forged, "forged.toml")
    assert definition.digest == hashlib.sha256(forged).hexdigest()
    assert definition.source == "forged.toml"


def test_it_never_changes(recognition: Definition) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        recognition.states = ()  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        recognition.states[0].final = True  # type: ignore[misc]


def test_the_moves_out_of_a_state_come_in_the_order_of_the_file(recognition: Definition) -> None:
    assert [move.id for move in recognition.leaving(START)] == ["open"]
    assert [move.id for move in recognition.leaving("appraisal")] == [
        "appraise",
        "return_for_supplement",
        "withdraw",
        "expire",
    ]
    assert recognition.leaving("recognised") == ()
    assert recognition.leaving("nowhere") == ()


def test_opening_and_automatic_moves_are_told_apart(recognition: Definition) -> None:
    assert [move.id for move in recognition.transitions if move.opens] == ["open"]
    automatic = [move.id for move in recognition.transitions if move.automatic]
    assert automatic == ["recognise", "expire"]


def test_an_unknown_action_is_not_found(recognition: Definition) -> None:
    with pytest.raises(NotFound) as caught:
        recognition.transition("fly")
    assert caught.value.code == "unknown_action"
    assert caught.value.refusals[0].params == {"action": "fly"}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('to = "draft"', 'to = "draft"\ncolour = "red"', "transitions.0.colour"),
        ('id = "recognition"\n', "", "meta.id"),
        ('id = "draft"', 'id = "Draft"', "states.0.id"),
        ('subject = "nomination"', 'subject = "person"', "meta.subject"),
        ('en = "Draft"', 'en = ""', "states.0.label.en"),
        ('vi = "Dự thảo"', 'vi = " "', "states.0.label.vi"),
        ('basis = ["test"]', "basis = []", "meta.basis"),
        ('confidence = "assumed"', 'confidence = "sure"', "meta.confidence"),
        ('by = ["hamlet_head@area"]', "by = []", "transitions.0.by"),
        ('on = "decision:issued"', 'on = "decision"', "transitions.5.on"),
        ('outcome = "refused"', 'outcome = "lost"', "states.5.outcome"),
        ("working_days = 10", "working_days = 0", "states.2.due.working_days"),
        ("working_days = 10", "working_days = 10, days = 3", "states.2.due"),
        ('working_days = 10, then = "expire"', 'then = "expire"', "states.2.due"),
        ('type = "paragraph"', 'type = "choice"', "fields.1"),
        ('rows = "criteria"\n', "", "fields.2"),
        ('type = "integer"', 'type = "number"', "fields.0.type"),
    ],
)
def test_a_malformed_file_is_refused_with_its_key(old: str, new: str, key: str) -> None:
    error = edited(old, new)
    assert (error.key, error.code) == (key, "malformed")
    assert error.reason


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('id = "voting"', 'id = "draft"', "states.draft"),
        ('id = "withdraw"', 'id = "refuse"', "transitions.refuse"),
        ('id = "fact"', 'id = "met"', "fields.met"),
    ],
)
def test_nothing_is_named_twice(old: str, new: str, key: str) -> None:
    assert edited(old, new).key == key


@pytest.mark.parametrize("text", [b"[meta", b"\xff\xfe", b"", b"states = 3"])
def test_what_is_no_definition_is_refused(text: bytes) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "noise.toml")
    assert caught.value.source == "noise.toml"


@given(st.binary(max_size=200))
def test_no_bytes_are_refused_in_another_way(text: bytes) -> None:
    with pytest.raises(DefinitionError):
        parse(text, "noise.toml")


def test_a_file_that_cannot_be_read_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path / "absent.toml")
    assert "absent.toml" in caught.value.source


def test_a_text_speaks_both_languages(recognition: Definition) -> None:
    title = recognition.meta.title
    assert (title["vi"], title["en"]) == ("Công nhận hằng năm", "Yearly recognition")
    assert title["fr"] == title["vi"]


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2026-01-31", False), ("2026-02-01", True), ("2026-03-01", True), ("2026-03-02", False)],
)
def test_a_span_includes_both_its_ends(day: str, holds: bool) -> None:
    span = Span.model_validate({"from": date(2026, 2, 1), "to": date(2026, 3, 1)})
    assert span.holds(date.fromisoformat(day)) is holds


def test_an_open_span_never_ends() -> None:
    assert Span.model_validate({"from": date(2026, 2, 1)}).holds(date(2999, 1, 1))


def test_a_rule_is_a_role_at_a_scope() -> None:
    assert (role_of("clerk@commune"), scope_of("clerk@commune")) == ("clerk", "commune")
    assert (role_of("system"), scope_of("system")) == ("system", "")

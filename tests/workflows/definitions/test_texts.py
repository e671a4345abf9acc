"""A definition in words, its faults in words, and the common changes of its text."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest

from engine.definition import Definition, parse
from engine.errors import DefinitionError, NotFound, Refused
from tests.workflows.definitions.conftest import shipped
from tests.workflows.staging import told as codes
from workflows import library
from workflows.bindings import LAW
from workflows.definitions import editing, faults, telling
from workflows.definitions.editing import Change, Part
from workflows.definitions.shelf import written_out

LANGUAGES = ("vi", "en")
DEFINITIONS = library.law().definitions
FLOWS = {one.id: one for one in DEFINITIONS}
DEFINITION = FLOWS["district-certification"]
FIVE = "states.minuted.due.working_days"


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("guards", set(LAW.guards)),
        ("effects", set(LAW.effects)),
        ("days", set(LAW.days)),
        ("scopes", {scope for scopes in LAW.roles.values() for scope in scopes}),
    ],
)
def test_everything_a_definition_may_name_has_words(group: str, names: set[str]) -> None:
    words = telling.conditions()[group]
    assert names - set(words) == set()
    for told in words.values():
        assert told.keys() == {"vi", "en"}
        assert not any(text.endswith(".") for text in told.values())


@pytest.mark.parametrize("frame", telling.conditions()["say"])
def test_a_frame_has_the_same_places_in_both_languages(frame: str) -> None:
    told = telling.conditions()["say"][frame]
    places = [{name for _, name, _, _ in string.Formatter().parse(told[one])} for one in LANGUAGES]
    assert places[0] == places[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.id)
def test_every_state_move_office_and_clause_is_told(definition: Definition, language: str) -> None:
    told = telling.tell(definition, language, kinds=library.law().kinds, flows=FLOWS)
    assert [state.id for state in told] == ["", *definition.by_state]
    for state in told:
        assert [move.id for move in state.moves] == [m.id for m in definition.leaving(state.id)]
        for move in state.moves:
            source = definition.by_transition[move.id]
            text = "\n".join(move.lines)
            assert source.clause is None or source.clause in text
            for guard in source.guards:
                assert telling.condition("guards", guard, language) in text
            if source.on is None:
                for rule in source.by:
                    assert telling.office(rule, language) in text
            assert all(line.endswith(".") for line in move.lines)


def test_who_from_where_to_where_by_when_and_what_paper() -> None:
    told = {s.id: s for s in telling.tell(DEFINITION, "vi", kinds=library.law().kinds, flows=FLOWS)}
    draft = told["draft"]
    assert draft.lines[1] == (
        "Thời hạn: 90 ngày kể từ ngày tới bước này; quá hạn thì hệ thống tự làm “Hết hạn”."
    )
    register = next(move for move in draft.moves if move.id == "register")
    assert register.lines[0].startswith("Trưởng thôn (của chính nơi được xét) đưa hồ sơ từ “")
    minutes = next(move for move in told["counted"].moves if move.id == "adopt_minutes")
    assert "Lập văn bản: Biên bản" in "\n".join(minutes.lines)


@pytest.mark.parametrize(
    ("before", "after", "key", "code"),
    [
        ("[meta]", "[meta", "", "syntax"),
        ("[meta]", "deep = " + 4000 * "[", "", "too_deep"),
        ("waiting_on =", "waitingon =", "states.draft.waitingon", "extra_forbidden"),
        ("working_days = 5", 'working_days = "năm"', FIVE, "int_type"),
        ("working_days = 5", "working_days = 0", FIVE, "greater_than_equal"),
        ('confidence = "', 'confidence = "very ', "meta.confidence", "literal_error"),
        ('id = "register"', 'id = "withdraw"', "transitions.withdraw", "named_twice"),
        ("days = 90,", "days = 90, working_days = 3,", "states.draft.due", "does_not_fit"),
        ('basis = [', 'basis = 1\nold = [', "meta.basis", "list"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_key(before: str, after: str, key: str, code: str) -> None:
    text = shipped()
    assert before in text
    found, wrong = faults.read(text.replace(before, after, 1), "draft")
    assert found is None
    assert (key, code) in [(one.key, one.code) for one in wrong]
    for language in LANGUAGES:
        for one in wrong:
            assert faults.explain(one, language).endswith(".")


def test_a_reason_against_a_file_of_law_is_told_in_vietnamese() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(b"colour = 1", "x.toml")
    assert faults.why(caught.value.reason, "vi") == "thiếu mục này"
    assert faults.why("Value error, anything else", "vi") == "anything else"
    for text, place in ((b"a = 1\nb = = 2", "Dòng 2, cột 5:"), (b"a = [1,", "Hết tệp")):
        with pytest.raises(DefinitionError) as caught:
            parse(text, "x.toml")
        assert caught.value.code == "toml_syntax"
        assert faults.why(caught.value.reason, "vi").startswith(place)
    with pytest.raises(DefinitionError) as caught:
        parse(b"a = 1\nb = '\xe9'", "x.toml")
    assert caught.value.code == "not_utf8"
    assert faults.why(caught.value.reason, "vi").startswith("Dòng 2, byte thứ 6:")
    assert faults.why(caught.value.reason, "en").startswith("Line 2, byte 6: this is not UTF-8")


def test_a_whole_text_has_no_fault() -> None:
    found, wrong = faults.read(shipped(), "draft")
    assert found is not None
    assert (found.digest, list(wrong)) == (DEFINITION.digest, [])


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.id)
def test_a_definition_put_together_from_parts_has_a_whole_text(definition: Definition) -> None:
    """What was included from elsewhere stands in the copy: a release leans on no other file."""
    again = parse(written_out(definition).encode(), definition.source)
    assert again.model_copy(update={"digest": definition.digest}) == definition


def changed(part: Part, name: str, **told: object) -> str:
    before = editing.told_of(DEFINITION, part, name)
    after = replace(before, **told)  # type: ignore[arg-type]
    return editing.change(shipped(), part, name, after, binding=LAW, definition=DEFINITION)


@pytest.mark.parametrize(
    ("part", "name"), [("states", "draft"), ("transitions", "give_notice"), ("fields", "place")]
)
def test_a_form_sent_as_it_was_changes_nothing(part: Part, name: str) -> None:
    assert changed(part, name) == shipped()


def test_the_form_changes_what_it_shows_and_leaves_the_rest() -> None:
    text = changed("states", "draft", measure="working_days", days="7", vi="Đang lập")
    due = parse(text.encode(), "x").by_state["draft"].due
    assert due is not None
    assert (due.working_days, due.days, due.then) == (7, None, "lapse")
    assert text.count("#") == shipped().count("#"), "a comment was lost"
    assert "due" not in dict(parse(
        changed("states", "submitted", measure="").encode(), "x"
    ).by_state["submitted"].model_dump(exclude_none=True))  # fmt: skip
    guards = ("notice_days_before", "roll_frozen")
    text = changed("transitions", "give_notice", guards=guards, by=("clerk@commune",), clause="")
    move = parse(text.encode(), "x").by_transition["give_notice"]
    assert (move.guards, move.by, move.clause) == (guards, ("clerk@commune",), None)
    text = changed("fields", "place", required=False)
    assert not parse(text.encode(), "x").by_field["place"].required


def test_a_form_that_makes_no_sense_is_refused_with_every_reason() -> None:
    with pytest.raises(Refused) as error:
        changed(
            "transitions",
            "give_notice",
            vi=" \u200b",
            by=("emperor@moon",),
            guards=("luck",),
            fields=("horoscope",),
        )
    assert codes(error.value) == ["required", "no_such_office", "no_such_guard", "unknown_field"]
    with pytest.raises(Refused) as error:
        changed("states", "draft", measure="days", days="-3")
    assert codes(error.value) == ["not_a_count"]
    with pytest.raises(NotFound):
        editing.change("x = [", "states", "draft", Change("a", "b"), binding=LAW,
                       definition=DEFINITION)  # fmt: skip

"""Words longer than a line: none leaves the page, none tears the line before it apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.papers.conftest import DECISIONS, KINDS, sample
from tests.papers.reading import Reading

LayOut = Callable[[str, Mapping[str, Any]], Reading]

CODED = {"form", "capacity", "collective", "symbol", "date", "decided_on", "due", "ended"}
CODED |= {
    "head_title",
    "effect_on",
    "opened",
    "closed",
    "received_on",
    "registered_on",
    "time",
    "until",
}
PORTRAIT = (30.0, 20.0, 195.0, 278.0)
LANDSCAPE = (27.0, 15.0, 270.0, 190.0)
BOOK = (30.0, 20.0, 282.0, 190.0)


def with_word(value: Any, word: str, key: str = "") -> Any:
    """The values with the word put after every text that is not a code or a date."""
    if isinstance(value, dict):
        return {name: with_word(inner, word, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_word(inner, word, key) for inner in value]
    if isinstance(value, str) and value and key not in CODED:
        return f"{value} {word}"
    return value


def holding(reading: Reading, letter: str) -> str:
    """The pieces of text with a long word in them, which all lie within the margins."""
    landscape = BOOK if "SỔ ĐĂNG KÝ" in reading.text else LANDSCAPE
    left, top, right, bottom = landscape if reading.sheets[0].width > 250 else PORTRAIT
    pieces = [run for run in reading.runs if 3 * letter in run.text]
    for run in pieces:
        assert run.box[0] >= left - 0.01, run
        assert run.box[1] >= top - 0.01, run
        assert run.box[2] <= right + 0.01, run
        assert run.box[3] <= bottom + 0.01, run
    return "".join(reading.text.split())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "certificate"])
def test_a_long_word_in_every_text_stays_within_the_margins(lay_out: LayOut, kind: str) -> None:
    word = "Ộ" * 100
    assert word in holding(lay_out(kind, with_word(sample(kind), word)), "Ộ")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("notice", ("meeting", "place")),
        ("notice", ("authority", "place")),
        ("notice", ("agenda", 0)),
        ("commune_decision", ("authority", "place")),
        ("commune_decision", ("areas", 0, "name")),
        ("submission", ("findings", 0, "fact")),
        ("return_notice", ("recipients", 0)),
        ("minutes", ("chair", "name")),
        ("certificate", ("area",)),
        ("certificate", ("commune",)),
        ("certificate", ("authority", "place")),
        ("certificate", ("signatory", "name")),
    ],
)
@pytest.mark.parametrize("letter", ["B", "Ộ"])
def test_a_word_as_long_as_a_form_lets_in(
    lay_out: LayOut, kind: str, path: tuple[str | int, ...], letter: str
) -> None:
    values = sample(kind)
    inner: Any = values
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = letter * 400
    assert letter * 400 in holding(lay_out(kind, values), letter)


def test_a_cell_longer_than_a_page_goes_on_overleaf(lay_out: LayOut) -> None:
    values = sample("submission")
    values["findings"][0]["fact"] = "B" * 2400
    reading = lay_out("submission", values)
    holding(reading, "B")
    long = [run for run in reading.runs if "BBB" in run.text]
    assert sum(run.text.count("B") for run in long) == 2400
    assert len({run.page for run in long}) > 1


@pytest.mark.parametrize("word", ["B" * 400, "Ộ" * 100, "B" * 40])
def test_the_label_before_a_long_word_is_not_torn_apart(lay_out: LayOut, word: str) -> None:
    values = sample("notice")
    values["meeting"]["place"] = word
    reading = lay_out("notice", values)
    first, last = reading.one("Địa"), reading.one("Thành phần:")
    label = [r for r in reading.runs if r.baseline == first.baseline and word[0] not in r.text]
    assert max(run.right for run in label) - first.left < 30
    assert last.left == pytest.approx(first.left)


@pytest.mark.parametrize("kind", DECISIONS)
def test_the_reference_of_an_annex_keeps_the_forms_dotted_lines(lay_out: LayOut, kind: str) -> None:
    values = sample(kind)
    reading = lay_out(kind, values)
    assert (
        f"(Kèm theo Quyết định số ………/{values['symbol']} ngày …… tháng …… năm ……… của"
        in " ".join(reading.text.split())
    )

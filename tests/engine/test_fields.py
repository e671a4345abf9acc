"""Inputs become plain values, or a refusal that names the input. Nothing unknown gets in."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import fields
from engine.definition import FieldDef
from engine.errors import Refusal
from engine.papers import fonts

ROOT = Path(__file__).resolve().parents[2]
WORDS = {"vi": "Chữ", "en": "Words"}
DIGEST = "ab" * 32


def _field(kind: str, **settings: Any) -> FieldDef:
    if kind == "choice":
        settings.setdefault(
            "choices", ({"id": "hands", "label": WORDS}, {"id": "ballots", "label": WORDS})
        )
    return FieldDef.model_validate({"id": "it", "type": kind, "label": WORDS} | settings)


def _clean(definition: FieldDef, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Refusal]]:
    return fields.clean([definition], raw, columns={}, rows=lambda _name: [])


def _one(kind: str, value: Any, **settings: Any) -> Any:
    values, refusals = _clean(_field(kind, **settings), {"it": value})
    assert refusals == []
    return values["it"]


def _code(kind: str, value: Any, **settings: Any) -> str:
    values, refusals = _clean(_field(kind, **settings), {"it": value})
    assert [refusal.field for refusal in refusals] == ["it"]
    assert values["it"] in (None, [])
    return refusals[0].code


@pytest.mark.parametrize(
    ("kind", "given_", "plain"),
    [
        ("text", "  Thôn 1  ", "Thôn 1"),
        ("text", unicodedata.normalize("NFD", "Hậu Trạch"), "Hậu Trạch"),
        ("paragraph", "một\r\nhai", "một\nhai"),
        ("paragraph", "“≥ 90%” – ½ số hộ…\tЖ", "“≥ 90%” – ½ số hộ…\tЖ"),
        ("integer", 0, 0),
        ("integer", " 42 ", 42),
        ("integer", "-3", -3),
        ("date", "2026-11-05", "2026-11-05"),
        ("date", "5/11/2026", "2026-11-05"),
        ("date", date(2026, 11, 5), "2026-11-05"),
        ("date", "1900-01-01", "1900-01-01"),
        ("date", "31/12/2100", "2100-12-31"),
        ("moment", "2026-11-05T19:30", "2026-11-05T19:30+07:00"),
        ("moment", "2026-11-05T12:30:00+00:00", "2026-11-05T19:30+07:00"),
        ("moment", datetime(2026, 11, 5, 12, 30, tzinfo=UTC), "2026-11-05T19:30+07:00"),
        ("yes_no", True, True),
        ("yes_no", "no", False),
        ("yes_no", " YES ", True),
        ("yes_no", "0", False),
        ("choice", "hands", "hands"),
        ("names", "Nguyễn  Văn A\n\n Trần Thị B ", ["Nguyễn Văn A", "Trần Thị B"]),
        ("names", ["Nguyễn Văn A"], ["Nguyễn Văn A"]),
        ("names", ["Trần\u200b \u00ad B", "\u2060"], ["Trần B"]),
        ("text", "\ufeffThôn\u200d Ha\u034f\u0323\u0302u\u200f", "Thôn Hậu"),
        (
            "files",
            [{"sha256": DIGEST, "name": "biên bản.jpg", "path": "/etc/passwd"}],
            [{"sha256": DIGEST, "name": "biên bản.jpg"}],
        ),
    ],
)
def test_what_a_form_or_a_program_sends_becomes_a_plain_value(
    kind: str, given_: Any, plain: Any
) -> None:
    assert _one(kind, given_) == plain


@pytest.mark.parametrize(
    ("kind", "given_", "code"),
    [
        ("text", 7, "not_text"),
        ("text", "a\x00b", "not_text"),
        ("text", "a\ud800b", "not_text"),
        ("text", "hai\ndòng", "not_text"),
        ("text", "hai\tô", "not_text"),
        ("text", "hai\u2028dòng", "not_text"),
        ("text", "hai\u2029dòng", "not_text"),
        ("names", "x\nx\u200b\u200b", "named_twice"),
        ("paragraph", "\udfff", "not_text"),
        ("text", "Thôn 漢", "unprintable"),
        ("paragraph", "Đạt 😀 rồi", "unprintable"),
        ("names", "Nguyễn A\nTrần 😀", "unprintable"),
        ("text", "x" * 501, "too_long"),
        ("paragraph", "x" * 8001, "too_long"),
        ("integer", "1.5", "not_a_count"),
        ("integer", 1.0, "not_a_count"),
        ("integer", True, "not_a_count"),
        ("integer", "١٢", "not_a_count"),
        ("integer", "9" * 12, "not_a_count"),
        ("integer", [], "required"),
        ("date", "31/2/2026", "not_a_date"),
        ("date", "tomorrow", "not_a_date"),
        ("date", datetime(2026, 11, 5, tzinfo=UTC), "not_a_date"),
        ("date", "9999-12-31", "not_a_date"),
        ("date", date(2101, 1, 1), "not_a_date"),
        ("date", "31/12/1899", "not_a_date"),
        ("moment", "soon", "not_a_moment"),
        ("moment", "9999-12-31T23:59+00:00", "not_a_moment"),
        ("moment", "0001-01-01T00:00", "not_a_moment"),
        ("moment", "0001-01-01T00:00+14:00", "not_a_moment"),
        ("moment", "2100-12-31T17:00+00:00", "not_a_moment"),
        ("yes_no", "perhaps", "not_yes_or_no"),
        ("yes_no", 2, "not_yes_or_no"),
        ("choice", "shouting", "not_a_choice"),
        ("choice", {"id": "hands"}, "not_a_choice"),
        ("names", ["A", 7], "not_a_list"),
        ("names", {"A": 1}, "not_a_list"),
        ("names", "Nguyễn A\nnguyễn a", "named_twice"),
        ("names", "x" * 501, "too_long"),
        ("names", "Nguyễn A\nTrần\x00B", "not_text"),
        ("names", ["Trần \ud83d"], "not_text"),
        ("names", "Nguyễn \u202eA", "not_text"),
        ("text", "Đạt \u2066gnôhk\u2069", "not_text"),
        ("names", "\n".join(f"N {n}" for n in range(61)), "too_many"),
        ("files", "photo.jpg", "not_a_list"),
        ("files", [{"sha256": "abc", "name": "x"}], "not_a_file"),
        ("files", ["photo.jpg"], "not_a_file"),
        ("files", [{"sha256": DIGEST, "name": "a\ud800.jpg"}], "not_text"),
        ("files", [{"sha256": DIGEST, "name": "a\r\n.jpg"}], "not_text"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_own_code(kind: str, given_: Any, code: str) -> None:
    assert _code(kind, given_) == code


def test_letters_no_paper_can_print_are_named_with_their_field() -> None:
    _, refusals = _clean(_field("paragraph"), {"it": "Họp vui 😀, 漢 😀"})
    assert refusals == [Refusal("unprintable", {"letters": "漢 😀"}, field="it")]
    _, refusals = _table({"4_1": {"met": True, "fact": "🎉"}, "4_2": {"met": True}})
    assert [(r.code, r.field) for r in refusals] == [("unprintable", "findings.4_1.fact")]


def test_a_machine_without_the_typeface_takes_everyday_letters_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> frozenset[str]:
        raise fonts.FontMissing

    monkeypatch.setattr(fonts, "_printable", missing)
    assert _one("text", "Thôn “Hậu Trạch”, 5 § 3") == "Thôn “Hậu Trạch”, 5 § 3"
    assert _code("text", "≥ 90%") == "unprintable"


def test_everyday_letters_are_read_without_opening_the_typeface() -> None:
    program = (
        "import sys\n"
        "from engine.papers.letters import VIETNAMESE, unprintable\n"
        "import engine.fields\n"
        "assert unprintable(VIETNAMESE + 'abc, \\n\\t“9”') == ''\n"
        "assert 'fontTools' not in sys.modules\n"
        "assert unprintable('\\U0001f600') == '\\U0001f600'\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("kind", "given_", "settings", "code"),
    [
        ("integer", 0, {"minimum": 1}, "too_small"),
        ("integer", 11, {"maximum": 10}, "too_large"),
        ("text", "abc", {"maximum": 2}, "too_long"),
        ("paragraph", "no", {"minimum": 10}, "too_short"),
        ("text", "a\u200b\u200b\u200b\u200b", {"minimum": 5}, "too_short"),
        ("names", "A", {"minimum": 2}, "too_few"),
        ("names", "A\nB\nC", {"maximum": 2}, "too_many"),
        ("files", [{"sha256": DIGEST}] * 3, {"maximum": 2}, "too_many"),
    ],
)
def test_bounds_are_told_with_their_limit(
    kind: str, given_: Any, settings: dict[str, int], code: str
) -> None:
    _, refusals = _clean(_field(kind, **settings), {"it": given_})
    assert [(refusal.code, refusal.params) for refusal in refusals] == [
        (code, {"limit": next(iter(settings.values()))})
    ]


@pytest.mark.parametrize("empty", [None, "", "   ", [], "\u200b\u00ad \u2060", ["\u200b"]])
@pytest.mark.parametrize(("kind", "nothing"), [("text", None), ("integer", None), ("names", [])])
def test_nothing_is_nothing_or_refused_when_required(kind: str, nothing: Any, empty: Any) -> None:
    assert _one(kind, empty, required=False) == nothing
    assert _code(kind, empty) == "required"


def test_what_is_missing_is_nothing_and_what_is_unknown_is_refused() -> None:
    values, refusals = _clean(_field("text", required=False), {"its": "x", "state": "granted"})
    assert values == {"it": None}
    assert [(refusal.code, refusal.field) for refusal in refusals] == [
        ("unknown_field", "its"),
        ("unknown_field", "state"),
    ]


TABLE = FieldDef.model_validate(
    {"id": "findings", "type": "table", "label": WORDS, "rows": "points"}
    | {"columns": ["met", "fact"]}
)
COLUMNS = {
    "met": FieldDef.model_validate({"id": "met", "type": "yes_no", "label": WORDS}),
    "fact": FieldDef.model_validate(
        {"id": "fact", "type": "text", "label": WORDS, "required": False}
    ),
}


def _table(raw: Any) -> tuple[dict[str, Any], list[Refusal]]:
    return fields.clean(
        [TABLE], {"findings": raw}, columns=COLUMNS, rows={"points": ["4_1", "4_2"]}.__getitem__
    )


def test_a_table_has_every_row_of_its_source_and_its_columns_and_no_other() -> None:
    values, refusals = _table({"4_1": {"met": "yes", "fact": "x"}, "4_2": {"met": "no"}})
    assert refusals == []
    assert values["findings"] == {
        "4_1": {"met": True, "fact": "x"},
        "4_2": {"met": False, "fact": None},
    }
    rows = {"4_1": {"met": 1, "mte": 0}, "4_2": {"met": 0}, "9_9": {"met": "yes"}}
    _, refusals = _table(rows)
    assert [(refusal.code, refusal.field) for refusal in refusals] == [
        ("unknown_field", "findings.9_9"),
        ("unknown_field", "findings.4_1.mte"),
    ]


@pytest.mark.parametrize("raw", [None, "text", [], {}, {"4_1": "yes", "4_2": None}])
def test_a_table_without_its_cells_names_each_missing_one(raw: Any) -> None:
    values, refusals = _table(raw)
    assert [(refusal.code, refusal.field) for refusal in refusals] == [
        ("required", "findings.4_1.met"),
        ("required", "findings.4_2.met"),
    ]
    assert values["findings"]["4_1"] == {"met": None, "fact": None}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KINDS = ("text", "paragraph", "integer", "date", "moment", "yes_no", "choice", "names", "files")


@given(st.sampled_from(KINDS), ANYTHING, st.booleans())
def test_whatever_is_sent_is_a_plain_value_or_a_refusal(
    kind: str, raw: Any, required: bool
) -> None:
    values, refusals = _clean(_field(kind, required=required), {"it": raw})
    assert set(values) == {"it"}
    assert len(refusals) <= 1
    # It can be written, and reading it again changes nothing.
    again = json.loads(json.dumps(values, allow_nan=False))
    assert again == values
    if not refusals and values["it"] not in (None, []):
        assert _clean(_field(kind), again) == (values, [])

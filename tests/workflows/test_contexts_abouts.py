"""What other papers and the register say a paper is about is what the paper says itself."""

from __future__ import annotations

import json
import re

import pytest

from engine.papers.template import Templates
from workflows.bureau import TEMPLATES
from workflows.contexts.abouts import about, short, type_of
from workflows.contexts.words import words
from workflows.library import law

NAMED = [kind.id for kind in law().kinds.values() if kind.series]


@pytest.mark.parametrize("name", [name for kind in NAMED for name in (kind, f"{kind}.long")])
def test_a_paper_is_called_as_it_calls_itself(name: str) -> None:
    kind = name.partition(".")[0]
    values = json.loads((TEMPLATES / "samples" / f"{name}.json").read_text(encoding="utf-8"))
    page = Templates(TEMPLATES).html(kind, values)
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title
    if kind == "certificate":
        # Its title names the place in full; what it is about is its sentence.
        assert about(kind, values).startswith(f"công nhận {values['area']}, {values['commune']}")
        return
    assert title[1] == f"{type_of(kind)} về việc {about(kind, values)}"


def test_every_paper_with_a_number_has_its_words_and_its_register_a_name() -> None:
    assert words()["about"].keys() == set(NAMED)
    assert words()["registers"].keys() == {law().kinds[kind].series for kind in NAMED}
    assert (short("2026-11-05"), short("")) == ("05/11/2026", "")

"""Templates print values and only values: strict, escaped, without reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError
from jinja2.exceptions import SecurityError

from engine.papers.template import Templates, Unprintable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_decree30.css").write_text("p { color: black }")
    (tmp_path / "_words.html").write_text("{% macro day(iso) %}day {{ iso[8:10] }}{% endmacro %}")
    (tmp_path / "hello.html").write_text(
        '{% import "_words.html" as words %}<p>{{ who.name }} {{ words.day(on) }}</p>'
    )
    return tmp_path


def test_values_are_printed_composed_and_escaped(folder: Path) -> None:
    values = {"who": {"name": '<b>Sơn</b> & "Hà"'}, "on": "2026-11-05"}
    page = Templates(folder).html("hello", values)
    assert page == "<p>&lt;b&gt;Sơn&lt;/b&gt; &amp; &#34;Hà&#34; day 05</p>"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"on": "2026-11-05"}, "'who' is undefined"),
        ({"who": {}, "on": "2026-11-05"}, "no attribute 'name'"),
        ({"who": {"name": "A"}}, "'on' is undefined"),
    ],
)
def test_a_missing_key_is_an_error_that_names_it(
    folder: Path, values: dict[str, object], named: str
) -> None:
    with pytest.raises(UndefinedError, match=named):
        Templates(folder).html("hello", values)


def test_a_missing_key_names_itself_when_it_is_formatted(folder: Path) -> None:
    (folder / "sum.html").write_text('{{ "{:,}".format(count) }}')
    assert Templates(folder).html("sum", {"count": 1234}) == "1,234"
    with pytest.raises(UndefinedError, match="'count' is undefined"):
        Templates(folder).html("sum", {})


def test_values_that_are_not_plain_are_refused(folder: Path) -> None:
    with pytest.raises(TypeError, match=r"values\.on is a float"):
        Templates(folder).html("hello", {"who": {"name": "A"}, "on": 1.5})


def test_letters_the_typeface_lacks_are_refused_and_named(folder: Path) -> None:
    with pytest.raises(Unprintable, match=r"U\+6F22, U\+1F600") as caught:
        Templates(folder).html("hello", {"who": {"name": "漢 😀"}, "on": "2026-11-05"})
    assert caught.value.letters == "漢😀"


def test_a_no_break_space_prints_as_a_space(folder: Path) -> None:
    values = {"who": {"name": "Nga\u00a0An"}, "on": "2026-11-05"}
    assert "Nga An" in Templates(folder).html("hello", values)


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ who.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ who.pop('name') }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_a_template_has_no_reach_beyond_its_values(folder: Path, hostile: str) -> None:
    (folder / "bad.html").write_text(hostile)
    with pytest.raises(SecurityError):
        Templates(folder).html("bad", {"who": {"name": "A"}, "on": ""})


def test_a_value_is_never_a_template(folder: Path) -> None:
    values = {"who": {"name": "{{ on }}{% raw %}"}, "on": "2026-11-05"}
    assert "{{ on }}{% raw %}" in Templates(folder).html("hello", values)


def test_templates_outside_the_folder_do_not_exist(folder: Path) -> None:
    (folder.parent / "outside.html").write_text("x")
    with pytest.raises(TemplateNotFound):
        Templates(folder).html("../outside", {})


def test_phrases_are_the_papers_own(folder: Path) -> None:
    assert Templates(folder).phrase("day", "2026-11-05") == "day 05"


def test_digest_needs_names_known_before(folder: Path) -> None:
    (folder / "any.html").write_text("{% include who %}")
    with pytest.raises(ValueError, match=r"any\.html takes in a template"):
        Templates(folder).digest("any")


def test_own_style_sheet_goes_before_the_common_one(folder: Path) -> None:
    templates = Templates(folder)
    common = templates.digest("hello")
    assert templates.stylesheet("hello") == "_decree30.css"
    (folder / "hello.css").write_text("p { color: black }")
    assert templates.stylesheet("hello") == "hello.css"
    assert templates.digest("hello") != common


def test_a_style_sheet_is_put_together_with_those_it_imports(folder: Path) -> None:
    (folder / "hello.css").write_text('@import "_decree30.css";\nb { color: red }')
    templates = Templates(folder)
    assert templates.style("hello.css") == "p { color: black }b { color: red }"
    before = templates.digest("hello")
    (folder / "_decree30.css").write_text("p { color: blue }")
    assert templates.digest("hello") != before

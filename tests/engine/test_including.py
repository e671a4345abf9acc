"""Parts: put in before a definition is read, and told by file and key where they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.definition import parse
from engine.errors import DefinitionError
from tests.engine.procedure import head

HEAD = (
    head("shared", "nomination", "A test").decode()
    + """
[[states]]
id = "own"
label = { vi = "Riêng", en = "Own" }
"""
)
PART = """
[[states]]
id = "draft"
label = { vi = "Dự thảo", en = "Draft" }
waiting_on = ["{head}"]

[[states]]
id = "spare"
label = { vi = "Thừa", en = "Spare" }

[[transitions]]
id = "open"
label = { vi = "Mở", en = "Open" }
from = []
to = "draft"
by = ["{head}"]
"""


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    (tmp_path / "opening.toml").write_text(PART, encoding="utf-8")
    return tmp_path


def include(**told: str) -> bytes:
    lines = {"part": '"opening"', "with": '{ head = "hamlet_head@area" }'} | told
    return (HEAD + "[[include]]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items())).encode()


def test_what_a_part_holds_is_the_definitions_own(parts: Path) -> None:
    found = parse(include(without='["spare"]'), "shared.toml", parts)
    assert [state.id for state in found.states] == ["draft", "own"]
    assert found.by_state["draft"].waiting_on == ("hamlet_head@area",)
    assert found.by_transition["open"].by == ("hamlet_head@area",)


def test_the_digest_is_that_of_the_whole(parts: Path) -> None:
    first = parse(include(), "shared.toml", parts)
    assert parse(b"# a remark\n" + include(), "shared.toml", parts).digest == first.digest
    (parts / "opening.toml").write_text(PART.replace("Draft", "Sketch"), encoding="utf-8")
    assert parse(include(), "shared.toml", parts).digest != first.digest


@pytest.mark.parametrize(
    ("told", "key", "reason"),
    [
        ({"part": '"closing"'}, "include.0.part", "there is no part closing"),
        ({"part": '"../opening"'}, "include.0.part", "String should match"),
        ({"with": "{}"}, "include.0.with", "the part opening needs head"),
        (
            {"with": '{ head = "a@b", tail = "c" }'},
            "include.0.with",
            "the part opening has no place tail",
        ),
        ({"without": '["moon"]'}, "include.0.without", "the part opening has no moon"),
        ({"colour": "1"}, "include.0.colour", "Extra inputs are not permitted"),
    ],
)
def test_what_does_not_fit_is_told_with_its_key(
    parts: Path, told: dict[str, str], key: str, reason: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse(include(**told), "shared.toml", parts)
    assert (caught.value.source, caught.value.key) == ("shared.toml", key)
    assert caught.value.reason.startswith(reason)


def test_a_part_holds_nothing_but_states_moves_and_fields(parts: Path) -> None:
    (parts / "opening.toml").write_text("[meta]\nid = 'x'\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        parse(include(), "shared.toml", parts)
    assert (caught.value.source, caught.value.key) == ("opening.toml", "meta")


def test_a_part_that_cannot_be_read_and_an_include_that_is_no_list_are_told(parts: Path) -> None:
    (parts / "opening.toml").write_text("[[states", encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        parse(include(), "shared.toml", parts)
    assert (caught.value.source, caught.value.key) == ("opening.toml", "file")
    with pytest.raises(DefinitionError, match="is a list of parts"):
        parse(("include = 3\n" + HEAD).encode(), "shared.toml", parts)


def test_an_item_that_a_part_has_too_is_named_twice(parts: Path) -> None:
    text = include() + b'\n[[states]]\nid = "draft"\nlabel = { vi = "A", en = "A" }\n'
    with pytest.raises(DefinitionError, match="named twice"):
        parse(text, "shared.toml", parts)


def test_without_a_folder_of_parts_nothing_is_included() -> None:
    with pytest.raises(DefinitionError, match="there is no part opening"):
        parse(include(), "shared.toml")

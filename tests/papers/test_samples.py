"""Samples, templates and the written list of values say the same."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jinja2 import UndefinedError

from engine.papers.freeze import freeze
from engine.papers.template import Templates
from tests.papers.conftest import FOLDER, KINDS, SAMPLES, kind_of, sample

DESCRIBED = tomllib.loads((FOLDER / "values.toml").read_text("utf-8"))
TOGETHER = {
    one: other for pair in DESCRIBED["enclosing"].items() for one, other in (pair, pair[::-1])
}
"""A paper and its annex print the same values between them."""

PLAIN = {"str": str, "int": int, "bool": bool}


def problems(value: Any, described: str, path: str) -> Iterator[str]:
    """Where a value is not what its description says."""
    form = described.partition(":")[0].strip()
    if form.startswith("["):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for item in value:
            yield from problems(item, form.strip("[]"), f"{path}[]")
    elif form.startswith("{"):
        yield from shape_problems(value, DESCRIBED["shapes"][form.strip("{}")], path)
    elif type(value) is not PLAIN[form]:
        yield f"{path} is no {form}"


def shape_problems(value: Any, shape: Mapping[str, str], path: str) -> Iterator[str]:
    yield from (f"{path}.{key} is missing" for key in shape.keys() - value.keys())
    yield from (f"{path}.{key} is not described" for key in value.keys() - shape.keys())
    for key in shape.keys() & value.keys():
        yield from problems(value[key], shape[key], f"{path}.{key}")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_exactly_the_described_values(name: str) -> None:
    shape = DESCRIBED["every"] | DESCRIBED["kinds"][kind_of(name)]
    assert list(shape_problems(sample(name), shape, "values")) == []


def test_every_described_kind_has_a_template_and_both_samples() -> None:
    templates = {p.stem for p in FOLDER.glob("*.html") if not p.name.startswith("_")}
    assert set(DESCRIBED["kinds"]) == templates == set(KINDS)
    assert set(SAMPLES) == templates | {f"{kind}.long" for kind in templates}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key; in lists, of the first item's."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from leaves(value[0], (*path, 0))


def without(values: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    inner: Any = values
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return values


def complaint(templates: Templates, name: str, path: tuple[Any, ...]) -> str:
    """What the template says when one key of its sample is taken away."""
    try:
        templates.html(kind_of(name), without(sample(name), path))
    except UndefinedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_asked_for_and_named_when_missing(kind: str) -> None:
    templates = Templates(FOLDER)
    both = {name: set(leaves(sample(name))) for name in (kind, f"{kind}.long")}
    for path in set.union(*both.values()):
        said = [complaint(templates, name, path) for name in both if path in both[name]]
        if kind in TOGETHER:
            other = TOGETHER[kind]
            said += [complaint(templates, n, path) for n in (other, f"{other}.long")
                     if path in both[n.replace(other, kind)]]  # fmt: skip
        assert any(f"'{path[-1]}'" in each for each in said), f"{path} is never asked for"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_plain_and_composed(name: str) -> None:
    frozen = freeze(sample(name))
    assert json.loads(frozen) == sample(name)


def test_names_in_samples_are_plainly_invented() -> None:
    invented = re.compile("Mẫu|Ví Dụ|Thí Dụ|Giả Định|Minh Họa")
    for name in SAMPLES:
        for path in leaves(sample(name)):
            if path[-1] == "name" and path[-2:-1] not in [("authority",), (0,)]:
                value: Any = sample(name)
                for step in path:
                    value = value[step]
                assert invented.search(value), f"{name}: {value}"


@pytest.mark.parametrize("kind", KINDS)
def test_digest_follows_whatever_the_template_reaches(kind: str, tmp_path: Any) -> None:
    for source in FOLDER.rglob("*.*"):
        copy = tmp_path / source.relative_to(FOLDER)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
    templates = Templates(tmp_path)
    before = templates.digest(kind)
    assert before == Templates(FOLDER).digest(kind)
    for shared in ("_page.html", "_words.html", templates.stylesheet(kind)):
        kept = (tmp_path / shared).read_bytes()
        (tmp_path / shared).write_bytes(kept + b"\n")
        assert templates.digest(kind) != before, shared
        (tmp_path / shared).write_bytes(kept)
    (tmp_path / "samples" / f"{kind}.json").unlink()
    assert templates.digest(kind) == before


def test_the_border_is_part_of_the_certificate_only(tmp_path: Any) -> None:
    for source in FOLDER.rglob("*.*"):
        copy = tmp_path / source.relative_to(FOLDER)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
    templates = Templates(tmp_path)
    certificate, notice = templates.digest("certificate"), templates.digest("notice")
    (border,) = (tmp_path / "assets").glob("*.svg")
    border.write_bytes(border.read_bytes() + b"\n")
    assert templates.digest("certificate") != certificate
    assert templates.digest("notice") == notice

"""One renderer for all paper tests, and each sample laid out once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.papers.render import Renderer
from tests.papers.reading import Reading

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "papers"
SAMPLES = sorted(path.stem for path in (FOLDER / "samples").glob("*.json"))
KINDS = sorted(name for name in SAMPLES if "." not in name)
DECISIONS = ("commune_decision", "district_decision", "province_decision")
ENCLOSING, ANNEX = "certification_enclosing", "certification_annex"
"""A decision whose list is in a file of its own, and that file."""

OUTGOING = (
    *DECISIONS,
    "certificate",
    "refusal_notice",
    "correction_notice",
    "revocation_decision",
    ENCLOSING,
)
RECORDS = tuple(kind for kind in KINDS if kind not in (*OUTGOING, ANNEX))
FIELDS = {"number", "date", "signature", "seal", "strip"}

Values = dict[str, Any]


def kind_of(sample: str) -> str:
    return sample.partition(".")[0]


@cache
def _sample(name: str) -> Values:
    values: Values = json.loads((FOLDER / "samples" / f"{name}.json").read_text("utf-8"))
    return values


def sample(name: str) -> Values:
    """A copy of a sample's values, to change at will."""
    return deepcopy(_sample(name))


class Complaints(logging.Handler):
    """What the typesetter says of anything that is laid out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@pytest.fixture(scope="session")
def complaints() -> Iterator[list[str]]:
    """Whatever the typesetter has complained of, whichever test laid it out."""
    handler, logger = Complaints(), logging.getLogger("weasyprint")
    logger.addHandler(handler)
    yield handler.heard
    logger.removeHandler(handler)


@pytest.fixture(scope="session")
def renderer(complaints: list[str]) -> Renderer:
    return Renderer(FOLDER)


@pytest.fixture(scope="session")
def read(renderer: Renderer) -> Callable[[str], Reading]:
    """Lays a sample out (once) and reads it."""

    @cache
    def laid_out(name: str) -> Reading:
        return Reading(renderer.render(kind_of(name), _sample(name)))

    return laid_out


@pytest.fixture(scope="session")
def lay_out(renderer: Renderer) -> Callable[[str, Mapping[str, Any]], Reading]:
    """Lays out values of one's own and reads them."""
    return lambda kind, values: Reading(renderer.render(kind, values))

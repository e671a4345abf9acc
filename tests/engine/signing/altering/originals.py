"""Two genuine papers, at each of their stages, from which all altered files are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.papers.render import Renderer
from engine.signing import pdf as acts
from tests.engine.signing.altering.keys import holder
from tests.engine.signing.house import ISSUED, SIGNED

TEMPLATES = Path(__file__).resolve().parents[4] / "templates" / "papers"
NUMBERS = {"commune_decision": "15/QĐ-UBND", "certificate": "16/GCN-UBND"}


@dataclass(frozen=True)
class Original:
    """A genuine paper: its first bytes, then signed, then issued."""

    rendered: bytes
    signed: bytes
    issued: bytes


@cache
def decision() -> Original:
    """The paper that is altered."""
    return issue(rendered("commune_decision"), number=NUMBERS["commune_decision"])


@cache
def certificate() -> Original:
    """Another genuine paper of the same people, from which signatures are stolen."""
    return issue(rendered("certificate"), number=NUMBERS["certificate"])


@cache
def _renderer() -> Renderer:
    return Renderer(TEMPLATES)


@cache
def rendered(kind: str, **changed: str) -> bytes:
    """A paper's first bytes, from the sample values of its template."""
    sample = (TEMPLATES / "samples" / f"{kind}.json").read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(sample) | changed
    return _renderer().render(kind, values)


def issue(
    first: bytes,
    *,
    chair: str = "chair",
    agency: str = "agency",
    between: Callable[[bytes], bytes] = bytes,
    **told: Any,
) -> Original:
    """A paper through both acts; ``between`` is what somebody does to it in the meantime."""
    signed = acts.sign_person(first, holder(chair), **SIGNED)
    issued = acts.issue(between(signed), holder(agency), **(ISSUED | told))
    return Original(first, signed, issued)


ORIGINALS: Mapping[str, Callable[[], Original]] = {
    "genuine": decision,
    "genuine-certificate": certificate,
}
"""The files that hold, beside the altered ones."""

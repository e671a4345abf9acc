"""Two genuine papers, at each of their stages, from which all altered files are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.clock import law_date
from engine.log import tree
from engine.papers.archive import Carried, carried
from engine.papers.render import Renderer
from engine.signing import pdf as acts
from tests.engine.signing.altering.keys import AGENCY, KEYS, holder
from tests.engine.signing.house import ISSUED, SIGNED
from tests.workflows.staging import house
from workflows import statements
from workflows.statement_keys import StatementKeys
from workflows.statements import LEVELS, Ground

TEMPLATES = Path(__file__).resolve().parents[4] / "templates" / "papers"
NUMBERS = {
    "commune_decision": "15/QĐ-UBND",
    "certificate": "16/GCN-UBND",
    "district_decision": "18/QĐ-UBND",
}
CODES = {
    "commune_decision": "k3m9x7w2qz",
    "certificate": "b6t4r8n5pc",
    "district_decision": "d7h3w9m2xk",
}
ADDRESS = "https://binhxet.example.vn"


@dataclass(frozen=True)
class Original:
    """A genuine paper: its first bytes, then signed, then issued."""

    rendered: bytes
    signed: bytes
    issued: bytes


@cache
def decision() -> Original:
    """The paper that is altered."""
    return genuine("commune_decision")


@cache
def certificate() -> Original:
    """Another genuine paper of the same people, from which signatures are stolen."""
    return genuine("certificate")


def genuine(kind: str) -> Original:
    """A paper as this house issues it: with its data inside and its strip filled."""
    first, number = rendered(kind), NUMBERS[kind]
    signed = acts.sign_person(first, holder("chair"), **SIGNED)
    strip = statements.strip(
        ground(kind, carried(first)),
        number=number,
        day=law_date(ISSUED["at"]),
        content=signed,
        at=ISSUED["at"],
        signer=StatementKeys(KEYS).signer(),
        address=ADDRESS,
    )
    told = ISSUED | {"number": number, "strip": strip}
    return Original(first, signed, acts.issue(signed, holder("agency"), **told))


def ground(kind: str, inside: Carried) -> Ground:
    """What a statement about a paper with this inside is made of."""
    return Ground(
        code=CODES[kind],
        kind=house().kinds[kind].mark,
        level=1 + LEVELS.index("commune"),
        values=inside.values,
        values_digest=inside.digest,
        authority=int(AGENCY.partition(":")[2]),
        log_size=0,
        log_root=tree.EMPTY,
    )


@cache
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


@cache
def rendered(kind: str, **changed: str) -> bytes:
    """A paper's first bytes, from the sample values of its template."""
    sample = (TEMPLATES / "samples" / f"{kind}.json").read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(sample) | changed
    return renderer().render(kind, values)


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

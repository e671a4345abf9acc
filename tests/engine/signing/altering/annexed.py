"""What is done to a list in a file of its own. Without a network it is checked beside its paper."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

from tests.engine.signing.altering.editing import appended
from tests.engine.signing.altering.lasting import (
    annex,
    first_annex,
    stages,
    stamped,
    values,
)
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.altering.originals import renderer
from tests.engine.signing.altering.registry import attack
from tests.engine.signing.altering.stamped import PAPER, appended_note
from tests.papers.conftest import ANNEX

LIST = "genuine-annex"


def _with_another_row() -> bytes:
    told = deepcopy(values())
    told["areas"][6] |= {"name": "Thôn 99"}
    return renderer().render(ANNEX, told)


@attack("annex-row-changed", "copied_signature", of=PAPER)
def _row_in_place() -> bytes:
    """Another list under the agency's signature taken from the genuine one."""
    false, real = annex(_with_another_row()), stages(LIST)[0]
    start, end = _gap(real)
    first, last = _gap(false)
    token = real[start:end].ljust(last - first)[: last - first]
    return false[:first] + token + false[last:]


def _gap(content: bytes) -> tuple[int, int]:
    from engine.signing.coverage import facts

    return facts(content).covered[0].gap


@attack("annex-row-changed-and-signed", "never_issued", of=PAPER)
def _row_signed() -> bytes:
    """Another list, really signed by the agency's key: not the one that the leader signed for."""
    return annex(_with_another_row())


@attack("annex-note-added", "annotation_added", of=PAPER)
def _note() -> bytes:
    """A note appended to the list after its last time stamp."""
    return appended(genuine(LIST), appended_note)


@attack("annex-note-under-a-stamp", "annotation_added", of=PAPER)
def _note_stamped() -> bytes:
    """The same, and a genuine time stamp put over it."""
    return stamped(appended(genuine(LIST), appended_note), later=timedelta(minutes=2))


@attack("annex-signed-by-stranger", "same_names", of=PAPER)
def _stranger() -> bytes:
    """The genuine list, signed by somebody else in the agency's place."""
    return annex(first_annex(), "forged-agency")


@attack("annex-unsigned", "draft", verdict="not_issued", offline="unknown", of=PAPER)
def _unsigned() -> bytes:
    """The list as it was laid out, before the agency signed it."""
    return first_annex()

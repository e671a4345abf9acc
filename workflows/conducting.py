"""Conducts a ceremony with a key of this machine: opened once, then one paper after another.

Each paper is signed, checked and moved by itself, in its own transaction, as if it were the
only one; its key makes a repetition after a crash find what was done. The PIN is in the hands
of the caller only, and nowhere afterwards.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from engine import clock
from engine.errors import EngineError, Forbidden, Refusal, Refused
from workflows import ceremonies
from workflows.ceremonies import Chosen, Held
from workflows.ceremony_rows import DONE, FAILED, WAITING
from workflows.handed_in import FAULTS
from workflows.papers import SIGN, PaperDesk
from workflows.sitting import Sitting

if TYPE_CHECKING:
    from engine.signing.signer import Signer

log = logging.getLogger("binhxet.ceremonies")

LONGEST = timedelta(minutes=5)
"""One opening of a key lasts no longer; the rest takes the PIN once more."""

TOO_LONG = "took_too_long"

KEY_LOST = frozenset(
    {"token_gone", "token_failed", "wrong_pin", "wrong_pin_last_try", "pin_locked"}
)
ENDING = KEY_LOST | FAULTS
"""What says nothing of the paper but that the key is lost, or its certificate refused: the paper
goes on waiting."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one paper fared; with refusals it stayed as it was."""

    paper_id: int
    outcome: str
    refusals: tuple[Refusal, ...] = ()


@contextmanager
def begun(session: Session, desk: PaperDesk, held: Held, pin: str) -> Iterator[Iterator[Result]]:
    """Opens the key with its PIN, once, and hands out the results as the papers are done.

    Raises, before anything is signed, what ``ceremonies.start`` does, and ``Refused`` with
    what the key or its certificate says: ``wrong_pin``, ``too_many_pins``, ``no_key``, ….
    A ceremony with nothing left to do is over, and opens no key.
    """
    ceremonies.refuse_unless_open(held)
    waiting = ceremonies.left(session, held.id)
    if not waiting:
        raise Refused(Refusal("nothing_chosen"))
    holder = desk.holder(session, held.person_id, waiting[0].paper_id, held.action)
    with Sitting(desk, session, held.person_id, pin) as sitting:
        round_ = ceremonies.start(session, held, _fingerprint(sitting.signer(holder)))
        try:
            yield _each(session, held, sitting, round_)
        finally:
            session.rollback()
            ceremonies.settle(session, held.id, round_)


def _fingerprint(signer: Signer) -> str:
    from engine.signing.certificates import der

    return hashlib.sha256(der(signer.credential.certificate)).hexdigest()


def _each(session: Session, held: Held, sitting: Sitting, round_: int) -> Iterator[Result]:
    until = clock.now() + LONGEST
    for one in ceremonies.left(session, held.id):
        if clock.now() >= until:
            ceremonies.halt(session, held.id, TOO_LONG)
        if ceremonies.halted(session, held.id, round_):
            return
        result = _one(session, held, sitting, one)
        if result.outcome == WAITING:
            ceremonies.halt(session, held.id, result.refusals[0].code)
        else:
            ceremonies.record(session, held.id, one.paper_id, result.outcome, result.refusals)
        yield result


def _one(session: Session, held: Held, sitting: Sitting, one: Chosen) -> Result:
    act = sitting.sign if held.action == SIGN else sitting.issue
    key = f"ceremony:{held.code}:{one.paper_id}"
    try:
        act(one.paper_id, one.version, key)
    except EngineError as error:
        session.rollback()
        if isinstance(error, Forbidden):
            log.warning(
                "refused code=%s person=%s paper=%s", error.code, held.person_id, one.paper_id
            )
        lost = not ENDING.isdisjoint(refusal.code for refusal in error.refusals)
        return Result(one.paper_id, WAITING if lost else FAILED, tuple(error.refusals))
    except Exception:
        # A fault of ours in one paper leaves the others right; the log says where it was.
        session.rollback()
        log.exception("fault at paper %s of ceremony %s", one.paper_id, held.id)
        return Result(one.paper_id, FAILED, (Refusal("fault_here"),))
    return Result(one.paper_id, DONE)

"""Signing and issuing with a key at hand: one PIN, any number of papers, a result for each.

A key is opened and its certificate judged when the first paper needs it; then the same key
serves all of them, so that the certificate cannot change midway. A PIN that failed is not
tried again. Each paper succeeds or fails alone.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import Outcome, perform
from engine.db import end_reading
from engine.errors import EngineError, Refusal, Refused
from engine.move import Command
from engine.papers.book import PaperVersion
from workflows import annexing, sign_ins
from workflows.keyholders import Holder
from workflows.papers import ISSUE, NUMBER_TRIES, PIN, SIGN, WRONG_PIN, PaperDesk, signing

if TYPE_CHECKING:
    from engine.signing.signer import Signer


@dataclass(slots=True)
class Sitting:
    """One person at the desk with one PIN; keys stay open until the block ends."""

    desk: PaperDesk
    session: Session
    person_id: int
    pin: str
    _keys: ExitStack = field(default_factory=ExitStack)
    _open: dict[str, Signer | Refused] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._keys.close()

    def sign(self, paper_id: int, version: int | None = None, key: str | None = None) -> Outcome:
        """See ``PaperDesk.sign``."""
        if earlier := self._before(paper_id, SIGN, key):
            return earlier
        from engine.signing import pdf

        base = self.desk.base(self.session, paper_id, SIGN)
        holder = self.desk.holder(self.session, self.person_id, paper_id, SIGN)
        signer, content = self.signer(holder), self.desk.store.get(base)
        signed = pdf.sign_person(content, signer, at=clock.now(), **signing())
        told = self._told(base, content, signed, signer) | {"person_id": self.person_id}
        command = Command(self.person_id, paper_id, SIGN, version, key=key, evidence=told)
        return perform(self.session, self.desk.house, command)

    def issue(self, paper_id: int, version: int | None = None, key: str | None = None) -> Outcome:
        """See ``PaperDesk.issue``."""
        if earlier := self._before(paper_id, ISSUE, key):
            return earlier
        signer = self.signer(self.desk.holder(self.session, self.person_id, paper_id, ISSUE))
        for attempt in range(1, NUMBER_TRIES + 1):
            told = self._sealed(paper_id, signer)
            command = Command(self.person_id, paper_id, ISSUE, version, key=key, evidence=told)
            try:
                return perform(self.session, self.desk.house, command)
            except EngineError as error:
                if error.code != "busy":  # who is in the way may be making this very file
                    self._discard(told)
                if error.code != "number_taken" or attempt == NUMBER_TRIES:
                    raise
        raise AssertionError("the loop returns or raises")

    def _discard(self, told: dict[str, Any]) -> None:
        """Removes sealed files that became no issue: without a network nobody could tell them
        from one. What a version names stays."""
        files = {told["sha256"], *([told["annex"]["sha256"]] if "annex" in told else [])}
        named = select(PaperVersion.sha256).where(PaperVersion.sha256.in_(files))
        for one in files.difference(self.session.scalars(named)):
            self.desk.store.drop(one)

    def _before(self, paper_id: int, action: str, key: str | None) -> Outcome | None:
        """What the same key was answered before; refuses what would be refused later."""
        if key and (earlier := self.desk.done(self.session, self.person_id, paper_id, action, key)):
            return earlier
        self.desk.may(self.session, self.person_id, paper_id, action)
        return None

    def _sealed(self, paper_id: int, signer: Signer) -> dict[str, Any]:
        from engine.signing import pdf

        base = self.desk.base(self.session, paper_id, ISSUE)
        annex = annexing.base(self.session, paper_id)
        number = self.desk.next_number(self.session, paper_id)
        self.session.rollback()
        content, at = self.desk.store.get(base), clock.now()
        sealed = pdf.issue(content, signer, at=at, **self.desk.sealing(number, content, at))
        told = self._told(base, content, sealed, signer) | number.evidence
        if annex:
            first = annexing.first(self.desk, annex, content)
            signed = pdf.sign_annex(first, signer, **annexing.signing(number.text, at))
            told["annex"] = self._told(annex, first, signed, signer)
        return told

    def _told(self, base: str, before: bytes, content: bytes, signer: Signer) -> dict[str, Any]:
        """Keeps a file just signed and tells ``perform`` about it, once it is believed."""
        from engine.signing import believing
        from engine.signing.certificates import identity

        if why := believing.problems(before, content, signer.credential, clock.now()):
            raise Refused(Refusal("signature_not_valid", {"why": ", ".join(why)}))
        return {
            "base": base,
            "sha256": self.desk.store.put(content),
            "size": len(content),
            "certificate": identity(signer.credential.certificate).fingerprint,
        }

    def signer(self, holder: Holder) -> Signer:
        """The holder's key, its certificate judged; what opening it was refused for is not
        tried again. Raises ``Refused``: ``wrong_pin``, ``too_many_pins``, ``no_key``, …."""
        found = self._open.get(holder.reference)
        if found is None:
            try:
                found = self._opened(holder)
            except Refused as refused:
                found = refused
            self._open[holder.reference] = found
        if isinstance(found, Refused):
            raise found
        return found

    def _opened(self, holder: Holder) -> Signer:
        """Wrong PINs are counted, and after too many of them even the right one has to wait."""
        who = f"person {self.person_id}"
        if sign_ins.must_wait(self.session, PIN, who, holder.reference):
            raise Refused(Refusal("too_many_pins", field="pin"))
        opened = self.desk.keys.signer(holder.reference, self.pin, holder.fingerprints)
        try:
            signer = self._keys.enter_context(opened)
        except Refused as refused:
            if WRONG_PIN.intersection(one.code for one in refused.refusals):
                sign_ins.tried(self.session, PIN, who, holder.reference)
            raise
        end_reading(self.session)  # the authorities may be asked: nothing is held meanwhile
        self.desk.trust(signer.credential, holder)
        return signer

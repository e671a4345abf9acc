"""What a check without a network comes to, as values; ``offline`` works it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Refusal
from engine.statement.form import Signed
from workflows.keys import authority_reference
from workflows.trust import Bundle
from workflows.verification import Verification

if TYPE_CHECKING:
    from engine.signing.findings import SignatureReport

_NOT_KNOWN = frozenset({"newer_than_bundle", "cannot_be_said"})
"""Signed by the office; whether it was then issued only a newer bundle can tell."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What can be said without a network. ``problems`` says why an answer is no."""

    bundle: Bundle
    issued: bool
    in_force: bool
    verdict: str
    problems: Sequence[Refusal]
    signed: Signed | None = None
    unchanged: bool | None = None
    signatures: Sequence[SignatureReport] = field(default=())

    @property
    def ok(self) -> bool:
        return self.verdict == "genuine"

    def record(self) -> dict[str, Any]:
        """The answers in the shape of ``Verification.record``, and what is known beside."""
        code = self.signed.code if self.signed else ""
        number = self.signed.statement.number if self.signed else ""
        online = Verification(
            issued=self.issued,
            unchanged=bool(self.unchanged),
            signatures=tuple(self.signatures),
            in_force=self.in_force,
            verdict="genuine",
            code=code,
            number=number,
        )
        return online.record() | {
            "issued": None if self.verdict in _NOT_KNOWN else self.issued,
            "unchanged": self.unchanged,
            "verdict": self.verdict,
            "logged": None,  # the statement names the log before the issue, not after it
            "trust": self.bundle.record(),
            "changes": self.changes,
            "statement": _told(self.signed, self.bundle) if self.signed else None,
        }

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What later papers did to this one, as the bundle tells it."""
        if self.signed is None or not self.issued:
            return []
        named: dict[str, Any] = {"paper": "", "reason": "", "errata": []}
        return [named | dict(one) for one in self.bundle.changes(self.signed.code)]

    @property
    def warnings(self) -> Sequence[Refusal]:
        """What to take care of beside the answers, which do not depend on it: nobody signed
        the address in a code, and no bundle holds the bytes that were issued, of which a seal
        key can make others with the same content, number and date."""
        return [*self._elsewhere(), *self._not_compared(), *self._own_word()]

    def _elsewhere(self) -> Iterator[Refusal]:
        if self.signed is not None and self.signed.site not in self.bundle.addresses:
            places = {"host": self.signed.site, "own": self.bundle.address}
            yield Refusal("code_leads_elsewhere", places)

    def _not_compared(self) -> Iterator[Refusal]:
        if self.issued and self.unchanged:
            yield Refusal("bytes_not_compared")

    def _own_word(self) -> Iterator[Refusal]:
        if self.signed is not None and self.issued and self.verdict == "lapsed":
            day = f"{self.signed.statement.day:%d/%m/%Y}"
            yield Refusal("dated_by_the_statement", {"day": day})


def _told(signed: Signed, bundle: Bundle) -> Mapping[str, Any]:
    """The statement in words."""
    one = signed.statement
    kind = bundle.told["kinds"].get(str(one.kind), {})
    return {
        "code": signed.code,
        "kind": kind.get("id"),
        "kind_name": kind.get("label"),
        "level": one.level,
        "level_name": bundle.told["levels"].get(str(one.level)),
        "year": one.year,
        "streak": one.streak,
        "areas": one.areas,
        "place": one.place,
        "number": one.number,
        "date": one.day.isoformat(),
        "authority": authority_reference(one.authority),
        "issued_at": one.issued.isoformat(),
        "values_digest": one.data.hex(),
        "signed_digest": one.signed.hex(),
        "log_size": one.log_size,
        "log_root": one.log_root.hex(),
        "key": one.key_id.hex(),
    }

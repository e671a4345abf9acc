"""The desk where papers are rendered, signed, issued, handed out and checked.

Everything slow happens here, before the transaction that records it: the bytes are made,
kept by their digest, checked with the same eyes as any outsider's, and only then does
``perform`` move the paper. If that fails, at most a file that nobody names is left in the
store, and no sealed one where the key is this machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import clock, registers
from engine.commands import Outcome, available
from engine.db import writing
from engine.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from engine.house import House
from engine.move import Command
from engine.outbox import Handler
from engine.papers import annexes
from engine.papers.book import ANNEX_RENDERED, ANNEXES, Paper, PaperVersion
from engine.papers.template import Templates
from engine.policy import NOT_YOURS
from engine.repeating import repeated
from engine.store import BlobStore
from workflows import annexing, archive, enrolments, logbook, statements
from workflows.keyholders import Holder
from workflows.keys import Keyring, authority_reference, person_reference
from workflows.statement_keys import StatementKeys
from workflows.statements import Ground
from workflows.times import Times
from workflows.wording import phrase

if TYPE_CHECKING:
    from engine.papers.render import Renderer
    from engine.signing.certificates import Enrolment, Identity, Roots
    from engine.signing.signer import Credential

SIGN, ISSUE = "sign", "issue"
NUMBER_TRIES = 4
PIN = "pin"
"""What wrong PINs are counted as, for each person and key."""

WRONG_PIN = frozenset({"wrong_pin", "wrong_pin_last_try"})


@dataclass(frozen=True, slots=True)
class Number:
    """A number of an authority's register, as it is written, and the day it is written on."""

    authority_id: int
    number: int
    text: str
    day: date
    ground: Ground | None = None
    """What the paper that gets the number will say of itself; none once it is numbered."""

    @property
    def evidence(self) -> dict[str, Any]:
        return {
            "authority_id": self.authority_id,
            "number": self.number,
            "issued_on": self.day.isoformat(),
        }


def _require_anybody(said: Identity) -> None:
    if not said.reference:
        raise Refused(Refusal("certificate_not_enrolled", {"fingerprint": said.fingerprint}))


def signing() -> dict[str, str]:
    """What is written into a paper with its leader's signature."""
    return {"reason": phrase("signature_reason"), "mark": phrase("signature_mark")}


@dataclass(frozen=True)
class PaperDesk:
    """The desk of one installation; safe to share between threads."""

    house: House
    store: BlobStore
    keys: Keyring
    templates_folder: Path
    times: Times = field(default_factory=Times)
    address: str = ""
    """Where the public pages are, as it is printed on papers: ``https://…``."""

    former: tuple[str, ...] = ()
    """Where they were before: papers of that time still name it."""

    named: bool = True
    """Whether a certificate that is not enrolled is believed when it names its holder as the
    keys of the demonstration do (``person:7``)."""

    @cached_property
    def templates(self) -> Templates:
        return Templates(self.templates_folder)

    @cached_property
    def renderer(self) -> Renderer:
        # Loaded when the first paper is laid out: a web process that only shows pages does
        # without the typesetter's hundred megabytes.
        from engine.papers.render import renderer_of

        return renderer_of(self.templates_folder)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What the outbox may ask of the desk."""
        return {
            "render": lambda session, ids: self._rendered(session, ids["paper"]),
            logbook.TASK: lambda session, ids: logbook.record(session, self.keys, ids),
            archive.TASK: lambda session, ids: archive.advance(session, self, ids),
        }

    slow = frozenset({archive.TASK})
    """Those of them that wait for services outside."""

    def _rendered(self, session: Session, paper_id: int) -> None:
        self.render(session, paper_id)

    def render(self, session: Session, paper_id: int) -> str:
        """The digest of the paper's first bytes, laying it out if that was not done yet, and
        its annex with it.

        Raises ``Refused`` (``template_changed``) when the template is no longer the one the
        paper was drafted for.
        """
        paper = self.paper(session, paper_id)
        known = self._digest_at(session, paper_id, "rendered")
        if known is not None:
            return known
        kind = self.house.kinds[paper.kind]
        if self.house.template_digest(paper.kind) != paper.template_digest:
            raise Refused(Refusal("template_changed", {"paper": paper_id}))
        annex = annexing.lay_out(self, kind, paper)
        enclosed = [annexes.enclosed(paper.values, annex)] if annex else []
        template = annexes.template(kind, paper.values)
        content = self.renderer.render(template, paper.values, enclosed)
        files = {"rendered": content} | ({ANNEX_RENDERED: annex} if annex else {})
        rows: list[dict[str, Any]] = [
            {"paper_id": paper_id, "stage": stage, "sha256": self.store.put(file)}
            | {"size": len(file), "at": clock.now()}
            for stage, file in files.items()
        ]
        digest: str = rows[0]["sha256"]
        try:
            with writing(session):
                known = self._digest_at(session, paper_id, "rendered")
                if known is None:
                    session.execute(insert(PaperVersion), rows[::-1])
        except IntegrityError:
            # On PostgreSQL another process may have laid it out after we looked.
            known = self._digest_at(session, paper_id, "rendered")
            if known is None:
                raise
        return known or digest

    def paper(self, session: Session, paper_id: int) -> Paper:
        """The paper of that id; raises ``NotFound``."""
        paper = session.get(Paper, paper_id)
        if paper is None:
            raise NotFound(Refusal("no_such_paper", {"id": paper_id}))
        return paper

    def latest(self, session: Session, paper_id: int) -> PaperVersion | None:
        """The newest version of the paper's file, if any was made yet."""
        return session.scalars(
            select(PaperVersion)
            .where(PaperVersion.paper_id == paper_id, PaperVersion.stage.not_in(ANNEXES))
            .order_by(PaperVersion.id.desc())
            .limit(1)
        ).first()

    def export(self, session: Session, paper_id: int) -> tuple[bytes, str]:
        """The newest bytes of a paper and a file name for them, laying it out if need be."""
        paper = self.paper(session, paper_id)
        version = self.latest(session, paper_id)
        digest = version.sha256 if version else self.render(session, paper_id)
        number = (paper.number_text or f"{paper_id}").replace("/", "-")
        return self.store.get(digest), f"{paper.kind}-{number}.pdf"

    def sign(
        self,
        session: Session,
        person_id: int,
        paper_id: int,
        *,
        pin: str,
        version: int | None = None,
        key: str | None = None,
    ) -> Outcome:
        """The leader's signature over the bytes that were shown.

        Raises ``Forbidden``, ``Conflict``, ``Stale`` or ``Refused`` (``wrong_pin``,
        ``too_many_pins``, ``no_key``, ``use_token``, a code of the certificate's fault); the
        paper then stays as it was.
        """
        from workflows.sitting import Sitting

        with Sitting(self, session, person_id, pin) as sitting:
            return sitting.sign(paper_id, version, key)

    def issue(
        self,
        session: Session,
        person_id: int,
        paper_id: int,
        *,
        pin: str,
        version: int | None = None,
        key: str | None = None,
    ) -> Outcome:
        """The clerk's single act: number, date and seal, entered in the register.

        The next number is written and sealed before the transaction; if another paper took
        it in between, the act is prepared again with the one after. Raises as ``sign``.
        """
        from workflows.sitting import Sitting

        with Sitting(self, session, person_id, pin) as sitting:
            return sitting.issue(paper_id, version, key)

    def base(self, session: Session, paper_id: int, action: str) -> str:
        """The digest of the bytes that an act is to sign; raises ``Refused``
        (``paper_not_ready``) when they are not there yet."""
        if action == SIGN:
            return self.render(session, paper_id)
        base = self._digest_at(session, paper_id, "signed")
        if base is None:
            raise Refused(Refusal("paper_not_ready"))
        return base

    def holder(self, session: Session, person_id: int, paper_id: int, action: str) -> Holder:
        """Whose certificate an act takes: the person's own, or that of the authority."""
        if action == SIGN:
            reference = person_reference(person_id)
            theirs = enrolments.of(session, reference)
            return Holder("person", "person", reference, theirs)
        reference = authority_reference(self.paper(session, paper_id).authority_id)
        return Holder("agency", "seal", reference, enrolments.of(session, reference))

    def roots(self, session: Session) -> Roots:
        """In whom trust ends, and which certificates are whose."""
        return self._knowing(enrolments.known(session))

    def _knowing(self, enrolled: tuple[Enrolment, ...]) -> Roots:
        return replace(self.keys.roots, enrolled=enrolled, named=self.named)

    def next_number(self, session: Session, paper_id: int) -> Number:
        """The number the paper would get if it were issued now. Nothing is taken."""
        paper = self.paper(session, paper_id)
        kind = self.house.kinds[paper.kind]
        day = clock.today()
        number = registers.upcoming(session, paper.authority_id, kind.series, day)
        text = registers.written(number, kind.symbol)
        ground = statements.ground(session, paper, kind)
        return Number(paper.authority_id, number, text, day, ground)

    def sealing(self, number: Number, content: bytes, at: datetime) -> dict[str, Any]:
        """What is written into a paper when it is issued; ``content`` is its signed file.

        Raises ``Refused`` (``no_statement_key``).
        """
        return {
            "number": number.text,
            "date_text": self.templates.phrase("long_date", number.day.isoformat()),
            "reason": phrase("seal_reason"),
            "mark": phrase("seal_mark"),
            "strip": number.ground
            and statements.strip(
                number.ground,
                number=number.text,
                day=number.day,
                content=content,
                at=at,
                # Production is told when its key is missing; a demonstration makes its own.
                signer=StatementKeys(self.keys.folder).signer(make=self.house.specimen),
                address=self.address,
            ),
        }

    def may(self, session: Session, person_id: int, paper_id: int, action: str) -> None:
        """Refuses early, before any key is opened, what would be refused later: raises
        ``Forbidden`` to whom the move is not open, ``Refused`` for what the guards say."""
        actor = self.house.find_actor(session, person_id, clock.today())
        for option in available(session, self.house, paper_id, actor):
            if option.transition.id == action:
                barred = [r for r in option.refusals if r.code != "paper_not_ready"]
                theirs = [r for r in barred if r.code in NOT_YOURS]
                if theirs:
                    raise Forbidden(*theirs)
                if barred:
                    raise Refused(*barred)
                return
        raise Conflict(Refusal("not_from_here", {"action": action}))

    def done(
        self, session: Session, person_id: int, paper_id: int, action: str, key: str
    ) -> Outcome | None:
        """The answer the same key was given before: a repetition needs no second signature."""
        return repeated(session, self.house, Command(person_id, paper_id, action, key=key))

    def trust(self, credential: Credential, holder: Holder) -> None:
        """Raises ``Refused`` with every reason why a certificate may not sign now for this
        holder: its time, its chain, its purpose, its kind, that it is another's or nobody's, or,
        if the installation asks for that, that it was revoked. May ask the network: never call it
        inside a transaction."""
        from engine.signing import trust

        known, now = self._knowing(holder.enrolled), clock.now()
        roots, said = known.of(holder.kind), known.holder(credential.certificate, now)
        _require_anybody(said)
        faults = trust.problems(credential, roots, now, kind=holder.kind, holder=said)
        if faults:
            raise Refused(*(Refusal(fault) for fault in faults))
        if said.reference != holder.reference:
            raise Refused(holder.not_theirs)
        if self.times.asking != "off":
            learnt = self.times.learn(self.keys, credential, now, holder.kind)
            strict = self.times.asking == "require"
            faults = trust.revoked(credential, roots, now, learnt, strict=strict)
            if faults:
                raise Refused(*(Refusal(fault) for fault in faults))

    def require_theirs(self, credential: Credential, holder: Holder) -> None:
        """Raises ``Refused`` (``certificate_not_enrolled``, or whose it is not) for a
        certificate that is not this holder's; asks nothing else of it."""
        said = self._knowing(holder.enrolled).holder(credential.certificate, clock.now())
        _require_anybody(said)
        if (said.kind, said.reference) != (holder.kind, holder.reference):
            raise Refused(holder.not_theirs)

    def on_path(self, credential: Credential, holder: Holder) -> Credential:
        """A credential without the certificates that nobody needs to believe it: each would be
        printed into the paper for ever, whoever sent it along."""
        from engine.signing import trust

        return trust.on_path(credential, self.keys.roots.of(holder.kind), clock.now())

    def evidence(self, base: str, content: bytes, holder: Holder, **more: Any) -> dict[str, Any]:
        """Keeps a file just signed and tells ``perform`` about it, having validated it as an
        outsider would; raises ``Refused`` when anything is wrong with it."""
        certificate = self._believe(content, holder)
        return {
            "base": base,
            "sha256": self.store.put(content),
            "size": len(content),
            "certificate": certificate,
            **more,
        }

    def _believe(self, content: bytes, holder: Holder) -> str:
        """The fingerprint of the certificate of the signature just made."""
        from engine.signing.validate import validate

        report = validate(content, self._knowing(holder.enrolled))[-1]
        if report.role != holder.role or not report.valid:
            why = ", ".join(report.problems) or report.role
            raise Refused(Refusal("signature_not_valid", {"why": why}))
        if report.reference != holder.reference:
            raise Refused(holder.not_theirs)
        return report.fingerprint

    def _digest_at(self, session: Session, paper_id: int, stage: str) -> str | None:
        return session.scalar(
            select(PaperVersion.sha256)
            .where(PaperVersion.paper_id == paper_id, PaperVersion.stage == stage)
            .order_by(PaperVersion.id.desc())
            .limit(1)
        )

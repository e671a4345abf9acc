"""Signing a batch with one token: prepared by the server, checked and signed here.

Nothing is signed that was not recomputed from the very bytes that can be looked at. One
certificate and one PIN for the whole batch; each paper succeeds or fails by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.errors import EngineError, Refusal, Refused
from engine.papers import annexes
from engine.papers.archive import carried
from engine.signing.certificates import der
from engine.signing.inspection import inspect
from engine.signing.pkcs11 import TokenSigner
from engine.signing.signer import Credential
from web.cli.refusals import Answered, No
from web.cli.remote import Remote
from web.cli.words import language
from workflows.handed_in import FAULTS
from workflows.wording import say

TRIES = 4
NUMBER_TAKEN = "number_taken"
ENDING = frozenset(
    {
        "token_gone",
        "token_failed",
        "wrong_pin",
        "pin_locked",
        "not_what_was_shown",
        "annex_of_another",
        "server_unreachable",
        "server_untrusted",
        "wrong_password",
        "too_many_attempts",
        "ceremony_certificate_changed",
        "ceremony_ended",
        "ceremony_stopped",
        *FAULTS,
    }
)
"""What ends a batch: no further paper can or should be signed. A wrong password least of all
may be tried once for each paper."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file to be signed, as it was recomputed here; see ``Ready``."""

    digest: bytes
    covered: str
    file: Path | None
    gap: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Ready:
    """A paper prepared for the signature, as it was recomputed here. ``covered`` is the digest
    of the bytes that can be looked at, all but those in the ``gap``; the page shows the same.
    ``annex`` is the file beside it that the same key signs with it, if there is one."""

    paper: int
    session: str
    digest: bytes
    covered: str
    number: str
    file: Path | None
    gap: tuple[int, int]
    annex: Seen | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How one paper fared: the state it is in now, or the code and the sentence why not."""

    paper: int
    state: str = ""
    covered: str = ""
    number: str = ""
    code: str = ""
    detail: str = ""

    @property
    def done(self) -> bool:
        return not self.code

    def record(self) -> dict[str, Any]:
        return {
            "id": self.paper,
            "done": self.done,
            "state": self.state or None,
            "number": self.number or None,
            "digest": self.covered or None,
            "code": self.code or None,
            "detail": self.detail or None,
        }


Allow = Callable[[Ready], bool]
"""Whether the holder, having been shown this, wants it signed."""


@dataclass(frozen=True)
class Ceremony:
    """One act over many papers with one certificate; ``batch`` is the code under which the
    server keeps it, if it does."""

    remote: Remote
    credential: Credential
    action: str
    previews: Path | None
    batch: str = ""

    def prepare(self, papers: Sequence[int]) -> list[Ready | Result]:
        """Each paper as the server would have it signed, or why it will not be."""
        return list(self.preparing(papers))

    def preparing(self, papers: Sequence[int]) -> Iterator[Ready | Result]:
        """The same, one after another."""
        yield from _each(papers, self._ready)

    def _ready(self, paper: int | Ready) -> Ready | Result:
        if not isinstance(paper, int):
            return paper
        try:
            return self._prepare(paper)
        except (EngineError, Answered, No) as error:
            return failed(paper, error)

    def sign(
        self, papers: Sequence[int | Ready], signer: TokenSigner, allow: Allow
    ) -> Iterator[Result]:
        """Signs one after another and tells of each. Papers given by number are prepared only
        when their turn comes: the numbers of a register follow one another."""
        for result in _each(papers, lambda one: self._one(one, signer, allow)):
            if isinstance(result, Result):
                yield result

    def _one(self, one: int | Ready, signer: TokenSigner, allow: Allow) -> Result:
        result = Result(_number(one))
        for _ in range(TRIES):
            ready = self._ready(one)
            if isinstance(ready, Result):
                return ready
            if not allow(ready):
                return failed(ready.paper, No("left_out"))
            result = self._finish(ready, signer)
            if result.code != NUMBER_TAKEN:
                return result
            one = ready.paper  # another paper took the number: prepared anew with the next
        return result

    def _prepare(self, paper: int) -> Ready:
        chain = (self.credential.certificate, *self.credential.chain)
        wish: dict[str, Any] = {
            "action": self.action,
            "certificates": [_text(der(one)) for one in chain],
        }
        if self.batch:
            wish["ceremony"] = self.batch
        offer = self.remote.send("POST", f"/papers/{paper}/signing", wish)
        try:
            session, number = str(offer["session"]), str(offer["number"] or "")
            beside = offer.get("annex")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise No("strange_answer", server=self.remote.base) from None
        path = f"/papers/{paper}/signing/{quote(session, safe='')}/file"
        seen, content = self._seen(offer, path, f"{paper}-{self.action}.pdf")
        annex = None
        if beside is not None:
            name = f"{paper}-{self.action}-annex.pdf"
            annex, file = self._seen(beside, f"{path}?part=annex", name)
            if not annexes.belongs(file, carried(content).enclosed):
                raise Refused(Refusal("annex_of_another"))
        told = (seen.digest, seen.covered, number, seen.file, seen.gap)
        return Ready(paper, session, *told, annex)

    def _seen(self, offer: Any, path: str, name: str) -> tuple[Seen, bytes]:
        """One file of an offer, recomputed from its very bytes, and these; raises ``Refused``
        (``not_what_was_shown``) where the server told something else of it."""
        try:
            document = offer["document"]
            attributes = base64.b64decode(offer["signed_attributes"], validate=True)
            told = (str(offer["digest"]), str(document["digest"]), str(document["sha256"]))
            start, end = (int(place) for place in document["gap"])
        except (ValueError, TypeError, KeyError):
            raise No("strange_answer", server=self.remote.base) from None
        content = self.remote.content(path)
        seen = inspect(content, attributes, self.credential)
        file = hashlib.sha256(content).hexdigest()
        around = hashlib.sha256(content[:start] + content[end:]).digest()
        if told != (seen.digest.hex(), seen.covered.hex(), file) or around != seen.covered:
            raise Refused(Refusal("not_what_was_shown"))
        kept = self._keep(name, content)
        return Seen(seen.digest, seen.covered.hex(), kept, (start, end)), content

    def _keep(self, name: str, content: bytes) -> Path | None:
        """The very bytes, to be looked at with any reader before they are signed."""
        if self.previews is None:
            return None
        file = self.previews / name
        file.write_bytes(content)
        return file

    def _finish(self, ready: Ready, signer: TokenSigner) -> Result:
        session = quote(ready.session, safe="")
        try:
            body: dict[str, Any] = {
                "signature": _text(signer.sign_digest(ready.digest)),
                "certificates": [_text(der(signer.credential.certificate))],
            }
            if ready.annex is not None:
                body["annex_signature"] = _text(signer.sign_digest(ready.annex.digest))
            done = self.remote.send("PUT", f"/papers/{ready.paper}/signing/{session}", body)
            state = str(done["state_name"])
        except (EngineError, Answered, No) as error:
            return failed(ready.paper, error)
        except (TypeError, KeyError):
            return failed(ready.paper, No("strange_answer", server=self.remote.base))
        return Result(ready.paper, state, ready.covered, ready.number)


def _each(
    papers: Sequence[int | Ready], work: Callable[[int | Ready], Ready | Result]
) -> Iterator[Ready | Result]:
    """Does the work for one paper after another; after what ends a batch the rest is told the
    same without being tried."""
    ended: Result | None = None
    for one in papers:
        if ended:
            yield Result(_number(one), code=ended.code, detail=ended.detail)
            continue
        made = work(one)
        if isinstance(made, Result) and made.code in ENDING:
            ended = made
        yield made


def _number(one: int | Ready) -> int:
    return one if isinstance(one, int) else one.paper


def failed(paper: int, error: EngineError | Answered | No) -> Result:
    if isinstance(error, Answered):
        return Result(paper, code=error.code, detail=error.detail)
    if isinstance(error, No):
        return Result(paper, code=error.code, detail=error.sentence)
    return Result(paper, code=error.code, detail=say(error.refusals[0], language()))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()

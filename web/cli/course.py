"""A batch that the server keeps, signed by the token here: what is left of it, its start, its
stop, and the word to the server about every paper that was not signed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine import clock
from engine.errors import Refusal, Refused
from engine.signing.certificates import der, identity
from engine.signing.pkcs11 import Place, Wanted, opened
from engine.signing.signer import Credential
from web.cli.ceremony import ENDING, Allow, Ceremony, Ready, Result, failed
from web.cli.refusals import Answered, No
from web.cli.remote import Remote
from web.cli.words import text

LEFT_OUT, WAITING, DONE = "left_out", "waiting", "done"
SIGN = "sign"


@dataclass(frozen=True)
class Course:
    """One batch of the server, held with one certificate."""

    remote: Remote
    place: Place
    credential: Credential
    code: str
    previews: Path | None = None

    @cached_property
    def told(self) -> Mapping[str, Any]:
        """The batch as the server tells it; raises ``Answered`` or ``No``."""
        answer = self.remote.get(self._path)
        if not isinstance(answer, dict) or not {"action", "papers"} <= answer.keys():
            raise No("strange_answer", server=self.remote.base)
        return answer

    @property
    def action(self) -> str:
        return str(self.told["action"])

    @property
    def waiting(self) -> list[Mapping[str, Any]]:
        """The papers of the batch that are still to be done, in their order."""
        return [one for one in self.told["papers"] if one["outcome"] == WAITING]

    @property
    def names(self) -> dict[int, str]:
        """What each paper is called."""
        return {one["id"]: f"{one['kind_name']} · {one['about']}" for one in self.told["papers"]}

    @cached_property
    def _ceremony(self) -> Ceremony:
        return Ceremony(self.remote, self.credential, self.action, self.previews, self.code)

    @property
    def _path(self) -> str:
        return f"/ceremonies/{quote(self.code, safe='')}"

    def prepared(self) -> Iterator[int | Ready | Result]:
        """What is to be signed, as it was recomputed here, or why it is not. What is sealed
        carries a number, so it is prepared only in its turn: then the paper by its number.
        Raises ``Refused`` (``ceremony_ended``) when there is nothing left to do."""
        if self.told.get("state") == "ended":
            raise Refused(Refusal("ceremony_ended"))
        papers = [int(one["id"]) for one in self.waiting]
        if self.action != SIGN:
            yield from papers
            return
        for one in self._ceremony.preparing(papers):
            if isinstance(one, Result):
                self._tell(one)
            yield one

    def sign(
        self,
        papers: Sequence[int | Ready],
        pin: str,
        allow: Allow,
        *,
        last_try: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Result]:
        """Opens the token, once; starts the batch; then signs one after another and tells of
        each. Raises ``Refused``, ``Answered`` or ``No`` when nothing was begun."""
        wanted = Wanted(fingerprint=identity(self.credential.certificate).fingerprint)
        with opened(self.place, pin, wanted, clock.now(), last_try=last_try) as signer:
            certificate = base64.b64encode(der(self.credential.certificate)).decode()
            self.remote.send("PUT", self._path, {"do": "start", "certificates": [certificate]})
            why = ""
            try:
                for result in self._ceremony.sign(papers, signer, allow):
                    self._tell(result)
                    why = result.code if result.code in ENDING else why
                    yield result
                    if stopped():
                        break
            finally:
                self.stop(why)

    def rest(self, told: Collection[int]) -> list[Result]:
        """What became of the other papers when this was broken off, as the server tells it; where
        it does not answer, they are told as stopped."""
        begun = {one["id"] for one in self.waiting} - set(told)
        papers = self.told["papers"]
        with suppress(Answered, No):
            papers = self.remote.get(self._path)["papers"]
        return [self._rest(one) for one in papers if one["id"] in begun]

    @staticmethod
    def _rest(paper: Mapping[str, Any]) -> Result:
        id_, number = int(paper["id"]), str(paper["number"] or "")
        if paper["outcome"] == DONE:
            return Result(id_, text("signed_mark"), number=number)
        return failed(id_, Refused(Refusal("ceremony_stopped")))

    def stop(self, why: str = "") -> None:
        """Has the server stop the batch, if anything of it is left."""
        with suppress(Answered, No):
            self.remote.send("PUT", self._path, {"do": "stop", "why": why or None})

    def _tell(self, result: Result) -> None:
        if result.done or result.code in ENDING:
            return  # the server knows what was done; what ends a batch says nothing of a paper
        with suppress(Answered, No):
            self.remote.send("PUT", f"{self._path}/papers/{result.paper}", {"code": result.code})

"""Who is signed in: the person behind the browser's token, with the offices of today."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flask import g
from flask_login import UserMixin, current_user

from engine import clock
from engine.policy import Actor
from web.extensions import bureau, db, login
from workflows import reading, sign_ins

ADMIN = reading.ADMIN
READS_EVERYTHING = reading.READS_EVERYTHING


@dataclass
class SignedIn(UserMixin):  # type: ignore[misc]
    """The person of this request; plain values, so that a rollback changes nothing."""

    token: str
    account_id: int
    person_id: int
    name: str
    username: str

    def get_id(self) -> str:
        """What the cookie remembers: the token, never an account's number."""
        return self.token

    @cached_property
    def actor(self) -> Actor:
        """The person with the offices held today, asked for once a request."""
        return bureau().house.find_actor(db.session(), self.person_id, clock.today())

    @cached_property
    def reader(self) -> Actor:
        """The same without the administrator's office, which opens no file."""
        return reading.reader(self.actor)

    @property
    def reads_everything(self) -> bool:
        return reading.reads_everything(self.actor)

    @cached_property
    def units(self) -> tuple[int, ...]:
        """The units whose files this person may read: those of the offices, and those whose
        place they have taken, which left their files to them."""
        return reading.units_of(db.session(), self.actor, clock.today())


@login.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> SignedIn | None:
    known = sign_ins.find(db.session(), token)
    if known is None:
        return None
    return SignedIn(token, known.account_id, known.person_id, known.name, known.username)


def current() -> SignedIn | None:
    """Who is signed in, if anybody."""
    if "signed_in" not in g:
        g.signed_in = current_user._get_current_object() if current_user else None
        if not isinstance(g.signed_in, SignedIn):
            g.signed_in = None
    found: SignedIn | None = g.signed_in
    return found


def somebody() -> SignedIn:
    """Who is signed in, on a page that only signed-in people reach."""
    found = current()
    if found is None:
        raise LookupError("the access table let nobody in here")
    return found

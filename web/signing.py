"""Signatures by keys elsewhere, as the API and the pages tell of them."""

from __future__ import annotations

import base64
from typing import Any

from flask import url_for

from web.extensions import bureau, db
from web.identity import SignedIn
from web.inbox import batches, idle_states
from workflows.annexing import ANNEX
from workflows.queries import ceremonies, inbox
from workflows.signing_sessions import Offer, Part

Plain = dict[str, Any]

DIGEST = "sha256"
MOST = 1000


def waiting(person: SignedIn, language: str) -> Plain:
    """The papers that wait for this person's signature or seal, the nearest deadline first."""
    house = bureau().house
    idle = idle_states(house, person.actor)
    items = inbox.mine(db.session(), person.actor, idle=idle, limit=MOST).items
    about = ceremonies.all_about(db.session(), [item.subject_id for item in items])
    return {
        "papers": [
            {
                "id": item.subject_id,
                "action": batch.action,
                "kind": item.paper_kind,
                "kind_name": house.kinds[item.paper_kind].label[language],
                "authority_name": item.authority,
                "about": about[item.subject_id],
                "version": item.version,
                "listed": item.listed,
                "due_at": item.due_at.isoformat() if item.due_at else None,
            }
            for batch in batches(house, items)
            for item in batch.items
        ]
    }


def offer(made: Offer) -> Plain:
    """What the holder of a key is asked to sign, with all that is needed to recompute it."""
    place: Plain = {"id": made.paper_id, "session": made.code}
    return {
        "session": made.code,
        "action": made.action,
        "digest": made.digest,
        "digest_algorithm": DIGEST,
        "signed_attributes": base64.b64encode(made.attributes).decode(),
        "expires": made.expires_at.isoformat(),
        "number": made.number or None,
        "document": _document(made, url_for("api.signing_file", **place)),
        "annex": _annex(made.annex, url_for("api.signing_file", part=ANNEX, **place)),
    }


def _annex(part: Part | None, address: str) -> Plain | None:
    """The annex that the same key signs in the same step, if there is one."""
    if part is None:
        return None
    return {
        "digest": part.digest,
        "signed_attributes": base64.b64encode(part.attributes).decode(),
        "document": _document(part, address),
    }


def _document(made: Offer | Part, address: str) -> Plain:
    return {
        "file": address,
        "sha256": made.document,
        "size": made.size,
        "gap": list(made.gap),
        "digest": made.covered,
    }

"""The schemas of what the API takes and answers, by the names its description uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
ANYTHING: Schema = {"type": "object"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
CERTIFICATES: Schema = {
    "type": "array",
    "items": BASE64,
    "description": "DER certificates, the holder's first, then those above it",
}


def thing(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


def or_null(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [schema["type"], "null"]}


def many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_PLACED = {"area_name": TEXT, "commune_name": TEXT, "cycle": COUNT}
_STANDING = {"state": TEXT, "state_name": TEXT, "version": COUNT}
_NUMBERED = {"number": or_null(TEXT), "issued_on": or_null(DAY)}

SCHEMAS: Mapping[str, Schema] = {
    "Anything": ANYTHING,
    "Row": thing(
        {
            "id": COUNT,
            "area_code": TEXT,
            **_PLACED,
            "regime": TEXT,
            **_STANDING,
            "entered_at": MOMENT,
            "due_at": or_null(MOMENT),
        }
    ),
    "NominationPage": thing(
        {"total": COUNT, "next": or_null(COUNT), "nominations": many(ref("Row"))}
    ),
    "Waiting": thing(
        {
            "role": TEXT,
            "role_name": TEXT,
            "unit_name": or_null(TEXT),
            "person": or_null(TEXT),
        }
    ),
    "Event": thing(
        {
            "version": COUNT,
            "at": MOMENT,
            "action": TEXT,
            "label": TEXT,
            "from": TEXT,
            "to": TEXT,
            "person": or_null(TEXT),
            "office": or_null(ANYTHING),
            "duty": or_null(TEXT),
            "data": ANYTHING,
            "hash": TEXT,
        }
    ),
    "ListedPaper": thing(
        {
            "id": COUNT,
            "kind": TEXT,
            "kind_name": TEXT,
            "state": TEXT,
            **_NUMBERED,
            "authority_name": TEXT,
        }
    ),
    "ListedNomination": thing({"id": COUNT, **_PLACED, "state": TEXT}),
    "File": thing(
        {"stage": TEXT, "level": or_null(TEXT), "sha256": TEXT, "size": COUNT, "at": MOMENT}
    ),
    "Nomination": thing(
        {
            "id": COUNT,
            "area": TEXT,
            "commune": TEXT,
            **_PLACED,
            "regime": TEXT,
            "definition": TEXT,
            "regime_digest": TEXT,
            **_STANDING,
            "entered_at": MOMENT,
            "due_at": or_null(MOMENT),
            "waiting_on": many(ref("Waiting")),
            "history": many(ref("Event")),
            "papers": many(ref("ListedPaper")),
        }
    ),
    "Paper": thing(
        {
            "id": COUNT,
            "kind": TEXT,
            "kind_name": TEXT,
            "code": TEXT,
            "authority": TEXT,
            "authority_name": TEXT,
            **_NUMBERED,
            **_STANDING,
            "level": or_null(TEXT),
            "files": many(ref("File")),
            "nominations": many(ref("ListedNomination")),
            "amends": or_null(ref("Amended")),
            "changes": many(ref("Change")),
            "rests_on_fallen": many(ref("Fallen")),
            "waiting_on": many(ref("Waiting")),
            "history": many(ref("Event")),
        }
    ),
    "Amended": thing({"act": TEXT, "id": COUNT, "paper": TEXT, "number": TEXT}),
    "Change": thing(
        {
            "act": TEXT,
            "paper": TEXT,
            "number": TEXT,
            "issued_on": DAY,
            "reason": TEXT,
            "effect_on": or_null(DAY),
            "errata": many(ref("Erratum")),
        }
    ),
    "Erratum": thing({"place": TEXT, "printed": TEXT, "correct": TEXT}),
    "Fallen": thing({"id": or_null(COUNT), "number": TEXT, "state": TEXT, "year": or_null(COUNT)}),
    "TableRow": thing({"id": TEXT, "label": TEXT}),
    "Field": thing(
        {"id": TEXT, "type": TEXT, "label": TEXT, "required": FLAG},
        choices=many(TEXT),
        rows=many(ref("TableRow")),
        columns=many(ref("Field")),
    ),
    "Refusal": thing(
        {"code": TEXT, "detail": TEXT, "clause": or_null(TEXT), "field": or_null(TEXT)}
    ),
    "Option": thing(
        {
            "action": TEXT,
            "label": TEXT,
            "to": TEXT,
            "open": FLAG,
            "refusals": many(ref("Refusal")),
            "fields": many(ref("Field")),
        }
    ),
    "Moves": thing({"id": COUNT, "state": TEXT, "version": COUNT, "moves": many(ref("Option"))}),
    "Move": thing(
        {"action": TEXT},
        version=or_null(COUNT),
        data=ANYTHING,
        key=or_null({"type": "string", "maxLength": 80}),
    ),
    "PaperMove": thing(
        {"action": TEXT},
        version=or_null(COUNT),
        data=ANYTHING,
        key=or_null({"type": "string", "maxLength": 80}),
        pin=or_null(TEXT),
    ),
    "WaitingPapers": thing({"papers": many(ref("WaitingPaper"))}),
    "WaitingPaper": thing(
        {
            "id": COUNT,
            "action": TEXT,
            "kind": TEXT,
            "kind_name": TEXT,
            "authority_name": TEXT,
            "about": TEXT,
            "version": COUNT,
            "listed": COUNT,
            "due_at": or_null(MOMENT),
        }
    ),
    "SigningWish": thing(
        {"certificates": CERTIFICATES}, action=or_null(TEXT), ceremony=or_null(TEXT)
    ),
    "Ceremony": thing(
        {
            "code": TEXT,
            "action": TEXT,
            "state": TEXT,
            "halt": or_null(TEXT),
            "fingerprint": or_null(TEXT),
            "counts": ANYTHING,
            "papers": many(ref("CeremonyPaper")),
        }
    ),
    "CeremonyPaper": thing(
        {
            "id": COUNT,
            "kind": TEXT,
            "kind_name": TEXT,
            "about": TEXT,
            "outcome": TEXT,
            "number": or_null(TEXT),
            "code": or_null(TEXT),
            "detail": or_null(TEXT),
        }
    ),
    "CeremonyWish": thing({"do": TEXT}, certificates=CERTIFICATES, why=or_null(TEXT)),
    "CeremonyOutcome": thing({"code": TEXT}),
    "SigningOffer": thing(
        {
            "session": TEXT,
            "action": TEXT,
            "digest": TEXT,
            "digest_algorithm": TEXT,
            "signed_attributes": BASE64,
            "expires": MOMENT,
            "number": or_null(TEXT),
            "document": ref("Prepared"),
            "annex": or_null(ref("PreparedAnnex")),
        }
    ),
    "PreparedAnnex": thing(
        {
            "digest": TEXT,
            "signed_attributes": BASE64,
            "document": ref("Prepared"),
        }
    ),
    "Prepared": thing(
        {"file": TEXT, "sha256": TEXT, "size": COUNT, "gap": many(COUNT), "digest": TEXT}
    ),
    "Document": {"type": "string", "format": "binary"},
    "Signature": thing(
        {"signature": BASE64}, certificates=CERTIFICATES, annex_signature=or_null(BASE64)
    ),
    "Outcome": thing({"id": COUNT, "action": TEXT, **_STANDING, "again": FLAG}),
    "Checkpoint": thing(
        {
            "origin": TEXT,
            "size": COUNT,
            "root": TEXT,
            "at": MOMENT,
            "checkpoint": TEXT,
            "key": TEXT,
        }
    ),
    "LogEntry": thing(
        {
            "index": COUNT,
            "at": MOMENT,
            "event": TEXT,
            "leaf": TEXT,
            "hash": TEXT,
            "size": COUNT,
            "path": many(TEXT),
            "proof": TEXT,
        }
    ),
    "LogProof": thing(
        {"paper": TEXT, "entries": many(ref("LogEntry")), "checkpoint": TEXT, "key": TEXT}
    ),
    "LogConsistency": thing(
        {"first": COUNT, "second": COUNT, "path": many(TEXT), "checkpoint": TEXT, "key": TEXT}
    ),
    "Seen": thing({"version": COUNT, "action": TEXT, "to": TEXT}),
    "Problem": thing(
        {
            "type": TEXT,
            "title": TEXT,
            "status": COUNT,
            "code": TEXT,
            "detail": TEXT,
            "clause": or_null(TEXT),
            "refusals": many(ref("Refusal")),
        },
        since=many(ref("Seen")),
    ),
}

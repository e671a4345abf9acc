"""The API described as OpenAPI 3.1, made from the table that also makes its routes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web.schemas import COUNT, SCHEMAS, TEXT, Schema, ref

PREFIX = "/api/v1"
JSON = "application/json"
PROBLEM = "application/problem+json"
PDF = "application/pdf"
CODES = frozenset({"session", "code"})
"""Parts of a path that are codes; all others are numbers."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the API does. ``answers`` names the schema of its 200, ``takes`` that of its
    body; ``refuses`` are the statuses it may answer besides."""

    method: str
    path: str
    name: str
    summary: str
    answers: str
    takes: str = ""
    query: tuple[str, ...] = ()
    media: str = JSON
    refuses: tuple[int, ...] = (401, 403, 404)
    public: bool = False

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return re.sub(r"\{(\w+)\}", _place, self.path)


def _place(name: re.Match[str]) -> str:
    return f"<string:{name[1]}>" if name[1] in CODES else f"<int:{name[1]}>"


MOVING = (400, 401, 403, 404, 409, 415, 422)

SIGNING = (
    Operation(
        "GET",
        "/papers",
        "waiting_papers",
        "The papers that wait for this person's signature or seal",
        "WaitingPapers",
        refuses=(401,),
    ),
    Operation(
        "POST",
        "/papers/{id}/signing",
        "begin_signing",
        "Prepare a paper for a key that is elsewhere; the act is the next one if not named",
        "SigningOffer",
        takes="SigningWish",
        refuses=MOVING,
    ),
    Operation(
        "GET",
        "/papers/{id}/signing/{session}/file",
        "signing_file",
        "The very bytes that the signature will cover, with room for it; or the annex's",
        "Document",
        query=("part",),
        media=PDF,
        refuses=(401, 403, 404, 422),
    ),
    Operation(
        "PUT",
        "/papers/{id}/signing/{session}",
        "finish_signing",
        "Hand in the signature; the paper moves when everything about it is right",
        "Outcome",
        takes="Signature",
        refuses=MOVING,
    ),
)

CEREMONIES = (
    Operation(
        "GET",
        "/ceremonies/{code}",
        "ceremony",
        "One act over many papers: which papers, and what came of each",
        "Ceremony",
    ),
    Operation(
        "PUT",
        "/ceremonies/{code}",
        "act_in_ceremony",
        "Start it with the one certificate it is held with, or stop it",
        "Ceremony",
        takes="CeremonyWish",
        refuses=MOVING,
    ),
    Operation(
        "PUT",
        "/ceremonies/{code}/papers/{id}",
        "tell_ceremony",
        "Tell why a paper was left out or could not be signed; what was done the server knows",
        "Ceremony",
        takes="CeremonyOutcome",
        refuses=MOVING,
    ),
)

OPERATIONS = (
    Operation(
        "GET", "/openapi.json", "openapi", "This description", "Anything", refuses=(), public=True
    ),
    Operation(
        "GET",
        "/nominations",
        "nominations",
        "The nominations this person may read, a page at a time",
        "NominationPage",
        query=("state", "commune", "year", "limit", "offset"),
        refuses=(400, 401),
    ),
    Operation("GET", "/nominations/{id}", "nomination", "One nomination, whole", "Nomination"),
    Operation(
        "GET",
        "/nominations/{id}/moves",
        "nomination_moves",
        "What this person may do now, and for what they may not, why",
        "Moves",
    ),
    Operation(
        "POST",
        "/nominations/{id}/moves",
        "move_nomination",
        "Make a move with a nomination, as it was at the version (or If-Match) told",
        "Outcome",
        takes="Move",
        refuses=MOVING,
    ),
    Operation("GET", "/papers/{id}", "paper", "One paper, whole", "Paper"),
    Operation(
        "GET",
        "/papers/{id}/moves",
        "paper_moves",
        "What this person may do with the paper now, and for what they may not, why",
        "Moves",
    ),
    Operation(
        "POST",
        "/papers/{id}/moves",
        "move_paper",
        "Make a move with a paper, as it was at the version (or If-Match) told; sign and issue "
        "need the PIN of a key kept here",
        "Outcome",
        takes="PaperMove",
        refuses=MOVING,
    ),
    *SIGNING,
    *CEREMONIES,
    Operation(
        "GET",
        "/log/checkpoint",
        "log_checkpoint",
        "The newest signed head of the log of papers",
        "Checkpoint",
        refuses=(404,),
        public=True,
    ),
    Operation(
        "GET",
        "/log/proof/{code}",
        "log_proof",
        "What the log tells of a paper, with the proof of each entry",
        "LogProof",
        refuses=(404,),
        public=True,
    ),
    Operation(
        "GET",
        "/log/consistency/{first}",
        "log_consistency",
        "The proof that the newest head continues the log of that size",
        "LogConsistency",
        refuses=(404,),
        public=True,
    ),
)

MEANINGS = {
    400: "The request cannot be read",
    401: "Nobody is signed in, or the name and password are wrong",
    403: "Not yours to do or to read",
    404: "There is no such thing",
    409: "Not from here, or someone moved this first",
    415: "The body is not JSON",
    422: "Refused, with every reason",
    429: "Too many wrong passwords; wait",
}

QUERY: Mapping[str, Schema] = {
    "state": TEXT,
    "commune": {"type": "string", "description": "the code of a commune"},
    "part": {"type": "string", "enum": ["paper", "annex"], "default": "paper"},
    "year": {"type": "integer"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
}


def describe(base_url: str, cookie: str) -> Schema:
    """The whole description, for this installation; ``cookie`` names that of its session."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bình Xét", "version": "1"},
        "servers": [{"url": f"{base_url}{PREFIX}"}],
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "the site's own session; a POST also needs X-CSRFToken",
                },
            },
        },
        "security": [{"password": []}, {"session": []}],
    }


def _operation(operation: Operation) -> Schema:
    told: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query)],
        "responses": {
            "200": _response("Done", operation.media, operation.answers),
            **_refusals(operation),
        },
    }
    if operation.public:
        told["security"] = []
    if operation.takes:
        body = {JSON: {"schema": ref(operation.takes)}}
        told["requestBody"] = {"required": True, "content": body}
    return told


def _refusals(operation: Operation) -> Schema:
    statuses = [*operation.refuses, *([] if operation.public else [429])]
    return {str(status): _response(MEANINGS[status], PROBLEM, "Problem") for status in statuses}


def _response(description: str, kind: str, schema: str) -> Schema:
    return {"description": description, "content": {kind: {"schema": ref(schema)}}}


def _path_parameters(path: str) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": TEXT if name in CODES else COUNT}
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(names: Sequence[str]) -> list[Schema]:
    return [{"name": name, "in": "query", "schema": QUERY[name]} for name in names]

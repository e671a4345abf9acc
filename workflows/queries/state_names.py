"""Where nominations stand, in words, as of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from engine.house import House
from workflows import wording
from workflows.queries.cases import Case
from workflows.queries.handed import of_the_province
from workflows.queries.listing import Row
from workflows.results import kept_until


class Standing(NamedTuple):
    """A file and the state of its definition in which it stands."""

    id: int
    digest: str
    state: str


def state_names(
    session: Session, house: House, cases: Sequence[Case | Row | Standing], language: str
) -> Mapping[int, str]:
    """The name of each one's state by its id, as it reads where the province has taken the
    place of a district; where a revocation has its effect on a day to come, until when the
    recognition still counts. One query for each of these."""
    states = {one.id: house.definition(one.digest).by_state[one.state] for one in cases}
    for id in of_the_province(session, states):
        told = wording.of_province(states[id].label)
        states[id] = states[id].model_copy(update={"label": told})
    revoked = [id for id, state in states.items() if state.outcome == "revoked"]
    kept = kept_until(session, revoked)
    return {id: wording.state_name(one, language, kept.get(id)) for id, one in states.items()}

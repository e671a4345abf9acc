"""Whoever rewrites the past of a unit, or what it is today, is found out."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.db import writing
from tests.workflows.places import Country, settle
from workflows.territory import acts
from workflows.territory.orders import Order
from workflows.territory.rechecking import UNIT, units

REWRITTEN = (
    "UPDATE units SET parent_id = {district} WHERE id = {area}",
    "UPDATE units SET name = 'Thôn khác' WHERE id = {area}",
    "UPDATE units SET code = '99999' WHERE id = {area}",
    "UPDATE units SET starts_on = '1990-01-01' WHERE id = {area}",
    "UPDATE units SET ends_on = '2999-01-01' WHERE id = {area}",
    "UPDATE unit_spans SET parent_id = {district} WHERE unit_id = {area} AND ends_on IS NULL",
    "UPDATE unit_spans SET ends_on = '2019-12-01' WHERE unit_id = {area} AND ends_on IS NOT NULL",
    "UPDATE unit_spans SET act_id = NULL WHERE unit_id = {area}",
)


@pytest.fixture
def renamed(session: Session) -> Country:
    """An area that had another name until the end of 2019."""
    with writing(session):
        made = settle(session)
    order = {
        "act": "rename",
        "units": [made.areas[0]],
        "into": [{"name": "Thôn Đông"}],
        "deed": {"effective_on": "2020-01-01"},
    }
    acts.decree(session, [Order.model_validate(order)])
    return made


@pytest.mark.parametrize("change", REWRITTEN)
def test_a_unit_is_what_its_past_tells(renamed: Country, session: Session, change: str) -> None:
    assert list(units(session)) == []
    with writing(session):
        places = {"area": renamed.areas[0], "district": renamed.district}
        assert session.connection().execute(text(change.format(**places))).rowcount
    (found,) = units(session)
    assert (found.code, found.detail.split()[0]) == (UNIT, str(renamed.areas[0]))

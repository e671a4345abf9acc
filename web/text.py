"""How dates, terms and texts are written on the pages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Flask

from engine import clock
from engine.definition import Words
from engine.errors import Refusal
from web.catalogue import gettext, ngettext
from web.extensions import language
from workflows import wording
from workflows.hints import Hint


def day(value: date | datetime | str | None) -> str:
    """``05/11/2026``; nothing for nothing, and what is no date as it is."""
    if not value:
        return ""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = clock.law_date(value)
    return value.strftime("%d/%m/%Y")


def moment(value: datetime | str | None) -> str:
    """``14:03 05/11/2026``, in Vietnam."""
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(clock.VIETNAM).strftime("%H:%M %d/%m/%Y")


def last_day(due_at: datetime) -> date:
    """The last day of a term that ends at this instant."""
    return clock.law_date(due_at - timedelta(microseconds=1))


def days_left(due_at: datetime) -> int:
    """Days until the last day of a term; negative when it has passed."""
    return (last_day(due_at) - clock.today()).days


def term(due_at: datetime | None) -> str:
    """The time left, in words."""
    if due_at is None:
        return gettext("không có hạn")
    left = days_left(due_at)
    if left < 0:
        return ngettext("quá hạn %(num)d ngày", "quá hạn %(num)d ngày", -left)
    if left == 0:
        return gettext("hôm nay là hạn chót")
    if left == 1:
        return gettext("ngày mai là hạn chót")
    return ngettext("còn %(num)d ngày", "còn %(num)d ngày", left)


def urgency(due_at: datetime) -> str:
    """How a term looks: ``late``, ``soon`` or ``calm``."""
    left = days_left(due_at)
    return "late" if left < 0 else "soon" if left <= 2 else "calm"


def since(value: datetime) -> str:
    """How long ago something began, in days."""
    days = (clock.today() - clock.law_date(value)).days
    if days <= 0:
        return gettext("từ hôm nay")
    return ngettext("đã %(num)d ngày", "đã %(num)d ngày", days)


def words(value: Words | None) -> str:
    """A text of a definition in the language of the page."""
    return value[language()] if value else ""


def said(refusal: Refusal) -> str:
    """A refusal as a sentence in the language of the page."""
    return wording.say(refusal, language())


def named(refusal: Refusal) -> str:
    """The same after the name of its input, for a page that shows no form."""
    return wording.named(refusal, language())


def told(hint: Hint) -> str:
    """What is to be known before a form, as a sentence in the language of the page."""
    return wording.tell(hint, language())


def role(name: str) -> str:
    """A role's name in the language of the page."""
    return wording.role_name(name, language())


def level(name: str) -> str:
    """A level's name in the language of the page."""
    return wording.level_name(name, language())


def move_name(action: str) -> str:
    """A move that no definition has, in the language of the page."""
    return wording.name_of("moves", action, language())


def telephone(number: str) -> str:
    """A number as a telephone dials it."""
    return "".join(sign for sign in number if sign.isdigit() or sign == "+")


def attach(app: Flask) -> None:
    """Makes these known to the templates."""
    filters: dict[str, Any] = {
        "day": day,
        "moment": moment,
        "term": term,
        "urgency": urgency,
        "last_day": last_day,
        "since": since,
        "words": words,
        "said": said,
        "told": told,
        "role": role,
        "level": level,
        "move_name": move_name,
        "telephone": telephone,
    }
    app.jinja_env.filters.update(filters)

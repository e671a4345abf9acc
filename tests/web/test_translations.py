"""The two languages of the screens."""

from __future__ import annotations

from pathlib import Path

from web import catalogue


def test_every_text_has_its_english_and_no_english_is_left_over() -> None:
    assert catalogue.problems() == []


def test_a_text_without_english_is_found(tmp_path: Path) -> None:
    source = tmp_path / "templates" / "pages"
    source.mkdir(parents=True)
    (source / "a.html").write_text("{{ _('Xin chào %(name)s', name=1) }}", encoding="utf-8")
    po = tmp_path / "messages.po"
    po.write_text('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n')
    assert catalogue.problems(tmp_path, po) == [
        "templates/pages/a.html: no English for 'Xin chào %(name)s'"
    ]
    catalogue.renew(tmp_path, po)
    assert catalogue.problems(tmp_path, po) == [
        "messages.po: empty English for 'Xin chào %(name)s'"
    ]
    text = po.read_text(encoding="utf-8")
    po.write_text(text.replace('msgstr ""\n\n', "", 1), encoding="utf-8")
    filled = text.rstrip() + "\n"
    po.write_text(filled[: filled.rindex('msgstr ""')] + 'msgstr "Hello"\n', encoding="utf-8")
    assert catalogue.problems(tmp_path, po) == [
        "messages.po: other placeholders in the English of 'Xin chào %(name)s'"
    ]

"""A page is taken apart at its marks, and only at them."""

from __future__ import annotations

from engine.papers import marks
from engine.papers.marks import Page, Run

HEAD = '<html><head><title>{}</title>\n<meta name="author" content="{}"></head><body>'


def page(inside: str, title: str = "T", author: str = "A") -> Page | None:
    return marks.apart(f"{HEAD.format(title, author)}{inside}</body></html>")


def apart(inside: str, title: str = "T", author: str = "A") -> Page:
    found = page(inside, title, author)
    assert found is not None
    return found


def test_a_page_that_marks_nothing_is_not_taken_apart() -> None:
    assert page("<p class='a'>y</p>") is None
    assert page("<p data-fill></p>") is None
    assert page("<p data-fill>a <i>b</i></p><p>c</p>") is None
    assert page("<p data-fill>a</p>" * 500) is None


def test_texts_are_told_from_their_skeleton() -> None:
    one = apart("<p data-fill> a\n &lt;b&gt; </p><td>1</td>", "T &amp; t", "A &#34;")
    assert (one.title, one.author) == ("T & t", 'A "')
    assert one.blocks[0].segments == ((Run("a <b>", False),),)
    assert apart("<p data-fill>c</p><td>1</td>", "U", "B").pieces == one.pieces
    assert apart("<p data-fill>c</p><td>2</td>", "U", "B").pieces != one.pieces


def test_runs_and_forced_ends_are_kept() -> None:
    (block,) = apart("<p data-fill><b>Điều 1.</b> Công\nnhận<br>hai</p>").blocks
    assert block.segments == (
        (Run("Điều 1.", True), Run(" Công nhận", False)),
        (Run("hai", False),),
    )


def test_shapes_differ_in_what_is_bold() -> None:
    one, other = apart("<p data-fill><b>a</b></p>"), apart("<p data-fill>a</p>")
    assert (one.pieces, one.ones) == (other.pieces, other.ones)
    assert one.looks != other.looks


def test_a_field_ends_a_line() -> None:
    found = apart('<p data-fill>Nga An, <a class="field" id="date" title="x"></a></p>')
    assert found.blocks[0].segments == ((Run("Nga An, ", False),),)
    assert found.blocks[0].field == "date"
    assert f'{marks.code(2)} <a class="field"' in found.shape(found.ones)


def test_a_shape_has_a_stand_in_for_each_line() -> None:
    found = apart('<p style="x: y" data-fill><b>1.</b> a</p><td data-fill>b</td>')
    codes = [marks.code(number) for number in range(2, 6)]
    assert marks.runs_of(found, ((2,), (1,))) == 4
    assert (
        f'<p style="white-space: pre-line; x: y" data-fill="0"><b>{codes[0]}</b> '
        f'{codes[1]}\n{codes[2]}</p><td data-fill="1">{codes[3]}</td>'
    ) in found.shape(((2,), (1,)))


def test_a_place_is_told_by_what_is_around_it() -> None:
    rows = "<table><colgroup>{}</colgroup><tr><td data-fill>a</td><td data-fill>b</td></tr></table>"
    first, second = apart(rows.format("<col>")).blocks
    assert first.where != second.where
    assert apart(rows.format("<col><col>")).blocks[0].where != first.where
    assert apart("<p>x</p>" + rows.format("<col>")).blocks[0].where == first.where

"""The hidden marker: it names an effect without saying anything, and others cannot smuggle one in."""

from hypothesis import given
from hypothesis import strategies as st

from core.markers import carries, marked, marker

KEY = "run:r1:status"


def test_a_marked_body_carries_its_own_key_and_no_other() -> None:
    body = marked("Done.\n", KEY)
    assert body.startswith("Done.\n\n<!-- pullwright ")
    assert carries(body, KEY)
    assert not carries(body, "run:r2:status")


@given(st.text())
def test_no_text_of_a_key_reaches_the_comment(key: str) -> None:
    hidden = marker(key)
    assert len(hidden) == len(marker(""))
    assert hidden.count("-->") == 1

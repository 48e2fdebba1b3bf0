"""Goals: a judgement is read from hostile output, and three scores alike end the trying."""

import pytest

from core.goals import Judgement, JudgementUnreadable, converged, judgement


def test_the_last_line_of_json_is_the_judgement() -> None:
    output = 'collecting …\n{"score": 10}\nnoise\n{"score": 80, "gaps": ["no test for empty input"]}\n'
    assert judgement(output) == Judgement(score=80, gaps=("no test for empty input",))


@pytest.mark.parametrize(
    "output",
    ["", "80", '{"score": 101}', '{"score": "high"}', '{"score": 5, "more": 1}', '{"score": NaN}', "{" * 9_999],
)
def test_what_is_no_judgement_fails_the_step_and_is_shown(output: str) -> None:
    with pytest.raises(JudgementUnreadable, match=r"The command of `goal` printed no judgement\.") as failed:
        judgement(output)
    assert failed.value.evidence == output[-2_000:]


@pytest.mark.parametrize(
    ("scores", "over"),
    [([], False), ([50, 50], False), ([50, 51, 52], True), ([50, 53, 52], False), ([0, 60, 61, 60.5], True)],
)
def test_three_scores_alike_end_the_trying(scores: list[float], over: bool) -> None:
    assert converged(scores) is over

"""What the loop itself says to a model between turns."""

from collections.abc import Iterable


def call_a_tool(names: Iterable[str]) -> str:
    return (
        "Your reply called no tool, so nothing happened. Every reply must call one of: "
        f"{', '.join(names)}. When the work is finished, call `submit`."
    )


def same_again(times: int) -> str:
    return (
        f"You have made this very call {times} times, with this very result. Once more and the work is stopped. "
        "Do something different."
    )


def few_turns_left(turns: int) -> str:
    return f"{turns} turns are left. Finish what you are doing and call `submit`."

"""Exercises of lesson 04: an event loop of one's own, two waits that overlap, and async code called from a cell."""

import asyncio
import inspect
from collections.abc import Callable, Generator
from typing import Any

from helpers.agents import AsyncAgent, questions
from helpers.exercises.exercise import Exercise, Finding, Trial
from helpers.exercises.judges import answers, describe, peak, remedy

# Each coroutine of the first exercise pauses so often and so long (seconds); no two of them are ready together.
PAUSES = {"A": (0.12, 0.12), "B": (0.03, 0.03), "C": (0.18,)}
ORDER = "A B C B B A C A".split()


class Pause:
    """`await Pause(0.2)` pauses the coroutine and says for how long, as in the lesson."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def __await__(self) -> Generator[float, None, None]:
        yield self.seconds


def _three_coroutines(function: Callable, trial: Trial) -> Any:
    diary = trial.kept["diary"] = []

    async def walk(name: str) -> str:
        for seconds in PAUSES[name]:
            diary.append(name)
            await Pause(seconds)
        diary.append(name)
        return name.lower()

    coroutines = [walk(name) for name in PAUSES]
    try:
        return function(coroutines)
    finally:
        for coroutine in coroutines:
            coroutine.close()


def _in_their_order(trial: Trial) -> Finding | None:
    diary = trial.kept["diary"]
    if diary == ORDER:
        return None
    seen = f"they ran in the order {' '.join(diary) or '(nobody ran)'}"
    if diary == sorted(diary) and len(diary) == len(ORDER):
        look = "who runs while the first one waits: each ran to its end before the next began."
    elif len(diary) < len(ORDER):
        look = "the end of your loop: not everybody ran to the end."
    else:
        look = "whose turn it is: the one whose pause ends first, not the one that stands first."
    return Finding(f"the order {' '.join(ORDER)}, by the end of each pause", seen, look)


def _their_results(trial: Trial) -> Finding | None:
    if trial.returned == ["a", "b", "c"]:
        return None
    seen = f"your function returned {describe(trial.returned)}"
    look = (
        "StopIteration: its `value` is what the coroutine returned; and each result has its place."
    )
    return Finding("the results ['a', 'b', 'c'], in the order of the coroutines", seen, look)


async def _two_questions(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(2, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, *trial.questions)


def _inside_a_loop(function: Callable, trial: Trial) -> Any:
    """Called as a cell calls it: synchronously, in a thread whose loop is running."""
    trial.questions = questions(1, kind="lookup")

    async def ask(question: str) -> Any:
        async with AsyncAgent(trial.base_url, record=trial.record) as agent:
            answer = trial.kept["answer"] = await agent.ask(question)
        return answer

    async def cell() -> Any:
        result = function(ask, trial.questions[0])
        if inspect.iscoroutine(result):
            result.close()
        elif isinstance(result, asyncio.Future):
            result.cancel()
        return result

    return asyncio.run(cell())


def _an_answer(trial: Trial) -> Finding | None:
    if trial.returned is not None and trial.returned is trial.kept.get("answer"):
        return None
    return Finding(
        "the answer itself",
        f"your function returned {describe(trial.returned)}",
        remedy(trial.returned),
    )


def _loops_do_not_nest(error: BaseException, trial: Trial) -> Finding | None:
    if not isinstance(error, RuntimeError) or "event loop" not in str(error):
        return None
    look = "the thread: a loop runs in this one already, but another thread has none yet."
    return Finding(
        "an answer, although a loop is running", f"it raised RuntimeError: {error}", look
    )


EXERCISES = [
    Exercise(
        "4.1",
        "an event loop",
        "run_together(coroutines)",
        _three_coroutines,
        [_in_their_order, _their_results],
        "each coroutine went on when its pause was over, and all three results came back.",
        seconds=5.0,
    ),
    Exercise(
        "4.2",
        "two waits at once",
        "ask_both(ask, first, second)",
        _two_questions,
        [answers, peak(2, 2)],
        "2 questions in flight at once, 2 answers.",
        llm={"latency": 0.1},
    ),
    Exercise(
        "4.3",
        "async code from a cell without await",
        "ask_now(ask, question)",
        _inside_a_loop,
        [_an_answer],
        "the answer came, although a loop was running already.",
        llm={"latency": 0.05},
        seconds=1.5,
        on_error=_loops_do_not_nest,
    ),
]

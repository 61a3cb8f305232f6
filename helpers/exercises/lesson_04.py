"""Exercises of lesson 04: an event loop of one's own, two waits at once, async code from a cell."""

import asyncio
import inspect
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from helpers.agents import Answer, AsyncAgent, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, describe, peak, remedy
from helpers.exercises.trial import Evidence, Trial

# Each coroutine pauses so often and so long (seconds); no two of them are ready together.
PAUSES = {"A": (0.12, 0.12), "B": (0.03, 0.03), "C": (0.18,)}
# Ready at: A 0, 0.12, 0.24; B 0, 0.03, 0.06; C 0, 0.18.
ORDER = ["A", "B", "C", "B", "B", "A", "C", "A"]
RESULTS = ["a", "b", "c"]


class Pause:
    """`await Pause(0.2)` pauses the coroutine and says for how long, as in the lesson."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def __await__(self) -> Generator[float, None, None]:
        yield self.seconds


@dataclass
class Diary:
    """Who ran, in the order in which they ran."""

    turns: list[str] = field(default_factory=list)


def _three_coroutines(function: Callable, trial: Trial[Diary]) -> Any:
    trial.observed = diary = Diary()

    async def walk(name: str) -> str:
        for seconds in PAUSES[name]:
            diary.turns.append(name)
            await Pause(seconds)
        diary.turns.append(name)
        return name.lower()

    coroutines = [walk(name) for name in PAUSES]
    try:
        return function(coroutines)
    finally:
        for coroutine in coroutines:
            coroutine.close()  # or Python warns of those that nobody ran


def _in_their_order(evidence: Evidence[Diary]) -> Finding | None:
    turns = evidence.observed.turns
    if turns == ORDER:
        return None
    if turns == sorted(turns) and len(turns) == len(ORDER):
        look = "who runs while the first one waits: each ran to its end before the next began."
    elif len(turns) < len(ORDER):
        look = "the end of your loop: not everybody ran to the end."
    else:
        look = "whose turn it is: the one whose pause ends first, not the one that stands first."
    return Finding(
        f"the order {' '.join(ORDER)}, by the end of each pause",
        f"they ran in the order {' '.join(turns) or '(nobody ran)'}",
        look,
    )


def _their_results(evidence: Evidence) -> Finding | None:
    if evidence.returned == RESULTS:
        return None
    return Finding(
        f"the results {RESULTS}, in the order of the coroutines",
        f"your function returned {describe(evidence.returned)}",
        "StopIteration: its `value` is what the coroutine returned; and each result has its place.",
    )


async def _two_questions(function: Callable, trial: Trial) -> Any:
    trial.questions = questions(2, kind="lookup")
    async with trial.ask_async() as ask:
        return await function(ask, *trial.questions)


@dataclass
class Answered:
    """The answer that the agent gave, None until it has given one."""

    answer: Answer | None = None


def _inside_a_loop(function: Callable, trial: Trial[Answered]) -> Any:
    """Called as a cell calls it: synchronously, in a thread whose loop is running."""
    trial.questions = questions(1, kind="lookup")
    trial.observed = Answered()

    async def ask(question: str) -> Answer:
        async with AsyncAgent(trial.base_url, record=trial.record_or_stop) as agent:
            trial.observed.answer = await agent.ask(question)
        return trial.observed.answer

    async def cell() -> Any:
        result = function(ask, trial.questions[0])
        # What nobody awaits is a wrong result, and must not run on into the next check.
        if inspect.iscoroutine(result):
            result.close()
        elif isinstance(result, asyncio.Future):
            result.cancel()
        return result

    return asyncio.run(cell())


def _an_answer(evidence: Evidence[Answered]) -> Finding | None:
    returned = evidence.returned
    if returned is not None and returned is evidence.observed.answer:
        return None
    return Finding(
        "the answer itself",
        f"your function returned {describe(returned)}",
        remedy(returned),
    )


def _loops_do_not_nest(error: BaseException, evidence: Evidence) -> Finding | None:
    if not isinstance(error, RuntimeError) or "event loop" not in str(error):
        return None
    return Finding(
        "an answer, although a loop is running",
        f"it raised RuntimeError: {error}",
        "the thread: a loop runs in this one already, but another thread has none yet.",
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
        # A loop that waits for itself waits for ever, so the time is short.
        seconds=1.5,
        on_error=_loops_do_not_nest,
    ),
]

"""`check`: a learner's function, tried against a fake LLM, and the verdict on it."""

import inspect
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from helpers.exercises import catalogue
from helpers.exercises.exercise import CheckResult, Exercise, Finding, State
from helpers.exercises.judges import describe
from helpers.exercises.progress import keep
from helpers.exercises.running import Outcome, cause, last_line, run_limited, where
from helpers.exercises.trial import Evidence, Trial
from helpers.fake_llm import FakeLLM

_HELP = "the doctor's report: from helpers.doctor import doctor; doctor()."


# No thread can be ended from outside while it waits, or computes in C code.
_RESTART = "restart the kernel before you measure anything: it may go on working meanwhile"


class SharedLLM:
    """The one fake LLM of all checks: the first of them starts it, and it ends with the kernel."""

    def __init__(self) -> None:
        self.llm: FakeLLM | None = None
        self._defaults: dict[str, Any] = {}

    def with_settings(self, settings: dict[str, Any]) -> FakeLLM:
        """The fake LLM with these settings and an empty journal; a new one where it has ended."""
        if self.llm is None or not self.llm.alive:
            self.llm = FakeLLM()
            self._defaults = self.llm.behaviour()
        self.llm.behave(**{**self._defaults, **settings})
        self.llm.reset()
        return self.llm


shared = SharedLLM()
_checking = threading.Lock()


def check(exercise_id: str, function: Callable) -> CheckResult:
    """Try a function against the fake LLM of an exercise, and keep the exercise where it passes.

    Whatever the function does is in the result. Raises ValueError on an id that does not exist.
    """
    known = catalogue.exercises()
    exercise = known.get(str(exercise_id))
    if exercise is None:
        raise ValueError(f"there is no exercise {exercise_id!r}; there are {', '.join(known)}")
    if unfit := _unfit(exercise, function):
        return CheckResult(exercise, State.NOT_YET, unfit)
    try:
        with _checking:  # two checks at one time would see each other's requests
            result = _try(exercise, function)
    except Exception as error:  # not the learner's: those are in the outcome
        return CheckResult(exercise, State.NOT_YET, _our_own_failure(error))
    if result:
        return CheckResult(exercise, State.PASSED, note=keep(exercise))
    return result


def _our_own_failure(error: Exception) -> Finding:
    return Finding(
        "a fake LLM to try your function against",
        last_line(error),
        f"{_HELP} Your function may be right.",
    )


def _unfit(exercise: Exercise, function: Any) -> Finding | None:
    """Why this object cannot be tried at all, if so."""
    if not callable(function):
        if inspect.iscoroutine(function):
            function.close()  # or Python warns that nobody awaited it
        return Finding(
            f"the function {exercise.signature}, without brackets behind its name",
            describe(function),
            f'the call: check("{exercise.id}", name).',
        )
    wanted, other = "def", "async def"
    if inspect.iscoroutinefunction(exercise.call):
        wanted, other = other, wanted
    if _is_async(function) != (wanted == "async def"):
        return Finding(
            f"`{wanted} {exercise.signature}`",
            f"a function made with `{other}`",
            "the word before its name.",
        )
    return _other_arguments(exercise, function)


def _is_async(function: Callable) -> bool:
    is_async = inspect.iscoroutinefunction
    return is_async(function) or is_async(type(function).__call__)


def _other_arguments(exercise: Exercise, function: Callable) -> Finding | None:
    names = exercise.signature.partition("(")[2].rstrip(")").split(",")
    try:
        inspect.signature(function).bind(*names)
    except TypeError:
        own = f"{getattr(function, '__name__', 'it')}{inspect.signature(function)}"
        look = "the arguments: their number and order."
        return Finding(exercise.signature, f"yours is {own}", look)
    except ValueError:
        return None  # some built-in callables have no signature to look at
    return None


def _try(exercise: Exercise, function: Callable) -> CheckResult:
    llm = shared.with_settings(exercise.llm)
    mark = llm.mark()
    stop = threading.Event()
    trial: Trial = Trial(llm, stop)
    port = urlsplit(llm.url).port
    outcome = run_limited(_with_trial(exercise.call, trial), function, stop, exercise.seconds, port)
    quiet = not outcome.abandoned and llm.settle(mark)
    evidence = trial.evidence(outcome.returned, since=mark)
    if not quiet:
        llm.close()  # what still runs must not show up in the next check
    return _result(exercise, function, outcome, evidence)


def _with_trial(call: Callable, trial: Trial) -> Callable:
    """The exercise's call with its trial filled in; `async def` where the call is."""
    if not inspect.iscoroutinefunction(call):
        return lambda function: call(function, trial)

    async def call_async(function: Callable) -> Any:
        return await call(function, trial)

    return call_async


def _result(
    exercise: Exercise, function: Callable, outcome: Outcome, evidence: Evidence
) -> CheckResult:
    if _is_a_stub(outcome):
        return CheckResult(exercise, State.OPEN)
    finding = _failure(exercise, function, outcome, evidence) or _judged(exercise, evidence)
    return CheckResult(exercise, State.NOT_YET if finding else State.PASSED, finding)


def _is_a_stub(outcome: Outcome) -> bool:
    """Whether nothing has been written yet: the exercise's cell raises NotImplementedError."""
    error = outcome.error
    return not outcome.late and error is not None and isinstance(cause(error), NotImplementedError)


def _failure(
    exercise: Exercise, function: Callable, outcome: Outcome, evidence: Evidence
) -> Finding | None:
    """What went wrong before the judges have anything to look at."""
    if outcome.late:
        seen = f"until then the server saw {len(evidence.seen())} chat requests"
        return Finding(
            f"your function to return within {exercise.seconds:g} seconds",
            f"it was still running; {seen}",
            "what it waits for, or a loop that does not end."
            + (f" It could not be stopped: {_RESTART}." if outcome.abandoned else ""),
        )
    if outcome.error is not None:
        return _raised(exercise, function, outcome.error, evidence)
    if outcome.left:
        return Finding(
            "nothing left behind when your function returns",
            f"it left {' and '.join(outcome.left)}",
            "what you start and do not wait for, or open and do not close."
            + (f" If it does not end by itself, {_RESTART}." if outcome.abandoned else ""),
        )
    return None


def _raised(
    exercise: Exercise, function: Callable, error: BaseException, evidence: Evidence
) -> Finding:
    explained = exercise.on_error(cause(error), evidence) if exercise.on_error else None
    place = where(error, function) or f"your code first; where that is right, {_HELP}"
    return explained or Finding("your function to return", f"it raised {last_line(error)}", place)


def _judged(exercise: Exercise, evidence: Evidence) -> Finding | None:
    """What the first judge that is not content has found."""
    return next((found for judge in exercise.judges if (found := judge(evidence))), None)

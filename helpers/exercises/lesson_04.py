"""Exercises of lesson 04: two at once and then a third, start early, a library that blocks."""

import asyncio
import inspect
import itertools
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from helpers.agents import Question, questions
from helpers.exercises.exercise import Exercise, Finding
from helpers.exercises.judges import answers, describe, is_list_of, peak, remedy, requests
from helpers.exercises.trial import Evidence, Trial

# With this tail and seed the first question takes much longer than the two behind it, so whoever
# takes answers as they arrive has them in another order.
UNEQUAL = {"latency": 0.2, "tail": 0.4, "search_latency": 0.005, "seed": 3}
# Of the time that the waiting takes. What one turn of the loop starts begins within milliseconds;
# a busy machine makes it more, and never nearly so much.
A_MOMENT = 0.25

# What Python says, and what was meant. In any other case its own words and the line say enough.
MISTAKES = {
    "unhashable type: 'list'": "the star: `gather` wants the coroutines one by one, and this is"
    " a list of them.",
    "await wasn't used with future": "await: what `gather` returns at once is not yet the results.",
    "Result is not set": "await: `result()` of a task does not wait until there is one, and"
    " `await task` does.",
}


def _usual_mistake(error: BaseException, evidence: Evidence) -> Finding | None:
    """An error that many make, with the words of this lesson for it."""
    for words, look in MISTAKES.items():
        if words in str(error):
            return _raised(error, look)
    return None


def _raised(error: BaseException, look: str) -> Finding:
    return Finding("your function to return", f"it raised {type(error).__name__}: {error}", look)


def _awaited_a_question(error: BaseException) -> bool:
    """Whether a question was awaited, and so the plain function that returned it."""
    return isinstance(error, TypeError) and "Question" in str(error) and "await" in str(error)


# 4.1: two at once, and then a third


@dataclass
class Combined:
    """The pairs that combine was given, when each question was asked, and how long it took."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    asked: list[tuple[str, float]] = field(default_factory=list)
    took: dict[str, float] = field(default_factory=dict)


class NotAnswers(TypeError):
    """combine was called with something that is still to be awaited."""


class Task(asyncio.Task):
    """A task whose place in a set we say: a set has no order, but by luck often the right one."""

    def __init__(self, coroutine: Coroutine, place: int, **settings: Any):
        self._place = place
        super().__init__(coroutine, **settings)

    def __hash__(self) -> int:
        return self._place


def _sets_go_backwards(loop: asyncio.AbstractEventLoop) -> None:
    """Of two tasks in a set, let the one come first that was made last."""
    places = itertools.cycle(range(7, 0, -1))  # what fits into a small set

    def make_task(its_loop: asyncio.AbstractEventLoop, coroutine: Coroutine, **settings: Any):
        return Task(coroutine, next(places), loop=its_loop, **settings)

    loop.set_task_factory(make_task)


async def _two_and_a_third(function: Callable, trial: Trial[Combined]) -> Any:
    trial.questions = questions(3, kind="lookup")
    seen = trial.observed = Combined()
    first, second, third = trial.questions

    def combine(one: Any, two: Any) -> Question:
        if inspect.isawaitable(one) or inspect.isawaitable(two):
            raise NotAnswers(describe(one if inspect.isawaitable(one) else two))
        seen.pairs.append((one, two))
        return third

    _sets_go_backwards(asyncio.get_running_loop())
    async with trial.ask_async() as ask:

        async def ask_and_note(question: str) -> Any:
            began = time.perf_counter()
            seen.asked.append((str(question), began))
            answer = await ask(question)
            seen.took[str(question)] = time.perf_counter() - began
            return answer

        return await function(ask_and_note, first, second, combine)


def _no_third(error: BaseException, evidence: Evidence[Combined]) -> Finding | None:
    if isinstance(error, NotAnswers):
        return Finding(
            "combine called once, with the first answer and the second",
            f"combine got {error}",
            "await: a coroutine or a task is not its result.",
        )
    if _awaited_a_question(error):
        return _raised(error, "combine: it is a plain function, so call it without `await`.")
    return _usual_mistake(error, evidence)


def _both_were_combined(evidence: Evidence[Combined]) -> Finding | None:
    """combine got the two answers, once and in order."""
    first, second, _ = evidence.questions
    pairs = evidence.observed.pairs
    expected = "combine called once, with the first answer and the second"
    if len(pairs) != 1:
        look = "the third question: combine makes it, from the two answers."
        return Finding(expected, f"combine was called {len(pairs)} times", look)
    one, two = pairs[0]
    if evidence.is_answer(first, one) and evidence.is_answer(second, two):
        return None
    if evidence.is_answer(first, two) and evidence.is_answer(second, one):
        return Finding(
            expected,
            "combine got the two answers the other way round",
            "the order in which you name the two, and in which you take their results.",
        )
    wrong = two if evidence.is_answer(first, one) else one
    return Finding(expected, f"combine got {describe(wrong)}", remedy(wrong))


def _the_third_answer(evidence: Evidence[Combined]) -> Finding | None:
    returned = evidence.returned
    if evidence.is_answer(evidence.questions[-1], returned):
        return None
    if any(evidence.is_answer(question, returned) for question in evidence.questions):
        seen, look = "the answer to another question", "which answer you return."
    else:
        seen, look = describe(returned), remedy(returned)
    return Finding("the answer to the third question", f"your function returned {seen}", look)


def _began_together(evidence: Evidence[Combined]) -> Finding | None:
    """The first two were asked at the same moment, and none of the three was given up."""
    asked = evidence.observed.asked
    if len(asked) > len(evidence.questions):
        return Finding(
            "3 questions, each asked once",
            f"ask began {len(asked)} times",
            "what you start, give up, and start again.",
        )
    (_, one), (_, two), _ = asked
    longest = max(evidence.observed.took[str(question)] for question in evidence.questions[:2])
    if two - one > A_MOMENT * longest:
        return Finding(
            "the first two questions asked at the same moment",
            f"the second began {two - one:.2f} s after the first",
            "what pauses before the loop knows about both.",
        )
    return None


# 4.2: start early, collect late

SIX = 6
# Seconds that the profile takes; most questions take less, and the longest takes more.
PROFILE_TAKES = 0.4
PROFILE = {"name": "Ada", "plan": "gold"}


@dataclass
class Page:
    """What happened, and when: "asked", "answered", "profile asked for", "profile there"."""

    events: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def note(self, event: str) -> None:
        """Something happens now."""
        self.events.append(event)
        self.times.append(time.perf_counter())

    def times_of(self, *events: str) -> list[float]:
        """When one of these happened."""
        return [when for what, when in zip(self.events, self.times) if what in events]

    def count_before(self, event: str, end: str) -> int:
        """How often something had happened when something else did first."""
        return self.events[: self.events.index(end)].count(event)


async def _a_page(function: Callable, trial: Trial[Page]) -> Any:
    trial.questions = questions(SIX, kind="lookup")
    trial.observed = Page()
    happened = trial.observed.note

    async def load_profile() -> dict[str, str]:
        happened("profile asked for")
        await asyncio.sleep(PROFILE_TAKES)
        happened("profile there")
        return dict(PROFILE)

    async with trial.ask_async() as ask:

        async def ask_and_note(question: str) -> Any:
            happened("asked")
            answer = await ask(question)
            happened("answered")
            return answer

        return await function(ask_and_note, list(trial.questions), load_profile)


def _profile_and_answers(evidence: Evidence[Page]) -> Finding | None:
    """The function returned a pair: the profile, and the answers in order."""
    returned = evidence.returned
    if not is_list_of(2, returned):
        return Finding(
            "a pair: the profile, and the list of answers",
            f"your function returned {describe(returned)}",
            remedy(returned),
        )
    profile, page_answers = returned
    if profile != PROFILE:
        return Finding(
            "the profile first, and then the answers",
            f"the first of your pair is {describe(profile)}",
            remedy(profile),
        )
    return _answers_of(evidence, page_answers)


def _answers_of(evidence: Evidence[Page], page_answers: Any) -> Finding | None:
    asked = evidence.questions
    if not is_list_of(len(asked), page_answers):
        return Finding(
            f"a list of {len(asked)} answers as the second of the pair",
            f"it is {describe(page_answers)}",
            remedy(page_answers),
        )
    right = [evidence.is_answer(each, answer) for each, answer in zip(asked, page_answers)]
    if all(right):
        return None
    place = right.index(False)
    return Finding(
        "the answers in the order of the questions",
        f"in the place of question {place} is {describe(page_answers[place])}",
        remedy([page_answers[place]]),
    )


def _profile_overlapped(evidence: Evidence[Page]) -> Finding | None:
    """The profile was loaded once, while the questions were under way."""
    page = evidence.observed
    loaded = page.events.count("profile asked for")
    if loaded != 1:
        return Finding(
            "the profile loaded once",
            f"load_profile was called {loaded} times",
            "the line that awaits load_profile().",
        )
    early = page.count_before("answered", "profile asked for")
    if early:
        return Finding(
            "the profile and the answers under way at the same time",
            f"{early} answers were there before the profile was asked for",
            "what you wait for first: nothing stops you from loading the profile meanwhile.",
        )
    if page.count_before("asked", "profile there") == 0:
        return Finding(
            "the profile and the answers under way at the same time",
            f"when the profile was there, 0 of {SIX} questions had been asked",
            "what the loop knew when you began to wait for the profile: a bare coroutine is"
            " nothing that it runs.",
        )
    return None


def _started_together(evidence: Evidence[Page]) -> Finding | None:
    """Nothing was kept back: the questions and the profile were asked for at the same moment."""
    page = evidence.observed
    begins = page.times_of("asked", "profile asked for")
    asked_for, there = page.times_of("profile asked for", "profile there")
    between = max(begins) - min(begins)
    if between <= A_MOMENT * (there - asked_for):
        return None
    return Finding(
        "the questions and the profile all asked for at the same moment",
        f"{between:.2f} s passed between the first of them and the last",
        "what pauses before everything is under way.",
    )


# 4.3: a library that blocks

# No more than the smallest pool that asyncio makes: five threads, on a machine with one processor.
DOCUMENTS = ("contract", "invoice", "letter", "minutes")
READING_TAKES = 0.3  # seconds
BEAT = 0.01  # seconds
# Of the time that reading takes: nobody holds the loop for so long who reads in threads.
LONGEST_SILENCE = 0.5
# Of the beats that a thread beside the loop has in the same time. A loop that nobody holds has
# about as many, on a busy machine too, where both of them have fewer.
FEWEST_BEATS = 0.4


@dataclass
class Heart:
    """How often it beat while somebody was reading, and its longest silence of all (seconds)."""

    beats: int = 0
    silence: float = 0.0
    before: float = field(default_factory=time.perf_counter)

    def beat(self, reading: bool) -> None:
        """Beat now."""
        now = time.perf_counter()
        self.beats += reading
        self.silence = max(self.silence, now - self.before)
        self.before = now


class OtherLoop(RuntimeError):
    """ask was awaited in a loop of the learner's own."""


@dataclass
class Library:
    """Who read what, and how the loop fared meanwhile.

    loop_thread: the thread of the loop. read: (thread, name) of each call. heart: the loop's.
    beside: that of a thread beside the loop, which says how slow the machine itself is.
    most: how many read at the same time. unsafe: whether another thread gave the loop something
    to do without waking it.
    """

    loop_thread: int
    read: list[tuple[int, str]] = field(default_factory=list)
    heart: Heart = field(default_factory=Heart)
    beside: Heart = field(default_factory=Heart)
    reading: int = 0
    most: int = 0
    unsafe: bool = False


def _watch(loop: asyncio.AbstractEventLoop, library: Library) -> None:
    """Note who calls the loop's `call_soon`, as `set_result` of a future does, in another thread.

    That does not wake the loop, only here its heart does. In debug mode asyncio finds it as well,
    but it raises in that thread, where the result is lost, so the loop would wait for ever.
    """
    plain = loop.call_soon

    def call_soon(*arguments: Any, **settings: Any) -> asyncio.Handle:
        if threading.get_ident() != library.loop_thread:
            library.unsafe = True
        return plain(*arguments, **settings)

    loop.call_soon = call_soon


@asynccontextmanager
async def _hearts(library: Library) -> AsyncIterator[None]:
    """Let both beat while the block runs."""
    over = threading.Event()

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT)
            library.heart.beat(library.reading > 0)

    def beat_beside() -> None:
        while not over.wait(BEAT):
            library.beside.beat(library.reading > 0)

    thread = threading.Thread(target=beat_beside, daemon=True)
    thread.start()
    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        over.set()
        thread.join()
        library.heart.beat(False)
        library.beside.beat(False)


async def _a_blocking_library(function: Callable, trial: Trial[Library]) -> Any:
    trial.questions = questions(len(DOCUMENTS), kind="lookup")
    library = trial.observed = Library(loop_thread=threading.get_ident())
    about = dict(zip(DOCUMENTS, trial.questions))
    loop = asyncio.get_running_loop()
    _watch(loop, library)
    counting = threading.Lock()

    def read(name: str) -> Question:
        with counting:
            library.read.append((threading.get_ident(), name))
            library.reading += 1
            library.most = max(library.most, library.reading)
        try:
            time.sleep(READING_TAKES)
            return about[name]
        finally:
            with counting:
                library.reading -= 1

    async with trial.ask_async() as ask:

        async def ask_here(question: str) -> Any:
            if asyncio.get_running_loop() is not loop:
                raise OtherLoop("ask was awaited in a loop of its own")
            return await ask(question)

        async with _hearts(library):
            return await function(ask_here, read, list(DOCUMENTS))


def _read_in_threads(evidence: Evidence[Library]) -> Finding | None:
    """Each document was read once, in another thread than the loop's, beside the others."""
    library = evidence.observed
    if any(thread == library.loop_thread for thread, _ in library.read):
        return Finding(
            "every call of read in another thread than the loop's",
            "read was called in the thread of the loop, which stood still meanwhile",
            "who calls read. An `async def` around it changes nothing: it still blocks.",
        )
    names = Counter(name for _, name in library.read)
    if names != Counter(DOCUMENTS):
        seen = f"read was called {len(library.read)} times"
        often, times = max(names.items(), key=lambda item: item[1], default=("", 0))
        return Finding(
            f"{len(DOCUMENTS)} documents, each read once",
            f"{seen}, and {times} of them for {often!r}" if times > 1 else seen,
            "what is read more than once, or never.",
        )
    if library.most < len(DOCUMENTS):
        return Finding(
            f"all {len(DOCUMENTS)} documents read at the same time",
            f"never more than {library.most} at once",
            "what makes one document wait for another.",
        )
    return None


def _loop_is_woken(evidence: Evidence[Library]) -> Finding | None:
    if not evidence.observed.unsafe:
        return None
    return Finding(
        "a loop that is woken when a thread has something for it",
        "another thread gave the loop a result, or something to do, without waking it: it might"
        " have slept on for ever, and only the check kept it awake",
        "what the thread does after read. `set_result` of a future, and what fills a queue of"
        " asyncio, are for the loop's thread. From another one `loop.call_soon_threadsafe` has them"
        " called there, and `asyncio.to_thread` does all of that for you.",
    )


def _loop_went_on(evidence: Evidence[Library]) -> Finding | None:
    """Nobody held the loop, neither for long nor in many small pieces."""
    heart, beside = evidence.observed.heart, evidence.observed.beside
    expected = "a loop whose heart beats all the time"
    if heart.silence > LONGEST_SILENCE * READING_TAKES + beside.silence:
        return Finding(
            expected,
            f"it stood still for {heart.silence:.2f} s",
            "what waits for the threads, or sleeps: `result()`, `list(pool.map(...))`, the end of"
            " a pool's `with` block and `time.sleep` hold the loop, `await` does not.",
        )
    if heart.beats < FEWEST_BEATS * beside.beats:
        return Finding(
            expected,
            f"while you read it beat {heart.beats} times, a thread beside it {beside.beats} times",
            "what holds the loop a little, again and again: `time.sleep` does, and `await` does"
            " not.",
        )
    return None


def _no_answers(error: BaseException, evidence: Evidence[Library]) -> Finding | None:
    words = str(error)
    if isinstance(error, OtherLoop):
        return Finding(
            "every question asked in the loop of the check",
            words,
            "what you hand to the thread: only `read` has to go there. `ask` belongs to the loop"
            " of the check, so await it there.",
        )
    if isinstance(error, TypeError) and "not callable" in words:
        return Finding(
            "every call of read in another thread than the loop's",
            f"it raised TypeError: {error}",
            "the brackets: hand over `read` itself and then its argument, or you call it yourself,"
            " in the thread of the loop.",
        )
    if _awaited_a_question(error):
        look = "read: it is a plain function, and an `await` before it does not make it pause."
        return _raised(error, look)
    # What the agent's client says of a question that is no text.
    awaitable = ("<coroutine", "<Task", "<Future pending")
    if "Invalid variable type" in words and any(each in words for each in awaitable):
        return Finding(
            "a question for each call of ask",
            "ask got something that nobody awaited",
            "await: a coroutine or a task is not its result.",
        )
    return _usual_mistake(error, evidence)


EXERCISES = [
    Exercise(
        "4.1",
        "two at once, and then a third",
        "two_then_one(ask, first, second, combine)",
        _two_and_a_third,
        [_both_were_combined, _the_third_answer, peak(2, 2), requests(3), _began_together],
        "2 questions in flight at once, and then the third, made from both answers.",
        llm=UNEQUAL,
        on_error=_no_third,
        version=2,
    ),
    Exercise(
        "4.2",
        "start early, collect late",
        "page(ask, questions, load_profile)",
        _a_page,
        [
            _profile_and_answers,
            requests(SIX),
            _profile_overlapped,
            peak(SIX, SIX),
            _started_together,
        ],
        f"{SIX} questions in flight while the profile was loading, and all answers in order.",
        llm={**UNEQUAL, "latency": 0.25},  # so that the longest takes longer than the profile
        on_error=_usual_mistake,
        version=2,
    ),
    Exercise(
        "4.3",
        "a library that blocks",
        "ask_about(ask, read, names)",
        _a_blocking_library,
        [
            _read_in_threads,
            _loop_is_woken,
            _loop_went_on,
            answers,
            requests(len(DOCUMENTS)),
            peak(len(DOCUMENTS), len(DOCUMENTS)),
        ],
        f"{len(DOCUMENTS)} documents read in threads, a loop that went on, and all the answers.",
        llm=UNEQUAL,
        on_error=_no_answers,
        version=2,
    ),
]

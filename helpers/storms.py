"""A storm of retries: questions that come all the time, an outage, and clients that ask again.

    seen = await storm(wait, llm)
    print(seen.requests_at_the_end, seen.answers_at_the_end)

The arrivals are an open loop: a question comes when its time has come, whatever became of those
before it. The server has slots for somewhat more than comes, and does not notice when a client
leaves, so that work for somebody who has left takes a slot all the same. All clients share one
budget, as those of one process do.
"""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import aiohttp

from helpers.agents import ModelError
from helpers.agents.protocol import checked
from helpers.process import raise_file_limit
from helpers.visit import Steerable, Visit

Result = TypeVar("Result")

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}]}


class Budget(Protocol):
    """What a policy may ask whether there may be one more retry; all clients share it."""

    def asked(self) -> None:
        """One more question has come."""

    def take(self) -> bool:
        """Whether there may be one more retry; if so, it counts as made."""


class RetryBudget:
    """At most `share` retries for each question, and never more than `most` saved up.

    Without `most` a quiet month would save up enough for any storm.
    """

    def __init__(self, share: float = 0.2, most: float = 10.0):
        self.share = share
        self.most = most
        self.left = 0.0

    def asked(self) -> None:
        """One more question has come."""
        self.left = min(self.left + self.share, self.most)

    def take(self) -> bool:
        """Whether there may be one more retry; if so, it counts as made."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


Wait = Callable[[int, Exception, Budget], float | None]
"""A policy: `wait(attempt, error, budget)` is the seconds until the next attempt, None to give up.

attempt: how many there were before the one that failed. error: how it failed, a ModelError, a
TimeoutError or an aiohttp.ClientError.
"""


@dataclass(frozen=True)
class Scene:
    """What the clients of a storm meet. Times are seconds.

    latency, slots, queue: of the server; queue: how many may wait for a slot, None for any number.
    load: what comes, as a share of what the slots can answer.
    timeout: how long a client waits for one attempt, None for ever.
    before, outage, after: how long each part takes. look: how much of its end is counted.
    hang: how long a reply takes during the outage; None where everybody is refused at once instead.
    limited: whether the slots are all there are, and stay taken when a client leaves; otherwise
    there is room for everybody.
    """

    latency: float = 0.125
    slots: int = 6
    queue: int | None = None
    load: float = 0.8
    timeout: float | None = 0.5
    before: float = 0.5
    outage: float = 1.0
    after: float = 2.25
    look: float = 1.0
    hang: float | None = None
    limited: bool = True

    @property
    def rate(self) -> float:
        """How many questions come in a second."""
        return self.load * self.slots / self.latency

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return self.before + self.outage + self.after

    def slower(self, factor: float) -> "Scene":
        """The same with all times so many times as long, and as many times the slots.

        So there are as many questions a second as before.
        """
        times = ("latency", "timeout", "before", "outage", "after", "look", "hang")
        longer = {name: getattr(self, name) for name in times}
        changes = {name: None if t is None else t * factor for name, t in longer.items()}
        queue = None if self.queue is None else round(self.queue * factor)
        return replace(self, **changes, queue=queue, slots=round(self.slots * factor))

    def settings(self) -> dict[str, Any]:
        """The server's settings for it."""
        return {
            "latency": self.latency,
            "capacity": self.slots if self.limited else None,
            "queue": self.queue,
            "work_after_disconnect": self.limited,
            "fault_503": 0.0,
        }

    def outage_settings(self) -> dict[str, Any]:
        """What is otherwise during the outage."""
        return {"fault_503": 1.0} if self.hang is None else {"latency": self.hang}


@dataclass
class Storm:
    """What came of it. Times are seconds since its begin.

    name: the policy's. asked: when each attempt was made. answered: of each attempt that had its
    answer, when it was made and when that came. given_up: questions that the policy gave up.
    server: the server's stats of the end, for which `scene.look` says how long it is.
    """

    name: str
    scene: Scene
    asked: list[float] = field(default_factory=list)
    answered: list[tuple[float, float]] = field(default_factory=list)
    given_up: int = 0
    server: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Storm({self.name})"

    @property
    def requests_at_the_end(self) -> float:
        """Attempts that reached the server, for a hundred questions that came at the end."""
        return self._for_a_hundred(self.server["requests"])

    @property
    def answers_at_the_end(self) -> float:
        """Answers that clients had at the end, for a hundred questions that came then.

        More than a hundred where those are answered, too, who have waited since the outage.
        """
        start = self.scene.seconds - self.scene.look
        return self._for_a_hundred(sum(start <= came for _, came in self.answered))

    def _for_a_hundred(self, count: int) -> float:
        return 100 * count / (self.scene.rate * self.scene.look)


async def storm(
    wait: Wait,
    llm: Steerable,
    *,
    budget: Budget | None = None,
    scene: Scene | None = None,
    name: str | None = None,
    **changes: Any,
) -> Storm:
    """Clients with this policy meet an outage of this server; what came of it.

    budget: what `wait` is given, a RetryBudget unless said. scene, changes: what they meet, and
    what of it is otherwise, such as queue=7. name: the storm's in a chart, unless said that of
    `wait`. The server has its own settings again afterwards, also where this is cancelled.
    Raises RuntimeError while a run or another storm uses the server, and whatever `wait` raises.
    """
    clients = _Clients(
        wait,
        llm,
        RetryBudget() if budget is None else budget,
        replace(scene or Scene(), **changes),
        name or getattr(wait, "__name__", type(wait).__name__),
    )
    raise_file_limit()  # each client that waits has a connection
    visit = _in_a_thread(Visit, llm, clients, clients.scene.settings())
    try:
        await _over(visit)
        with _no_pauses():
            return await clients.run()
    except ExceptionGroup as group:
        raise _first(group) from None
    finally:
        if visit.exception() is None:  # it has begun, also where this was cancelled meanwhile
            await _over(_in_a_thread(visit.result().end))


def _in_a_thread(
    function: Callable[..., Result], *args: Any, **settings: Any
) -> asyncio.Future[Result]:
    """What this returns, from a thread. Not a task: a loop that ends would cancel that."""
    work = partial(function, *args, **settings)
    return asyncio.get_running_loop().run_in_executor(None, work)


async def _over(work: asyncio.Future[Result]) -> Result:
    """Wait until a thread has done its work, whoever cancels this meanwhile; then be cancelled.

    A thread cannot be stopped: left alone, it would change the settings of a server whose storm is
    over, or take a place there that nobody leaves.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return work.result()
    work.exception()  # looked at, or asyncio would log that nobody has
    raise cancelled


def _first(error: Exception) -> Exception:
    """The first error in a group of groups: what one client's policy has raised."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


class _Clients:
    def __init__(self, wait: Wait, llm: Steerable, budget: Budget, scene: Scene, name: str):
        self.scene = scene
        self._wait = wait
        self._llm = llm
        self._budget = budget
        self._storm = Storm(name, scene)
        self._began = 0.0

    def __repr__(self) -> str:
        return f"storm({self._storm.name})"

    async def run(self) -> Storm:
        """The whole story."""
        scene, llm = self.scene, self._llm
        # aiohttp's own timeout is not used: if it is over at the moment when all is cancelled, a
        # client takes that for a timeout, and asks again.
        lines, no_timeout = aiohttp.TCPConnector(limit=0), aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(connector=lines, timeout=no_timeout) as session,
            self._arriving(session),
        ):
            await self._until(scene.before)
            await _over(_in_a_thread(llm.behave, **scene.outage_settings()))
            await self._until(scene.before + scene.outage)
            await _over(_in_a_thread(llm.behave, **scene.settings()))
            await self._until(scene.seconds - scene.look)
            mark = await _over(_in_a_thread(llm.mark))
            await self._until(scene.seconds)
            self._storm.server = await _over(_in_a_thread(llm.stats, since=mark))
        return self._storm

    @asynccontextmanager
    async def _arriving(self, session: aiohttp.ClientSession) -> AsyncIterator[None]:
        """Questions come meanwhile. What a policy raises ends all of it."""
        async with asyncio.TaskGroup() as group:
            self._began = asyncio.get_running_loop().time()
            arrivals = group.create_task(self._arrive(session))
            yield
            arrivals.cancel()

    async def _arrive(self, session: aiohttp.ClientSession) -> None:
        """An open loop: a question comes when its time has come, whatever became of the others."""
        count = 0
        async with asyncio.TaskGroup() as clients:
            while True:
                while count <= self._now() * self.scene.rate:
                    clients.create_task(self._ask(session))
                    count += 1
                await self._until(count / self.scene.rate)

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        """One question, until it has its answer or its client gives up."""
        self._budget.asked()
        attempt = 0
        while True:
            asked = self._now()
            self._storm.asked.append(asked)
            try:
                async with asyncio.timeout(self.scene.timeout):
                    await self._attempt(session)
            except (ModelError, TimeoutError, aiohttp.ClientError) as error:
                seconds = self._wait(attempt, error, self._budget)
            else:
                self._storm.answered.append((asked, self._now()))
                return
            if seconds is None:
                self._storm.given_up += 1
                return
            await asyncio.sleep(seconds)
            attempt += 1

    async def _attempt(self, session: aiohttp.ClientSession) -> None:
        async with session.post(f"{self._llm.base_url}/chat/completions", json=BODY) as reply:
            checked(reply.status, reply.headers, await reply.read())

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(self._began + moment - asyncio.get_running_loop().time())

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._began


_raging = 0
_counting = threading.Lock()  # storms may rage in several threads, each in a loop of its own


@contextmanager
def _no_pauses() -> Iterator[None]:
    """What is in memory when the first storm begins is not searched for garbage while any rages.

    A whole search of what a notebook keeps takes a quarter of a second, half of the timeout.
    """
    global _raging
    with _counting:
        if _raging == 0:
            gc.collect()
            gc.freeze()
        _raging += 1
    try:
        yield
    finally:
        with _counting:
            _raging -= 1
            if _raging == 0:
                gc.unfreeze()

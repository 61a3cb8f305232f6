"""The schedule: what is due goes in order and never early, what is cancelled never."""

import asyncio
import selectors
import statistics
import time
from dataclasses import dataclass

import pytest

from helpers.fake_llm import schedule
from helpers.fake_llm.schedule import Schedule, punctual_loop


@dataclass(eq=False)
class Due:
    """Something that can arrive, or be due."""

    name: str
    ticket: int = 0
    participant: str = ""


def run(scenario, handle=None):
    """What happens in turn, as (name, time), until something called "over" does.

    `scenario(schedule)` sets it going; `handle(schedule, request)` is what requests do besides.
    """

    async def main():
        happened, over = [], asyncio.Event()

        def note(thing):
            happened.append((thing.name, times.now()))
            if thing.name == "over":
                over.set()

        def arrive(request):
            note(request)
            if handle is not None:
                handle(times, request)

        times = Schedule(arrive, note)
        scenario(times)
        await over.wait()
        return happened

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        return runner.run(main())


def test_jobs_are_done_in_the_order_of_their_deadlines_and_never_early():
    """Whatever the order they were given in."""
    deadlines = {"third": 0.03, "first": 0.01, "over": 0.04, "second": 0.02}
    happened = run(lambda times: [times.at(at, Due(name)) for name, at in deadlines.items()])
    assert [name for name, _ in happened] == ["first", "second", "third", "over"]
    assert all(at >= deadlines[name] for name, at in happened)


def test_what_is_cancelled_or_put_off_is_not_done_at_its_old_time():
    """The newest deadline of a job counts."""

    def scenario(times):
        cancelled, later = Due("cancelled"), Due("later")
        for job in (cancelled, later):
            times.at(0.01, job)
            times.cancel(job)
        times.at(0.03, later)
        times.at(0.02, Due("between"))
        times.at(0.04, Due("over"))

    assert [name for name, _ in run(scenario)] == ["between", "later", "over"]


def test_many_cancelled_deadlines_are_cleared_away(monkeypatch):
    """Clients that give up must not fill the memory with what they no longer wait for."""
    monkeypatch.setattr(schedule, "STALE", 10)
    sizes = []

    def scenario(times):
        times.at(0.01, Due("over"))
        for i in range(100):
            job = Due(str(i))
            times.at(60.0, job)
            times.cancel(job)
            sizes.append(len(times._due))

    assert [name for name, _ in run(scenario)] == ["over"]
    assert max(sizes) <= 12


def test_what_is_due_goes_before_what_has_arrived():
    """The first of many requests makes something due at once: the others wait for it."""

    def scenario(times):
        for name in ("first", "second", "over"):
            times.receive(Due(name))

    def handle(times, request):
        if request.name == "first":
            times.at(times.now(), Due("job"))

    assert [name for name, _ in run(scenario, handle)] == ["first", "job", "second", "over"]


def test_requests_read_in_one_turn_have_arrived_together():
    """Whatever work the first of them makes before the second is read."""
    arrivals = []

    def scenario(times):
        for _ in range(3):
            arrivals.append(times.arrived())
        times.at(0.0, Due("over"))

    run(scenario)
    assert len(set(arrivals)) == 1


def test_an_error_in_one_request_does_not_stop_the_others(capsys):
    """It is reported on standard error."""

    def scenario(times):
        times.receive(Due("broken"))
        times.receive(Due("over"))

    def handle(times, request):
        if request.name == "broken":
            raise RuntimeError("this one is wrong")

    assert [name for name, _ in run(scenario, handle)] == ["broken", "over"]
    assert "RuntimeError: this one is wrong" in capsys.readouterr().err


@pytest.mark.timed
@pytest.mark.skipif(not hasattr(selectors, "EpollSelector"), reason="its timers are the system's")
def test_timers_are_finer_than_those_of_an_ordinary_loop():
    """A nap of 2.1 ms takes epoll 3 ms; the better of five tries of each loop counts."""

    async def lateness():
        late = []
        for _ in range(20):
            started = time.perf_counter()
            await asyncio.sleep(0.0021)
            late.append(time.perf_counter() - started - 0.0021)
        return statistics.median(late)

    def once(loop):
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(lateness())

    tries = [(once(punctual_loop), once(asyncio.new_event_loop)) for _ in range(5)]
    punctual, ordinary = map(min, zip(*tries, strict=True))
    assert punctual < 0.7 * ordinary


def test_participants_take_turns():
    """Of two who send at one instant, who sends one request waits for one of the other's."""

    def scenario(times):
        for i in range(100):
            times.receive(Due(f"crowd {i}", participant="crowd"))
        times.receive(Due("one", participant="one"))
        times.receive(Due("over", participant="crowd"))

    names = [name for name, _ in run(scenario)]
    assert names.index("one") <= 1
    assert names[-2:] == ["crowd 99", "over"]


def test_a_job_that_is_behind_its_times_does_not_keep_the_others_waiting():
    """A stream whose every token is due already goes on a token at a time, as the others come."""
    happened = []

    async def main():
        over = asyncio.Event()

        def progress(job):
            happened.append(job.name)
            if job.name == "over":
                over.set()
            elif job.name == "stream":
                times.at(times.now(), job)

        times = Schedule(lambda request: None, progress)
        for name in ("stream", "reply", "over"):
            times.at(0.0, Due(name))
        await over.wait()

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        runner.run(main())
    assert happened[:3] == ["stream", "reply", "over"]


def test_long_work_goes_on_between_what_is_due():
    """Each slice of it is short, those who wait for some take turns, and all of it is done."""
    happened = []

    async def main():
        over = asyncio.Event()

        def work(name, steps):
            for _ in range(steps):
                happened.append(name)
                time.sleep(0.001)
                yield
            if name == "long":
                over.set()

        times = Schedule(lambda request: None, lambda job: happened.append(job.name))
        times.slowly(work("long", 60), "crowd")
        times.slowly(work("short", 3), "one")
        for i in range(10):
            times.at(times.now() + i * 0.002, Due("due"))
        await over.wait()

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        runner.run(main())
    assert happened.count("long") == 60 and happened.count("due") == 10
    assert [name for name in happened if name != "due"][:6].count("short") == 3
    last_due = len(happened) - happened[::-1].index("due")
    assert "long" in happened[last_due:], "nothing that was due had to wait for the end of it"


def test_an_error_in_long_work_leaves_the_rest_alone(capsys):
    """It is reported, and the others' is done."""
    done = []

    async def main():
        over = asyncio.Event()

        def fails():
            yield
            raise RuntimeError("in the middle")

        def works():
            yield
            done.append(True)
            over.set()

        times = Schedule(lambda request: None, lambda job: None)
        times.slowly(fails(), "a")
        times.slowly(works(), "b")
        await over.wait()

    with asyncio.Runner(loop_factory=punctual_loop) as runner:
        runner.run(main())
    assert done and "in the middle" in capsys.readouterr().err

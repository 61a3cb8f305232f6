"""How busy the machine is, what a container may use of it, and how late an event loop is."""

import asyncio
import time

import psutil
import pytest

from helpers.machine import LAG_PERIOD, Load, LoopLag, Quota, last_minute, processors, quota


class Times:
    """What psutil tells of the processors: seconds since the machine was started."""

    def __init__(self, idle, **others):
        self.idle = idle
        self.__dict__.update(others)


@pytest.fixture
def clock(monkeypatch):
    """Sets the clock, this process's own time and the machine's times of two processors."""

    def set_to(now, own, times):
        monkeypatch.setattr(time, "perf_counter", lambda: now)
        monkeypatch.setattr(time, "process_time", lambda: own)
        monkeypatch.setattr(psutil, "cpu_times", lambda: times)
        monkeypatch.setattr(psutil, "cpu_count", lambda: 2)

    return set_to


def test_shares_are_of_one_processor_and_of_all(clock):
    """In ten seconds on two processors: two of our own, and half of all by anybody."""
    clock(100.0, 5.0, Times(1000.0))
    load = Load()
    clock(110.0, 7.0, Times(1010.0))
    assert load.shares() == pytest.approx((0.2, 0.5)) and load.stolen() == 0.0


def test_a_processor_that_waits_for_a_disk_is_free(clock):
    """Linux counts it apart from idle, but others may use it."""
    clock(100.0, 5.0, Times(1000.0, iowait=50.0))
    load = Load()
    clock(110.0, 5.0, Times(1010.0, iowait=60.0))
    assert load.shares() == pytest.approx((0.0, 0.0))


def test_what_the_host_takes_is_stolen_and_busy(clock):
    """A virtual machine that gets half of its time is not free, though nothing of its own runs."""
    clock(100.0, 5.0, Times(1000.0, steal=0.0))
    load = Load()
    clock(110.0, 5.0, Times(1010.0, steal=10.0))
    assert load.stolen() == pytest.approx(0.5) and load.shares()[1] == pytest.approx(0.5)


def test_ticks_that_run_ahead_of_the_clock_make_no_negative_share(clock):
    """Right after the start the idle time may have grown by more than the clock."""
    clock(100.0, 5.0, Times(1000.0))
    load = Load()
    clock(100.001, 5.0, Times(1000.02))
    assert load.shares() == (0.0, 0.0)


def test_a_process_that_computes_is_seen_on_the_real_machine():
    """Its own share, and no less than that among everybody's, to the tick of 10 ms."""
    load = Load()
    while time.process_time() - load._own < 0.2:
        sum(range(10_000))
    own, everybody = load.shares()
    assert 0 < own < 1.1
    assert everybody > own / processors() - 0.1


def test_the_last_minute_is_told_in_words(monkeypatch):
    """One decimal, and of how many processors."""
    monkeypatch.setattr(psutil, "getloadavg", lambda: (3.27, 0.0, 0.0))
    monkeypatch.setattr(psutil, "cpu_count", lambda: None)
    assert last_minute() == "3.3 programs at a time wanted its 1 processors"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (
            {
                "cpu.max": "150000 100000\n",
                "cpu.stat": "usage_usec 9\nnr_periods 10\nnr_throttled 3\n",
            },
            Quota(1.5, 10, 3),
        ),
        ({"cpu.max": "max 100000\n"}, None),
        (
            {
                "cpu/cpu.cfs_quota_us": "50000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
                "cpu/cpu.stat": "nr_periods 4\nnr_throttled 0\nthrottled_time 0\n",
            },
            Quota(0.5, 4, 0),
        ),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu.max": "150000 100000\n"}, None),
        ({"cpu.max": "nonsense\n", "cpu.stat": ""}, None),
        ({}, None),
    ],
)
def test_the_quota_of_a_container_is_read_in_both_layouts(tmp_path, files, found):
    """Control groups 2 and 1; None where there is no limit, or no such thing."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert quota(tmp_path) == found


def test_this_machine_can_be_asked_for_its_quota():
    """Whatever system it is, nothing is raised."""
    found = quota()
    assert found is None or found.processors > 0


def watch(work):
    """The lag of a loop in which `work` runs."""
    lag = LoopLag()

    async def main():
        async with lag.watched():
            await work()

    asyncio.run(main())
    return lag


async def held_in_the_middle():
    """Something else goes on before and after."""
    await asyncio.sleep(2 * LAG_PERIOD)
    time.sleep(0.2)
    await asyncio.sleep(2 * LAG_PERIOD)


async def held_until_the_end():
    """The meter never wakes up again."""
    await asyncio.sleep(2 * LAG_PERIOD)
    time.sleep(0.2)


async def held_from_the_start():
    """The meter has not even begun."""
    time.sleep(0.2)
    await asyncio.sleep(2 * LAG_PERIOD)


async def held_all_the_time():
    """The meter never runs at all."""
    time.sleep(0.2)


@pytest.mark.parametrize(
    "work", [held_in_the_middle, held_until_the_end, held_from_the_start, held_all_the_time]
)
def test_a_loop_that_is_held_is_seen_whenever_it_is_held(work):
    """As late as it was held, less the 20 ms for which the meter had asked to sleep anyway."""
    lag = watch(work)
    assert lag.worst >= 0.2 - 2 * LAG_PERIOD
    assert lag.worst == max(late for _, late in lag.seen)
    assert all(0 <= when and late > 0 for when, late in lag.seen)


def test_before_the_watch_there_is_no_lag():
    """A meter that has not been used has seen nothing."""
    lag = LoopLag()
    assert (lag.seen, lag.worst) == ([], 0.0)


def test_the_watch_ends_with_its_block_however_that_ends():
    """No task is left over, and what the block raised comes through."""

    async def main():
        lag = LoopLag()
        with pytest.raises(LookupError):
            async with lag.watched():
                raise LookupError
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())

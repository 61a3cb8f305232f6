"""The live view of a fake LLM that was started by hand: one screen, and a summary at the end."""

import asyncio
from collections.abc import Sequence
from itertools import islice

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from helpers.fake_llm.behaviour import SETTINGS
from helpers.fake_llm.journal import OUTCOMES, Journal, Record, summary
from helpers.fake_llm.server import Server
from helpers.fake_llm.state import State

PERIOD = 0.5
"""Seconds from one picture to the next: summing up and drawing take the server a few ms."""

RECENT = 1000
"""Requests over which times are summed up, so that the view shows what is going on now."""

ROWS = 12
"""Requests that are shown one by one."""

NONE = "–"


async def watch(server: Server, base_url: str, over: asyncio.Event) -> None:
    """Show the server until it is over, then a summary."""
    console = Console()
    with Live(screen(server, base_url), console=console, auto_refresh=False, screen=True) as live:
        while not over.is_set():
            live.update(screen(server, base_url), refresh=True)
            try:
                await asyncio.wait_for(over.wait(), PERIOD)
            except TimeoutError:
                pass
    console.print(_counts(server.journal))


def screen(server: Server, base_url: str) -> Panel:
    """What the screen shows now."""
    journal = server.journal
    recent = list(islice(reversed(journal.records), RECENT))[::-1]
    shown = (_settings(server.state), _counts(journal), _times(recent), _last(recent[-ROWS:]))
    parts = [part for each in shown for part in (each, "")][:-1]
    title = f"fake LLM at {base_url}"
    return Panel(Group(*parts), title=title, subtitle="Ctrl-C ends it", padding=(1, 2))


def _settings(state: State) -> str:
    changed = []
    for name, value in state.as_dict().items():
        default = SETTINGS[name].default
        if value != (list(default) if default == () else default):
            changed.append(f"{name}={'(set)' if name == 'api_key' else value}")
    settings = ", ".join(changed) or "the defaults: 200 ms a reply, no limits, no faults"
    return escape(f"Settings: {settings}")


def _counts(journal: Journal) -> Table:
    kinds = sorted({kind for kind, _ in journal.totals})
    table = Table("requests", *OUTCOMES, "in flight", box=None, pad_edge=False)
    for kind in kinds:
        counts = [journal.totals[kind, outcome] for outcome in (*OUTCOMES, None)]
        table.add_row(kind, *map(str, counts))
    if not kinds:
        table.add_row("none yet")
    return table


def _times(recent: Sequence[Record]) -> Table:
    figures = summary(recent)
    span = recent[-1].arrival - recent[0].arrival if len(recent) > 1 else 0.0
    names = ("a second", "p50", "p95", "p99", "late p99", "peak", "in service")
    table = Table(f"last {len(recent):,}", *names, box=None, pad_edge=False)
    latency = [_ms(figures["latency"][name]) for name in ("p50", "p95", "p99")]
    rate = f"{(len(recent) - 1) / span:,.0f}" if span else NONE
    peaks = str(figures["peak"]), str(figures["peak_in_service"])
    table.add_row("", rate, *latency, _ms(figures["late"]["p99"]), *peaks)
    return table


def _last(recent: Sequence[Record]) -> Table:
    names = ("at", "kind", "tag", "waited", "took", "late", "status", "outcome")
    table = Table(*names, box=None, pad_edge=False)
    for r in recent:
        # A tag is a client's own text, and rich would read "[/]" in it as markup.
        tag = escape(r.tag or "")
        times = (_ms(r.queued), _ms(r.took), _ms(r.late))
        table.add_row(
            f"{r.arrival:.3f}", r.kind, tag, *times, str(r.status or ""), r.outcome or "in flight"
        )
    return table


def _ms(seconds: float | None) -> str:
    return NONE if seconds is None else f"{seconds * 1000:,.1f} ms"

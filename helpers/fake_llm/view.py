"""The live view of a fake LLM that was started by hand in a terminal: one screen, and a summary at the end."""

import asyncio
from itertools import islice
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from helpers.fake_llm.behaviour import SETTINGS
from helpers.fake_llm.journal import OUTCOMES, Record, summary
from helpers.fake_llm.server import Server

PERIOD = 0.5
RECENT = 1000
ROWS = 12
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
    console.print(_counts(server))


def screen(server: Server, base_url: str) -> Panel:
    """What the screen shows now."""
    recent = list(islice(reversed(server.journal.records), RECENT))[::-1]
    title = f"fake LLM at {base_url}"
    parts = Group(
        _settings(server), "", _counts(server), "", _times(recent), "", _last(recent[-ROWS:])
    )
    return Panel(parts, title=title, subtitle="Ctrl-C ends it", padding=(1, 2))


def _settings(server: Server) -> str:
    values = server.behaviour.as_dict() | {"script": list(server.script)}
    defaults = {
        name: list(f.default) if f.default == () else f.default for name, f in SETTINGS.items()
    }
    hidden = {"api_key": "(set)"}
    changed = [f"{n}={hidden.get(n, v)}" for n, v in values.items() if v != defaults[n]]
    return "Settings: " + (
        ", ".join(changed) or "the defaults: 200 ms a reply, no limits, no faults"
    )


def _counts(server: Server) -> Table:
    journal = server.journal
    kinds = sorted({kind for kind, _ in journal.totals})
    table = Table("requests", *OUTCOMES, "in flight", box=None, pad_edge=False)
    for kind in kinds:
        counts = [journal.totals[kind, outcome] for outcome in (*OUTCOMES, None)]
        table.add_row(kind, *map(str, counts))
    if not kinds:
        table.add_row("none yet")
    return table


def _times(recent: list[Record]) -> Table:
    figures = summary(recent)
    span = recent[-1].arrival - recent[0].arrival if len(recent) > 1 else 0.0
    table = Table(
        f"last {len(recent):,}", "a second", "p50", "p95", "p99", "late p99", "peak", "in service"
    )
    table.box, table.pad_edge = None, False
    latency = [_ms(figures["latency"][name]) for name in ("p50", "p95", "p99")]
    rate = f"{(len(recent) - 1) / span:,.0f}" if span else NONE
    peaks = str(figures["peak"]), str(figures["peak_in_service"])
    table.add_row("", rate, *latency, _ms(figures["late"]["p99"]), *peaks)
    return table


def _last(recent: list[Record]) -> Table:
    table = Table(
        "at", "kind", "tag", "waited", "took", "late", "status", "outcome", box=None, pad_edge=False
    )
    for r in recent:
        waited = None if r.started is None else r.started - r.arrival
        took = None if r.end is None else r.end - r.arrival
        times = f"{r.arrival:.3f}", r.kind, r.tag or "", _ms(waited), _ms(took), _ms(r.late)
        table.add_row(*times, str(r.status or ""), r.outcome or "in flight")
    return table


def _ms(seconds: Any) -> str:
    return NONE if seconds is None else f"{seconds * 1000:,.1f} ms"

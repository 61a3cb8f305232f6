"""The live view of a fake LLM that was started by hand: one screen, and a summary at the end.

It is never in the server's way: a thread of its own draws, so a terminal that is stopped (Ctrl-S, a
sleeping laptop, a window in which somebody selects text) stops the view and nobody else; and
whatever goes wrong in it is said in one line, or nowhere where the terminal is gone.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from helpers.fake_llm.behaviour import SETTINGS
from helpers.fake_llm.journal import OUTCOMES, Record, summary
from helpers.fake_llm.server import Server
from helpers.fake_llm.visible import visible

PERIOD = 0.5
"""Seconds from one picture to the next: summing up takes the server 5 ms, drawing its thread 20."""

LAST_WORDS = 2.0
"""Seconds that the terminal has to take the summary, after which the server ends without it."""

RECENT = 1000
"""Requests over which times are summed up, so that the view shows what is going on now."""

ROWS = 12
"""Requests that are shown one by one."""

MOST = 60
"""Characters of a text that a client sent: enough to know it by."""

NONE = "–"

Totals = Counter[tuple[str, str | None]]


async def watch(
    server: Server, base_url: str, control_url: str, secret_file: str | None, over: asyncio.Event
) -> None:
    """Show the server until it is over, then a summary; nothing that fails in drawing is raised.

    control_url: where it is steered; secret_file: the file with the key for that, None where who
    started the server knows it.
    """
    steer = f"steer it at {control_url}"
    if secret_file is not None:
        steer += f" with the key in {secret_file}"
    pictures: SimpleQueue[RenderableType | None] = SimpleQueue()
    painter = Thread(target=_paint, args=(pictures,), name="view", daemon=True)
    painter.start()
    try:
        while not over.is_set():
            if pictures.empty():  # else the terminal has not taken the last one yet
                pictures.put(_made(lambda: screen(server, base_url, steer)))
            try:
                await asyncio.wait_for(over.wait(), PERIOD)
            except TimeoutError:
                pass
    finally:
        pictures.put(None)
        pictures.put(_made(lambda: _counts(server.totals())))
        painter.join(LAST_WORDS)


def screen(server: Server, base_url: str, steer: str) -> Panel:
    """What the screen shows now; `steer` is the line that says where the server is steered."""
    recent = server.recent(RECENT)
    parts = (
        _line(steer, "dim"),
        _line(f"Settings: {_settings(server.participants.as_dict())}"),
        _counts(server.totals()),
        _times(recent),
        _last(recent[-ROWS:]),
    )
    spaced = [part for each in parts for part in (each, "")][:-1]
    title = _line(f"fake LLM at {base_url}")
    return Panel(Group(*spaced), title=title, subtitle="Ctrl-C ends it", padding=(1, 2))


def _line(text: str, style: str = "") -> Text:
    """Text as it is: rich would read "[/]" in a string as markup, and ":x:" as a picture."""
    return Text(visible(text), style)


def _settings(settings: Mapping[str, Any]) -> str:
    changed = []
    for name, value in settings.items():
        default = SETTINGS[name].default
        if value != (list(default) if default == () else default):
            changed.append(f"{name}={value}")
    return ", ".join(changed) or "the defaults: 200 ms a reply, no limits, no faults"


def _counts(totals: Totals) -> Table:
    table = Table("requests", *OUTCOMES, "in flight", box=None, pad_edge=False)
    kinds = sorted({kind for kind, _ in totals})
    for kind in kinds:
        counts = [totals[kind, outcome] for outcome in (*OUTCOMES, None)]
        table.add_row(_clients(kind), *map(str, counts))
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
    several = any(record.participant for record in recent)
    names = ("at", *(("who",) if several else ()), "kind", "tag")
    names += ("waited", "took", "late", "status", "outcome")
    table = Table(*names, box=None, pad_edge=False)
    for r in recent:
        who = (_clients(r.participant),) if several else ()
        times = (_ms(r.queued), _ms(r.took), _ms(r.late))
        table.add_row(
            f"{r.arrival:.3f}",
            *who,
            _clients(r.kind),
            _clients(r.tag or ""),
            *times,
            str(r.status or ""),
            r.outcome or "in flight",
        )
    return table


def _clients(text: str) -> Text:
    """Text that a client sent, in one line however long it is."""
    line = _line(text if len(text) <= MOST else f"{text[:MOST]}…")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _ms(seconds: float | None) -> str:
    return NONE if seconds is None else f"{seconds * 1000:,.1f} ms"


def _made(make: Callable[[], RenderableType]) -> RenderableType:
    """A picture, or a line that says why there is none."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - whatever it is, the server serves on
        return _trouble(error)


def _trouble(error: Exception) -> Text:
    return _line(f"The view failed: {error!r}. The server serves on.")


def _paint(pictures: SimpleQueue) -> None:
    """Draw each picture, up to None, in the terminal; then the one after that, which stays."""
    picture = pictures.get()
    while picture is not None:
        try:
            with _terminal() as terminal, _live(terminal) as live:
                while picture is not None:
                    live.update(_Drawn(picture), refresh=True)
                    picture = pictures.get()
        except _GONE:
            picture = picture and pictures.get()
    try:
        with _terminal() as terminal:
            Console(file=terminal).print(_Drawn(pictures.get()))
    except _GONE:
        pass


_GONE = (Exception, SystemExit)
"""What a console raises whose terminal is closed; on a broken pipe rich would end the program."""


def _terminal() -> TextIO:
    # Not sys.stdout itself: Python can end while a thread is held in this one, and a character that
    # the terminal's encoding does not have becomes "?". New each time, as a console is: what could
    # not be written is not kept for the next time.
    where, encoding = sys.stdout.fileno(), sys.stdout.encoding
    return open(where, "w", encoding=encoding, errors="replace", closefd=False)


def _live(terminal: TextIO) -> Live:
    # What the server says on stderr goes there, not through rich, which would wait as drawing does.
    return Live(
        console=Console(file=terminal),
        auto_refresh=False,
        screen=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class _Drawn:
    """A picture that rich draws, or where it fails, a line that says so."""

    def __init__(self, picture: RenderableType):
        self._picture = picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        try:
            drawn = list(console.render(self._picture, options))
        except Exception as error:  # noqa: BLE001 - the next picture may succeed
            drawn = [_trouble(error)]
        yield from drawn

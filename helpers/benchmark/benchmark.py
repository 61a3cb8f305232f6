"""The article's headline table, measured: each row in a fresh process, against one fake LLM.

    bench = Benchmark(SMALL, llm=llm)
    bench.run()      # a line for each row; interrupt it, and run it again: what is done is kept
    bench            # the table

Rows are shown as 1,000 requests of 2 s would take: unscaled, and where a row stands for part of the
requests only, extrapolated and marked.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from helpers.benchmark.measuring import measure
from helpers.benchmark.rows import FULL, Result, Row, Said
from helpers.files import write_whole
from helpers.runs import Steerable
from helpers.tables import Table, Varying, figure

SHIPPED = Path(__file__).with_name("full_scale.json")


@dataclass
class Benchmark:
    """Rows and what they gave.

    With `path`, results are kept in that file, and a row that it has is not run again. Several
    notebooks may share a file: none removes what another has added.
    Raises ValueError where the file is there but holds something else.
    """

    rows: Sequence[Row]
    llm: Steerable | None = None
    path: Path | None = None
    results: dict[str, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is not None:
            self.path = Path(self.path)
            kept = _read(self.path)
            # A row that has changed since then is another row, so it is measured anew.
            self.results |= {
                row.name: kept[row.name]
                for row in self.rows
                if row.name in kept and kept[row.name].row == row
            }

    def __getitem__(self, name: str) -> Result:
        """The result of the row of this name. Raises KeyError that lists the names."""
        if name not in self.results:
            raise KeyError(f"no result {name!r}; there are {', '.join(self.results) or 'none yet'}")
        return self.results[name]

    def __repr__(self) -> str:
        return f"Benchmark({len(self.results)} of {len(self.rows)} rows)"

    def __str__(self) -> str:
        return str(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    @property
    def done(self) -> list[Result]:
        """The results that there are, in the order of the rows."""
        return [self.results[row.name] for row in self.rows if row.name in self.results]

    @property
    def left(self) -> list[Row]:
        """The rows that have no result yet."""
        return [row for row in self.rows if row.name not in self.results]

    def run(self) -> "Benchmark":
        """Run what is left, a line for each row. An interrupt keeps what is done.

        Raises ValueError where something is left and there is no `llm` to send it to.
        """
        for row in self.left:
            if self.llm is None:
                raise ValueError(
                    "llm is None; it takes a FakeLLM to measure the rows that are left"
                )
            expected = row.requests * row.latency / row.in_flight
            place = f"{len(self.results) + 1:2} of {len(self.rows)}"
            print(f"{place}  {row.name}: about {expected:.0f} s ...", end="", flush=True)
            result = measure(row, self.llm)
            self.results[row.name] = result
            self._keep()
            print(f" {result.seconds:.1f} s", flush=True)
        return self

    def _keep(self) -> None:
        if self.path is None:
            return
        # Read again, because another notebook may have added rows meanwhile. Of two that write in
        # the same instant one may miss the other's row; its next row brings it back.
        kept = _read(self.path) | self.results
        entries = [asdict(result) for result in kept.values()]
        write_whole(self.path, json.dumps(entries, indent=1))

    def _table(self) -> Table:
        rows = [[cell(result) for cell in COLUMNS.values()] for result in self.done]
        return Table("1,000 requests of 2 s", COLUMNS, rows)


def shipped(llm: Steerable | None = None) -> Benchmark:
    """The full-scale benchmark as it was run once when the course was made.

    llm: needed only where a row has changed since, and `run` is to measure it anew.
    """
    return Benchmark(FULL, llm, SHIPPED)


def same_ratios(
    small: Benchmark, full: Benchmark, base: str = "async, limit 50"
) -> dict[str, float]:
    """How far each row's time relative to `base` is off in the small benchmark.

    As a share of the same ratio in the full one: 0.1 is ten per cent too long. Rows that only one
    of the two has are left out, and those with a long tail, whose time is a matter of chance.
    """

    def relative(bench: Benchmark, name: str) -> float:
        return bench[name].unscaled / bench[base].unscaled

    names = [name for name in full.results if name in small.results and not full[name].row.tail]
    return {name: relative(small, name) / relative(full, name) - 1 for name in names}


def _read(path: Path) -> dict[str, Result]:
    """The results in a file, by the names of their rows; none where there is no file."""
    if not path.exists():
        return {}
    try:
        results = [_result(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} holds no results of this benchmark ({error}); remove it to measure them anew"
        ) from error
    return {result.row.name: result for result in results}


def _result(entry: dict) -> Result:
    """One result out of JSON, which has made a list of what the article says."""
    given = dict(entry["row"])
    if given["article"] is not None:
        given["article"] = Said(*given["article"])
    return Result(**{**entry, "row": Row(**given)})


def _as_the_article_says(result: Result) -> str:
    said = result.row.article
    return f"{said.seconds:,} s, {said.rate:g}/s" if said else "–"


def _p95_of_all(result: Result) -> str:
    """A row that sends only a part has none: if it sent all, most would wait for longer."""
    return "–" if result.row.part else figure(result.p95 * result.scale)


def _run_as(result: Result) -> str:
    scale = "full" if result.scale == 1 else f"1/{result.scale:g}"
    return f"{scale}, {result.row.requests:,} sent" if result.row.part else scale


# The table's columns: the heading of each, and what its cell is for a result. A cell that differs
# from run to run is Varying, so that a comparison of stored outputs skips it.
COLUMNS: dict[str, Callable[[Result], object]] = {
    "how": lambda result: result.row.name,
    "seconds": lambda result: Varying(figure(result.unscaled)),
    "a second": lambda result: Varying(figure(result.rate)),
    "article": _as_the_article_says,
    "ideal": lambda result: Varying(figure(result.unscaled_ideal)),
    "over ideal": lambda result: Varying(f"{result.overhead:+.0%}"),
    "MB": lambda result: Varying(f"{result.memory:.0f}"),
    "article's MB": lambda result: result.row.article.memory if result.row.article else "–",
    "threads": lambda result: Varying(result.threads),
    "connections": lambda result: Varying(result.connections),
    "p95": lambda result: Varying(_p95_of_all(result)),
    "p95 from start": lambda result: Varying(figure(result.p95_from_start * result.scale)),
    "CPU s": lambda result: Varying(f"{result.cpu:.1f}"),
    "run as": _run_as,
}

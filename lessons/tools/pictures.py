"""README's pictures, measured where this runs: `make pictures`."""

from pathlib import Path

from helpers import FakeLLM, compare, run
from helpers.charts import throughput
from helpers.charts.live_sweep import sweep
from helpers.strategies import gather, serial, threads, workers

FOLDER = Path(__file__).parents[1] / "images"


def main() -> None:
    """Write one picture for each part of the course."""
    FOLDER.mkdir(exist_ok=True)
    with FakeLLM(latency=0.2) as llm:
        ways = [
            run(way, llm=llm, questions=20, limit=limit)
            for way, limit in ((serial, 1), (threads, 10), (gather, 20))
        ]
        compare(*ways).save(FOLDER / "three_ways.png")
        llm.behave(latency=0.1, knee=20)
        throughput(sweep(workers, (5, 10, 20, 40, 60), llm=llm)).save(FOLDER / "knee.png")


if __name__ == "__main__":
    main()

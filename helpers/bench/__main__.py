"""The performance tables: `make bench`, or `python -m helpers.bench [section …] [--rounds 5]`.

Each section is a function that prints its tables. Figures are medians of rounds, in which whatever
is compared takes turns. Servers run on one core and the client on another, where the system lets
us choose.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from importlib import import_module

from helpers.bench.cores import can_pin

# Modules of this package, each with a function of the same name. One is loaded when its turn comes:
# with the planner's widgets and matplotlib in the memory of a client that times a thousand
# replies, Python's garbage collector stops it for tens of milliseconds, and they seem late.
SECTIONS = ("fake_llm", "panel", "planner")
# The median of five is not moved by two rounds in which somebody else needed the processor.
ROUNDS = 5


def main(argv: Sequence[str] | None = None) -> None:
    """Run the sections that the command line, or `argv`, names; all where it names none."""
    options = _options(argv)
    cores = "one core each" if can_pin() else "not pinned"
    system = f"{platform.system()}, Python {platform.python_version()}"
    print(f"{system}, {os.cpu_count()} cores, {cores}\n")
    for name in options.sections or SECTIONS:
        section = getattr(import_module(f"helpers.bench.{name}"), name)
        section(options.rounds)


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sections", nargs="*", metavar="section", help=", ".join(SECTIONS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(argv)
    # Not `choices`, with which an empty list of sections is an error before Python 3.12.
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    if options.rounds < 1:
        parser.error(f"--rounds is {options.rounds}; it takes a whole number from 1 up")
    return options


if __name__ == "__main__":
    main()

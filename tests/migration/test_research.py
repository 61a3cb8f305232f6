"""The research program as its users have it: started from a shell, and stopped there."""

import sqlite3
import subprocess
import sys
from contextlib import closing

from helpers.agents import questions
from helpers.process import own_environment

# Interrupted through its standard input, because Windows sends no interrupt to one process alone.
# And a parent that ignores interrupts, such as nohup, must not make the program ignore them.
UNTIL_ASKED_TO = """
import signal, sys, threading
from helpers.migration.research.step_6 import main

def interrupt():
    sys.stdin.readline()
    signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=interrupt, daemon=True).start()
main(sys.argv[1:])
"""


def test_interrupted_it_leaves_a_consistent_database(llm, tmp_path):
    """After Ctrl-C every answer that was shown is stored, and every one that is has its sources."""
    path = str(tmp_path / "answers.db")
    asked = questions(60, kind="lookup")
    place = ("--server", llm.url, "--database", path)
    with subprocess.Popen(
        [sys.executable, "-u", "-c", UNTIL_ASKED_TO, *place, *asked],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=own_environment(PYTHONUTF8="1"),
    ) as program:
        shown = [program.stdout.readline() for _ in range(2)]
        rest, said = program.communicate("now\n", timeout=30)
    assert program.returncode == 1 and "stopped" in said
    with closing(sqlite3.connect(path)) as db:
        stored = {question for (question,) in db.execute("SELECT question FROM answers")}
        sources = {question for (question,) in db.execute("SELECT question FROM sources")}
    lines = ("".join(shown) + rest).splitlines()
    printed = {line for line in lines if not line.startswith("    ")}
    assert printed <= stored == sources and 0 < len(stored) < len(set(asked))

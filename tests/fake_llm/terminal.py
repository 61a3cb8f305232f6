"""A server started by hand in a terminal of its own: a pseudo-terminal with its rules."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 20.0
CTRL_C, CTRL_S, CTRL_Q = b"\x03", b"\x13", b"\x11"
SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|.)")


class Terminal:
    """`python -m helpers.fake_llm` in a terminal of so many columns and rows.

    own: whether it is the server's controlling terminal, whose keys are signals and whose closing
    is SIGHUP. environment: what differs from this process's.
    """

    def __init__(self, *arguments, columns=120, rows=50, own=True, **environment):
        self.screen, inner = pty.openpty()
        self.resize(columns, rows)
        kept = {name: value for name, value in os.environ.items() if name not in _SHAPES}
        self.server = subprocess.Popen(
            [sys.executable, "-m", "helpers.fake_llm", *arguments],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if own else None,
            env={**kept, "TERM": "xterm-256color", **environment},
        )
        os.close(inner)
        self.bytes = b""
        self.read_until(lambda shown: "\n" in shown)
        # A terminal breaks no line itself, but ends it with a carriage return.
        self.hello = json.loads(self.text.partition("\n")[0])
        self.url = self.hello["base_url"].removesuffix("/v1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.server.kill()
        self.server.wait()

    def close(self):
        """Close the terminal, as the window's cross does."""
        if self.screen is not None:
            os.close(self.screen)
            self.screen = None

    def resize(self, columns, rows):
        """Change the size, as who drags the window's corner does."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, size)

    def press(self, key):
        """Press a key."""
        os.write(self.screen, key)

    @property
    def text(self):
        """All that was written so far."""
        return self.bytes.decode("utf-8", "replace")

    def read_until(self, enough):
        """Read until `enough` of what came from now on is true; returns that."""
        start = len(self.bytes)
        deadline = time.monotonic() + PATIENCE
        while not enough(self.bytes[start:].decode("utf-8", "replace")):
            left = deadline - time.monotonic()
            assert left > 0, f"not shown in {PATIENCE} s; shown: {self.text[-4000:]!r}"
            if select.select([self.screen], [], [], left)[0]:
                self.bytes += os.read(self.screen, 65_536)
        return self.bytes[start:].decode("utf-8", "replace")

    def read_rest(self):
        """Read to the end of the server, and return its exit status."""
        try:
            while data := os.read(self.screen, 65_536):
                self.bytes += data
        except OSError:  # as Linux says that nobody holds the other side any more
            pass
        return self.server.wait(PATIENCE)


# What would tell rich another size, or other colours, than the terminal's.
_SHAPES = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")

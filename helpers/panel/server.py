"""The fake LLM that a panel uses: the one that it was given, or one of its own."""

import threading
from dataclasses import asdict
from typing import Any

from helpers.fake_llm import FakeLLM
from helpers.fake_llm.behaviour import Behaviour
from helpers.runs import LLM, Steerable


class Server:
    """A panel's fake LLM. Its own is started when first needed, and again when it has ended.

    steerable: whether its settings may be changed from here.
    """

    def __init__(self, given: LLM | None = None):
        self.steerable = given is None or isinstance(given, Steerable)
        self._given = given
        self._own: FakeLLM | None = None
        self._opening = threading.Lock()  # a panel shown and run at once must not start two

    def open(self) -> LLM:
        """The fake LLM; its own is running then. Raises RuntimeError if that cannot start."""
        if self._given is not None:
            return self._given
        with self._opening:
            if self._own is None or not self._own.alive:
                self._own = FakeLLM()
            return self._own

    def open_ahead(self) -> None:
        """Start it in the background, so that the first run need not wait for it."""
        threading.Thread(target=self.open, name="fake LLM", daemon=True).start()

    def behaviour(self) -> dict[str, Any]:
        """Its settings; those that it will have where it has not been started yet."""
        return asdict(Behaviour()) if self._given is None else self._given.behaviour()

    def close(self) -> None:
        """End the panel's own; one that was given stays."""
        with self._opening:
            if self._own is not None:
                self._own.close()

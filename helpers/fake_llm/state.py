"""How the server behaves now: its settings, and what has become of them since they were made."""

from collections import deque
from typing import Any

from helpers.fake_llm.behaviour import Behaviour
from helpers.fake_llm.chance import Attempts, Chance
from helpers.fake_llm.limits import Limits, Slots


class State:
    """The settings, and with them the limits, the slots, the attempts, and the script's rest.

    All parts of the server share one of it. Times are seconds on the server's clock.
    """

    def __init__(self, behaviour: Behaviour, now: float):
        self.behaviour = behaviour
        self.slots: Slots = Slots()
        self.limits = Limits()
        self.attempts = Attempts()
        self._script = deque(behaviour.script)
        self._probabilities = behaviour.probabilities()
        self.limits.follow(behaviour, now)

    def change(self, changes: dict[str, Any], now: float) -> None:
        """Change settings, all or, where ValueError says what is wrong with one, none of them.

        Requests that wait may now be let in: whoever calls this sees to them.
        """
        self.behaviour = self.behaviour.changed(**changes)
        if "script" in changes:
            self._script = deque(self.behaviour.script)
        self._probabilities = self.behaviour.probabilities()
        self.limits.follow(self.behaviour, now)

    def next_fault(self, chance: Chance) -> str | None:
        """The fault of the next request: the script's turn while there is one, else by chance."""
        return self._script.popleft() if self._script else chance.fault(self._probabilities)

    def forget_attempts(self) -> None:
        """Each request is a first attempt again."""
        self.attempts = Attempts()

    def as_dict(self) -> dict[str, Any]:
        """All settings by name; of the script, what is left of it."""
        return {**self.behaviour.as_dict(), "script": list(self._script)}

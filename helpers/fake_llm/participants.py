"""Who uses the server: participants, each with a key, a journal, limits and luck of its own.

Without keys there is one participant, whoever sends the request. From the first key on there is
none without one.
"""

from collections import deque
from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from os import urandom
from typing import Any

from helpers.fake_llm.behaviour import SHARED, Behaviour
from helpers.fake_llm.chance import Attempts, Chance
from helpers.fake_llm.crowd import Group
from helpers.fake_llm.errors import ApiError
from helpers.fake_llm.journal import LIMIT, Journal, Numbers
from helpers.fake_llm.limits import Limits

MOST = 500
"""Participants: more than a room holds."""

LEAST_KEPT = 1_000
"""Records and attempts that are kept of each, however many they are: 500 times as many records take
175 MB."""

LONGEST_NAME = 64

KEY_BYTES = 24
"""Random bytes in a key that is made here: nobody guesses 192 bits."""


class Participant:
    """One who uses the server. name: "" for the one who needs none.

    behaviour: the common settings, and over them those that are this participant's own.
    group: its connections.
    """

    def __init__(self, name: str, numbers: Numbers):
        self.name = name
        self.journal = Journal(numbers)
        self.attempts = Attempts()
        self.group: Group = Group()
        self.own: dict[str, Any] = {}
        self.behaviour = Behaviour()
        self.limits = Limits()
        self._own_limits = self.limits
        self._script: deque[str | None] = deque()
        self._probabilities: list[tuple[str, float]] = []

    def follow(self, common: Behaviour, quota: Limits, now: float) -> None:
        """Behave as the common settings say, where it has none of its own."""
        self.behaviour = common.changed(**self.own)
        self._probabilities = self.behaviour.probabilities()
        self._own_limits.follow(self.behaviour, now)
        self.limits = quota if common.shared_quota else self._own_limits

    def start_script(self, script: Iterable[str | None]) -> None:
        """These are the faults of its next requests, in turn."""
        self._script = deque(script)

    def keep(self, records: int) -> None:
        """Keep so many records, and as many attempts."""
        self.journal.limit = self.attempts.limit = records

    def next_fault(self, chance: Chance) -> str | None:
        """The fault of the next request: the script's turn while there is one, else by chance."""
        return self._script.popleft() if self._script else chance.fault(self._probabilities)

    def forget(self) -> None:
        """Forget what has ended: records, and how often anything was tried."""
        self.journal.clear()
        self.attempts = Attempts(self.attempts.limit)

    def as_dict(self) -> dict[str, Any]:
        """All settings by name; of the script, what is left of it."""
        return {**self.behaviour.as_dict(), "script": list(self._script)}


class Participants:
    """All participants of a server, and the settings that they have in common.

    key: the only one that is let in at first; None lets in everybody, as one participant, until
    another is added. now: seconds on the server's clock.
    """

    def __init__(self, common: Behaviour, key: str | None, now: float):
        self.numbers = Numbers()
        self.common = common
        self.quota = Limits()
        self.by_name: dict[str, Participant] = {}
        # By the digest of the key, so that how long a look takes tells nothing of the keys.
        self._by_digest: dict[bytes, tuple[bytes, Participant]] = {}
        first = self._join("")
        self.anybody: Participant | None = first if key is None else None
        if key is not None:
            self._let_in(key, first)
        self.change(common.as_dict(), now)

    def with_key(self, key: bytes) -> Participant | None:
        """Whose key this is, None if nobody's."""
        asked = sha256(key).digest()
        digest, who = self._by_digest.get(asked, (b"", None))
        return who if compare_digest(digest, asked) else None

    def named(self, name: str) -> Participant:
        """The participant with this name; ApiError 404."""
        if name in self.by_name:
            return self.by_name[name]
        raise ApiError(404, f"There is no participant {name!r:.80}.", code="unknown_participant")

    def add(self, name: Any, now: float) -> str:
        """A new participant's key. From now on nobody is let in without one. ApiError 400, 409."""
        if not _is_name(name):
            takes = f"1 to {LONGEST_NAME} printable characters without / ? # %"
            raise ApiError(400, f"Invalid 'name': {name!r:.80}; it takes {takes}.", param="name")
        if name in self.by_name:
            message = f"Invalid 'name': there is a participant {name!r} already."
            raise ApiError(409, message, code="name_taken", param="name")
        if len(self.by_name) >= MOST:
            raise ApiError(409, f"There are {MOST} participants; remove one first.", code="full")
        key = "fk-" + urandom(KEY_BYTES).hex()
        self._let_in(key, self._join(name))
        self.anybody = None
        self._refresh(self.by_name[name], now)
        self.by_name[name].start_script(self.common.script)
        return key

    def remove(self, name: str) -> Participant:
        """The participant with this name, who is none any more; ApiError 404."""
        who = self.named(name)
        del self.by_name[name]
        self._by_digest = {d: (k, p) for d, (k, p) in self._by_digest.items() if p is not who}
        self._share()
        return who

    def change(self, changes: dict[str, Any], now: float, who: Participant | None = None) -> None:
        """Change settings, all or, where ValueError says what is wrong with one, none of them.

        who: the only one for whom they change; None for all, and for those who come. Requests that
        wait may now be let in: whoever calls this sees to them.
        """
        if who is None:
            common = self.common.changed(**changes)
            for each in self.by_name.values():  # a sum of probabilities may be too much for one
                common.changed(**each.own)
            self.common = common
        else:
            shared = [name for name in changes if name in SHARED]
            if shared:
                raise ValueError(f"{shared[0]} is the server's; no participant has its own")
            own = who.own | changes
            self.common.changed(**own)
            who.own = own
        self.quota.follow(self.common, now)
        for each in self.by_name.values() if who is None else (who,):
            self._refresh(each, now)
            if "script" in changes:
                each.start_script(each.behaviour.script)

    def forget(self) -> None:
        """All of them forget what has ended."""
        for each in self.by_name.values():
            each.forget()

    def journals(self, name: str | None = None) -> list[Journal]:
        """The journal of one, or of all; ApiError 404."""
        whose = self.by_name.values() if name is None else [self.named(name)]
        return [each.journal for each in whose]

    def as_dict(self) -> dict[str, Any]:
        """The common settings by name; of the script, what is left of the first's."""
        first = self.by_name.get("")
        script = [] if first is None else first.as_dict()["script"]
        return {**self.common.as_dict(), "script": script}

    def _join(self, name: str) -> Participant:
        who = self.by_name[name] = Participant(name, self.numbers)
        self._share()
        return who

    def _let_in(self, key: str, who: Participant) -> None:
        digest = sha256(key.encode()).digest()
        self._by_digest[digest] = digest, who

    def _share(self) -> None:
        each_keeps = max(LEAST_KEPT, LIMIT // max(1, len(self.by_name)))
        for each in self.by_name.values():
            each.keep(each_keeps)

    def _refresh(self, who: Participant, now: float) -> None:
        who.follow(self.common, self.quota, now)


def _is_name(name: Any) -> bool:
    """Whether this may be a name: it stands in addresses and in tables."""
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
        return False
    return name.isprintable() and name == name.strip() and not set(name) & set("/?#%")

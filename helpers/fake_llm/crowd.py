"""Who is connected, and how much is kept for them: bounds that hold whoever comes.

Connections belong to a group: a participant's, or, before its key is known, an address's. Where
there is no room for another connection, or for more bytes, the group that has most gives up one of
its own: so a class behind one address does not suffer, and one who takes all that can be had does
not shut out who needs little. Pure: no clock, no sockets.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Generic, Protocol, TypeVar

MOST_CONNECTIONS = 16_000
"""In all. An idle one takes some 5 kB, and no experiment here has more than 5,000."""

MOST_STRANGERS = 1_024
"""Of one address, that have not shown a key yet: a class of 300 that connects at one instant has no
more, and each is a stranger for a moment only."""

MOST_BYTES = 128 * 2**20
"""Of requests and replies that are kept for all connections together."""

LOOKED_AT = 100
"""Of a group that has to give one up, so many of its oldest connections are considered: looking at
thousands for each one that comes would take longer than serving it."""


class Member(Protocol):
    """A connection, as far as it matters here."""

    heard: float  # when its last bytes came
    weight: int  # the bytes that are kept for it
    group: "Group"

    @property
    def busy(self) -> bool:
        """Whether a request of it is being read or answered."""


Connection = TypeVar("Connection", bound=Member)


class Group(Generic[Connection]):
    """Connections that belong together, oldest first.

    address: where they come from, if they have not shown a key; else None.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address
        self.connections: dict[Connection, None] = {}
        self.weight = 0


class Crowd(Generic[Connection]):
    """All connections of a server. `most`: how many there may be."""

    def __init__(self, most: int = MOST_CONNECTIONS):
        self.most = most
        self.count = 0
        self.weight = 0
        self._groups: dict[Group, None] = {}
        self._strangers: dict[str, Group] = {}  # by address

    def __iter__(self) -> Iterator[Connection]:
        """All connections, group by group."""
        for group in list(self._groups):
            yield from list(group.connections)

    def strangers(self, address: str) -> Group:
        """The group of those who come from this address and have not shown a key."""
        return self._strangers.setdefault(address, Group(address))

    def add(self, connection: Connection, group: Group) -> None:
        """A new connection."""
        connection.group = group
        self.count += 1
        self._join(connection, group)

    def discard(self, connection: Connection) -> None:
        """This connection has ended."""
        if connection not in connection.group.connections:
            return
        self.weigh(connection, 0)
        self.count -= 1
        self._leave(connection)

    def move(self, connection: Connection, group: Group) -> None:
        """This connection has shown whose it is."""
        if connection.group is group or connection not in connection.group.connections:
            return
        weight = connection.weight
        self.weigh(connection, 0)
        self._leave(connection)
        connection.group = group
        self._join(connection, group)
        self.weigh(connection, weight)

    def weigh(self, connection: Connection, weight: int) -> None:
        """So many bytes are kept for this connection now."""
        change = weight - connection.weight
        connection.weight = weight
        connection.group.weight += change
        self.weight += change

    def one_too_many(self, group: Group) -> Connection | None:
        """Who has to go if one more connection is to join this group; None where there is room.

        It is one that waits for nothing and has been silent longest, if there is such a one.
        """
        if self.count >= self.most:
            group = max(self._groups, key=lambda each: len(each.connections), default=group)
        elif group.address is None or len(group.connections) < MOST_STRANGERS:
            return None
        oldest = islice(group.connections, LOOKED_AT)
        return min(oldest, key=lambda each: (each.busy, each.heard), default=None)

    def too_heavy(self) -> Connection | None:
        """Who has to go because too many bytes are kept; None where it is not so."""
        if self.weight <= MOST_BYTES:
            return None
        group = max(self._groups, key=lambda each: each.weight)
        return max(group.connections, key=lambda each: each.weight)

    def _join(self, connection: Connection, group: Group) -> None:
        group.connections[connection] = None
        self._groups[group] = None

    def _leave(self, connection: Connection) -> None:
        group = connection.group
        del group.connections[connection]
        if group.connections:
            return
        del self._groups[group]
        if group.address is not None:
            del self._strangers[group.address]

"""Things that wait, in a queue for each of those who have sent them, who take turns. Pure.

So one who sends a thousand does not starve one who sends one. This is "fair queueing": J. Nagle,
"On Packet Switches with Infinite Storage", RFC 970, 1985.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Turns(Generic[Item]):
    """What waits. Who has had a turn goes to the end; within a queue it is first in, first out."""

    def __init__(self) -> None:
        self.count = 0
        # Ordered dictionaries, because of a plain one the first entry is slow to find when many
        # before it have been taken out.
        self._queues: OrderedDict[Hashable, OrderedDict[Item, None]] = OrderedDict()

    def add(self, item: Item, whose: Hashable) -> None:
        """One more that waits."""
        queue = self._queues.get(whose)
        if queue is None:
            queue = self._queues[whose] = OrderedDict()
        queue[item] = None
        self.count += 1

    def take(self) -> Item:
        """The oldest of whose turn it is; something has to wait."""
        whose = next(iter(self._queues))
        queue = self._queues[whose]
        item, _ = queue.popitem(last=False)
        self.count -= 1
        if queue:
            self._queues.move_to_end(whose)
        else:
            del self._queues[whose]
        return item

    def discard(self, item: Item, whose: Hashable) -> None:
        """It waits no more, if it has waited."""
        queue = self._queues.get(whose)
        if queue is None or item not in queue:
            return
        del queue[item]
        self.count -= 1
        if not queue:
            del self._queues[whose]

    def of(self, whose: Hashable) -> int:
        """How many of this one's wait."""
        return len(self._queues.get(whose, ()))

    def longest(self) -> Hashable:
        """Who has most that waits; something has to."""
        return max(self._queues, key=lambda whose: len(self._queues[whose]))

    def newest(self, whose: Hashable) -> Item:
        """The last that came of this one's, of which some have to wait."""
        return next(reversed(self._queues[whose]))

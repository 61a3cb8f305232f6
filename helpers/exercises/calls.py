"""What the calls of several exercises share: an error that is a result, and a request to the model.

The model's replies are as long as a test of speed needs: so many tokens, or refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from helpers.agents import ModelError
from helpers.exercises.judges import describe
from helpers.exercises.trial import Trial
from helpers.trace import step

# `max_tokens` of a request that the model refuses with status 400.
REFUSED = -1


@dataclass
class Result:
    """What came of a call: its value, or the exception that it raised; and which of these it is."""

    value: Any = None
    raised: bool = False

    def __str__(self) -> str:
        if isinstance(self.value, Exception) and not self.raised:
            return f"{type(self.value).__name__} as a value that was returned"
        return result_in_words(self.value)


@contextmanager
def errors_are_results() -> Iterator[Result]:
    """For an exercise that asks for an exception: what the block raises becomes the result's value.

    NotImplementedError passes through, because it says that nothing has been written yet.
    """
    result = Result()
    try:
        yield result
    except NotImplementedError:
        raise
    except Exception as error:
        result.value, result.raised = error, True


def result_in_words(value: Any) -> str:
    """What came of a call, in words."""
    if isinstance(value, Exception):
        return f"the exception {type(value).__name__}"
    return describe(value)


async def ask_model(
    trial: Trial, session: aiohttp.ClientSession, question: str, *, tokens: int, tag: str
) -> str:
    """Ask the model for a reply of so many tokens; the request's tag is in the server's journal.

    Raises ModelError where the model refuses, as it does for REFUSED tokens.
    """
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": str(question)}],
        "max_tokens": tokens,
    }
    address = f"{trial.base_url}/chat/completions"
    with step(trial.record_or_stop, tag, "model"):
        async with session.post(address, json=body, headers={"x-tag": tag}) as reply:
            data = await reply.json()
            if reply.status != 200:
                raise ModelError(reply.status, data["error"]["message"])
    return data["choices"][0]["message"]["content"]

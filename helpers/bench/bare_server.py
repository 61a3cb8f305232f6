"""The smallest chat completions server one would write with aiohttp: a measure for the fake LLM.

It checks nothing, keeps no journal, and its only behaviour is to sleep before it replies:
`python -m helpers.bench.bare_server PORT SECONDS`.
"""

import asyncio
import sys
import time

from aiohttp import web

# As long as the fake LLM's own replies, which have a hundred tokens.
TEXT = 6 * (
    "A reply of about a hundred tokens, as the fake LLM gives it, takes some words to write down. "
)
# Connections that may wait to be accepted: the thousand of a burst come at one instant.
BACKLOG = 4_096


def application(latency: float) -> web.Application:
    """One address, which replies after `latency` seconds."""

    async def chat(request: web.Request) -> web.Response:
        body = await request.json()
        # A sleep of nothing would still cost a turn of the loop.
        if latency:
            await asyncio.sleep(latency)
        return web.json_response(_completion(body["model"]))

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    return app


def _completion(model: str) -> dict[str, object]:
    message = {"role": "assistant", "content": TEXT}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110},
    }


if __name__ == "__main__":
    port, latency = sys.argv[1:]
    web.run_app(
        application(float(latency)),
        host="127.0.0.1",
        port=int(port),
        access_log=None,
        print=None,
        backlog=BACKLOG,
    )

"""The smallest chat completions server that one would write with aiohttp: the measure for the fake LLM's speed.

It checks nothing, keeps no journal and knows no behaviour but a sleep. `python -m helpers.bench.bare_server 8000 0.2`.
"""

import asyncio
import sys
import time

from aiohttp import web

TEXT = (
    "A reply of about a hundred tokens, as the fake LLM gives it, takes some words to write down. "
    * 6
)


def application(latency: float) -> web.Application:
    """One address; a reply after `latency` seconds."""

    async def chat(request: web.Request) -> web.Response:
        body = await request.json()
        if latency:
            await asyncio.sleep(latency)
        return web.json_response(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": int(time.time()),
                "model": body["model"],
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": TEXT},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 10, "completion_tokens": 100, "total_tokens": 110},
            }
        )

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    return app


if __name__ == "__main__":
    port, latency = sys.argv[1:]
    web.run_app(
        application(float(latency)),
        host="127.0.0.1",
        port=int(port),
        access_log=None,
        print=None,
        backlog=4096,
    )

"""The fake LLM's command line; see --help."""

import argparse
import asyncio
import ipaddress
import json
import os
import signal
import sys
from dataclasses import Field
from functools import partial
from typing import Any

from helpers.fake_llm.behaviour import SETTINGS, Behaviour
from helpers.fake_llm.schedule import punctual_loop
from helpers.fake_llm.server import Server
from helpers.process import end_with_parent, raise_file_limit

FEW_FILES = 6_000
DESCRIPTION = """\
A fake LLM: an HTTP server that speaks OpenAI's chat completions protocol, answers the course's questions
through real tool calls, keeps the time it is told to keep, and writes a journal of what its clients do.
When it can accept connections it prints one line of JSON with its base_url and its process id."""
EPILOG = """\
examples:
  python -m helpers.fake_llm                                  200 ms a reply, on a free port
  python -m helpers.fake_llm --port 8000 --latency 2 --tail 0.5
  python -m helpers.fake_llm --capacity 8 --queue 100         eight at a time, a hundred may wait
  python -m helpers.fake_llm --requests-per-minute 600        beyond: 429 with Retry-After
  python -m helpers.fake_llm --fault-500 0.05 --script 503,503,none
Change settings while it runs with PUT /behaviour; read /journal and /stats. Ctrl-C ends it."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server until it is told to end; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        behaviour = _behaviour(options)
        _check_address(options.host, options.port, behaviour.api_key)
    except ValueError as error:
        return _fail(str(error))
    files = raise_file_limit()
    try:
        with asyncio.Runner(loop_factory=punctual_loop) as runner:
            return runner.run(serve(behaviour, options, files))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        return _fail(
            f"port {options.port} on {options.host} cannot be used: {error.strerror or error}"
        )


async def serve(behaviour: Behaviour, options: argparse.Namespace, files: int | None) -> int:
    """Listen, say so, and serve until the end."""
    server = Server(behaviour)
    port = await server.start(options.host, options.port)
    shown = f"[{options.host}]" if ":" in options.host else options.host
    over = asyncio.Event()
    _end_on_signals(over)
    if options.until_stdin_closes:
        end_with_parent(over.set)
    base_url = f"http://{shown}:{port}/v1"
    print(json.dumps({"base_url": base_url, "pid": os.getpid()}), flush=True)
    if files is not None and files < FEW_FILES:
        print(
            f"fake LLM: at most {files} open files here, so fewer connections than that",
            file=sys.stderr,
        )
    if sys.stdout.isatty() and not options.until_stdin_closes:
        from helpers.fake_llm.view import watch  # rich is only loaded where somebody looks

        await watch(server, base_url, over)
    else:
        await over.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.fake_llm",
        usage="%(prog)s [--host HOST] [--port PORT] [settings]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=partial(
            argparse.RawDescriptionHelpFormatter, width=110, max_help_position=32
        ),
    )
    where = parser.add_argument_group("where")
    where.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (127.0.0.1); another needs --api-key",
    )
    where.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0 (the default) takes a free one"
    )
    where.add_argument(
        "--until-stdin-closes", action="store_true", help="end when standard input closes"
    )
    how = parser.add_argument_group("behaviour", "seconds unless said; none is off")
    how.add_argument(
        "--behaviour", metavar="JSON", default="{}", help="settings as one JSON object"
    )
    for name, setting in SETTINGS.items():
        default = "off" if setting.default in (None, ()) else setting.default
        text = f"{setting.metadata['text']} ({default})"
        how.add_argument(
            "--" + name.replace("_", "-"),
            metavar=_metavar(setting),
            type=_reader(setting),
            help=text,
        )
    return parser


def _metavar(setting: Field) -> str:
    if setting.name in ("script", "models"):
        return "A,B,…"
    return "KEY" if setting.name == "api_key" else "X"


def _reader(setting: Field) -> Any:
    def read(text: str) -> Any:
        if setting.name in ("script", "models"):
            return [None if part == "none" else part for part in text.split(",")] if text else []
        if text.lower() == "none":
            return None
        if setting.name == "api_key":
            return text
        try:
            return json.loads(text.lower())
        except ValueError:
            return text

    return read


def _behaviour(options: argparse.Namespace) -> Behaviour:
    try:
        settings = dict(json.loads(options.behaviour))
    except (TypeError, ValueError):
        raise ValueError(f"--behaviour is {options.behaviour!r}; it takes a JSON object") from None
    given = {
        name: getattr(options, name) for name in SETTINGS if getattr(options, name) is not None
    }
    return Behaviour().changed(**{**settings, **given})


def _check_address(host: str, port: int, key: str | None) -> None:
    if not 0 <= port <= 65_535:
        raise ValueError(f"port is {port}; it takes a whole number from 0 (a free one) to 65,535")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ValueError(f"host is {host!r}; it takes an IP address or localhost") from None
    if not loopback and key is None:
        raise ValueError(
            f"host is {host!r}, which others can reach; give an api_key, so that they cannot change settings"
        )


def _fail(message: str) -> int:
    print(json.dumps({"error": message}), flush=True)
    print(f"fake LLM: {message}", file=sys.stderr)
    return 2


def _end_on_signals(over: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            try:
                loop.add_signal_handler(getattr(signal, name), over.set)
            except NotImplementedError:  # Windows, where Ctrl-C raises KeyboardInterrupt instead
                return


if __name__ == "__main__":
    sys.exit(main())

"""The fake LLM's command line; see --help."""

import gc
import sys

if __name__ == "__main__":
    # What is loaded now stays, so the collector would look for garbage in vain: a twentieth of the
    # start. The server sets it going again, in a way of its own.
    gc.disable()
    # Another twentieth would be OpenSSL, which asyncio loads where it can and does without where it
    # cannot; there is no TLS here.
    sys.modules.setdefault("ssl", None)

import argparse
import asyncio
import ipaddress
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from helpers.fake_llm.behaviour import SETTINGS, Behaviour, rule_of
from helpers.fake_llm.client import check_key
from helpers.fake_llm.schedule import punctual_loop
from helpers.fake_llm.server import Server
from helpers.process import end_with_parent, raise_file_limit, read_first_line

# The largest experiments here have 5,000 connections, and the server needs some files of its own.
FEW_FILES = 6_000
WRONG_USE = 2  # the exit status that Unix programs have for it
KEY_VARIABLE = "FAKE_LLM_API_KEY"
SECRET_BYTES = 24  # random ones: nobody guesses 192 bits
DESCRIPTION = """\
A fake LLM: an HTTP server that speaks OpenAI's chat completions protocol, answers the course's
questions through real tool calls, keeps the time it is told to keep, and writes a journal of what
its clients do. When it can accept connections it prints one line of JSON: its base_url, its process
id, its control_url, and the secret_file, readable for you alone, with the key that opens that."""
EPILOG = """\
examples:
  python -m helpers.fake_llm                                  200 ms a reply, on a free port
  python -m helpers.fake_llm --port 8000 --latency 2 --tail 0.5
  python -m helpers.fake_llm --capacity 8 --queue 100         eight at a time, a hundred may wait
  python -m helpers.fake_llm --requests-per-minute 600        beyond: 429 with Retry-After
  python -m helpers.fake_llm --fault-500 0.05 --script 503,503,none
Change settings and read what it saw at the control_url, which needs the secret:
  curl -H "Authorization: Bearer $(cat SECRET_FILE)" CONTROL_URL/stats
  curl -H "Authorization: Bearer $(cat SECRET_FILE)" -H "Content-Type: application/json" \\
       -X PUT -d '{"latency": 2}' CONTROL_URL/behaviour
Ctrl-C ends it."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server until it is told to end; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        secrets = _secrets(options)
        behaviour = _behaviour(options, secrets)
        _check_address(options.host, options.port, secrets["api_key"])
    except ValueError as error:
        return _fail(str(error))
    files = raise_file_limit()
    try:
        with asyncio.Runner(loop_factory=punctual_loop) as runner:
            return runner.run(serve(behaviour, options, secrets, files))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        reason = error.strerror or error
        return _fail(f"port {options.port} on {options.host} cannot be used: {reason}")


async def serve(
    behaviour: Behaviour,
    options: argparse.Namespace,
    secrets: dict[str, Any],
    files: int | None,
) -> int:
    """Listen, say so, and serve until the end.

    secrets: the control door's `secret`, None to make one and write it to a file, and the `api_key`
    that is needed at the public door, if one is. files: how many this process may open.
    """
    secret = secrets["secret"] or os.urandom(SECRET_BYTES).hex()
    server = Server(
        behaviour, secret=secret, key=secrets["api_key"], names=options.allow_host, files=files
    )
    port = await server.start(options.host, options.port)
    control_port = await server.start_control()
    over = asyncio.Event()
    _end_on_signals(over)
    if options.until_stdin_closes:
        end_with_parent(over.set)
    host = f"[{options.host}]" if ":" in options.host else options.host  # as an IPv6 address is
    hello = {
        "base_url": f"http://{host}:{port}/v1",
        "pid": os.getpid(),
        "control_url": f"http://127.0.0.1:{control_port}",
    }
    with _file_of(None if secrets["secret"] else secret) as path:
        print(json.dumps({**hello, "secret_file": path}), flush=True)
        if files is not None and files < FEW_FILES:
            _warn(f"at most {files} open files here, so fewer connections than that")
        if sys.stdout.isatty() and not options.until_stdin_closes:
            from helpers.fake_llm.view import watch  # rich is only loaded where somebody looks

            await watch(server, hello["base_url"], hello["control_url"], path, over)
        else:
            await over.wait()
    return 0


@contextmanager
def _file_of(secret: str | None) -> Iterator[str | None]:
    """The path of a file with this secret, which only this user can read; None for none."""
    if secret is None:
        yield None
        return
    import tempfile  # only by hand: a server that a notebook starts is to start soon

    handle, path = tempfile.mkstemp(prefix="fake-llm-", suffix=".secret")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret)
        yield path
    finally:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass  # somebody has tidied up


def _parser() -> argparse.ArgumentParser:
    form = partial(argparse.RawDescriptionHelpFormatter, width=110, max_help_position=32)
    parser = argparse.ArgumentParser(
        prog="python -m helpers.fake_llm",
        usage="%(prog)s [--host HOST] [--port PORT] [--api-key KEY] [settings]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=form,
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
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer to this name too; may be given more than once (this machine's names, and "
        "addresses, always are)",
    )
    where.add_argument(
        "--until-stdin-closes", action="store_true", help="end when standard input closes"
    )
    who = parser.add_argument_group("keys")
    who.add_argument(
        "--api-key",
        metavar="KEY",
        help="the only key that is let in. `ps` shows it to everybody on this machine; the "
        f"variable {KEY_VARIABLE} does not (off: any key or none)",
    )
    who.add_argument(
        "--secrets-from-stdin",
        action="store_true",
        help="read the first line of standard input: a JSON object with the `secret` of the "
        "control_url, and if wanted `api_key` and `behaviour`",
    )
    how = parser.add_argument_group("behaviour", "seconds unless said; none is off")
    how.add_argument(
        "--behaviour", metavar="JSON", default="{}", help="settings as one JSON object"
    )
    for name in SETTINGS:
        _add_setting(how, name)
    return parser


def _add_setting(group: argparse._ArgumentGroup, name: str) -> None:
    rule, default = rule_of(name), SETTINGS[name].default
    shown = "off" if default in (None, ()) else default
    group.add_argument(
        "--" + name.replace("_", "-"),
        metavar=METAVARS[rule.sort],
        type=READERS[rule.sort],
        help=f"{rule.text} ({shown})",
    )


def _read_list(text: str) -> list[str | None]:
    return [None if part == "none" else part for part in text.split(",")] if text else []


def _read_value(text: str) -> Any:
    """A number or a flag, None for "none"; what is neither stays text, and is refused as such."""
    if text.lower() == "none":
        return None
    try:
        return json.loads(text.lower())
    except ValueError:
        return text


# By the sort of a setting (behaviour.Rule).
METAVARS = {"number": "X", "flag": "X", "list": "A,B,…"}
READERS: dict[str, Callable[[str], Any]] = {
    "number": _read_value,
    "flag": _read_value,
    "list": _read_list,
}


def _secrets(options: argparse.Namespace) -> dict[str, Any]:
    """`secret`, `api_key` and `behaviour`, from wherever they are given; ValueError."""
    if options.secrets_from_stdin:
        try:
            given = json.loads(read_first_line())
        except ValueError as error:
            raise ValueError(f"standard input has no secrets in its first line: {error}") from None
        if not isinstance(given, dict) or not given.get("secret"):
            raise ValueError("the first line of standard input is no JSON object with a `secret`")
        secrets = {"api_key": None, "behaviour": {}, **given}
    else:
        key = options.api_key or os.environ.get(KEY_VARIABLE) or None
        secrets = {"secret": None, "api_key": key, "behaviour": {}}
    check_key(secrets["api_key"])
    return secrets


def _behaviour(options: argparse.Namespace, secrets: dict[str, Any]) -> Behaviour:
    """The settings that came with the secrets, over them those of --behaviour, and over these
    those that have options of their own.
    """
    try:
        settings = dict(json.loads(options.behaviour))
    except (TypeError, ValueError):
        raise ValueError(f"--behaviour is {options.behaviour!r}; it takes a JSON object") from None
    given = {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}
    return Behaviour().changed(**{**secrets["behaviour"], **settings, **given})


def _check_address(host: str, port: int, key: str | None) -> None:
    if not 0 <= port <= 65_535:
        raise ValueError(f"port is {port}; it takes a whole number from 0 (a free one) to 65,535")
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ValueError(f"host is {host!r}; it takes an IP address or localhost") from None
    if not loopback and key is None:
        raise ValueError(
            f"host is {host!r}, which others can reach; give an api_key, "
            "so that not everybody there may use it"
        )


def _fail(message: str) -> int:
    """Say what is wrong to who reads the hello line, and to who looks at the terminal."""
    print(json.dumps({"error": message}), flush=True)
    _warn(message)
    return WRONG_USE


def _warn(message: str) -> None:
    print(f"fake LLM: {message}", file=sys.stderr)


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

"""orjson or not: the same bytes are written, and the same are read or refused."""

import importlib.util
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fake_llm import json_bytes
from helpers.process import own_environment
from tests.fake_llm.raw import ControlDoor, ask, chat, get, post, put

pytest.importorskip("orjson", reason="there is nothing to compare where orjson has no wheel")

INTEGERS = st.integers(-(2**63), 2**64 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)
EXAMPLES = settings(max_examples=1_000)


def _without_orjson():
    """The module as it is where orjson cannot be imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "orjson", None)
        spec = importlib.util.spec_from_file_location("plain_json_bytes", json_bytes.__file__)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


PLAIN = _without_orjson()


def read(module, raw):
    """What a module reads, told apart to the sign of a zero; "refused" where it reads nothing."""
    try:
        return repr(module.loads(raw))
    except ValueError:
        return "refused"


def test_the_modules_compared_are_two():
    """One writes with orjson, the other does not."""
    assert json_bytes.dumps is json_bytes.orjson.dumps
    assert PLAIN.orjson is None


@EXAMPLES
@given(VALUES)
def test_the_same_is_written(value):
    """Whatever a reply may hold: floats of every size, text of every sort, NaN as null."""
    assert PLAIN.dumps(value) == json_bytes.dumps(value)


@pytest.mark.parametrize(
    "value",
    [1e16, 1e15, 0.0001, 1e-5, -1.5e-5, 9.999e-6, 1e-9, 1e-10, 5e-324, -0.0, 1.7976931348623157e308]
    + [float("nan"), float("inf"), -float("inf"), 2**64 - 1, -(2**63)]
    + ["\x00\x08\x0b\x0c\n\x1f\x7f", "é\u2028\U0001f600", "1e-05 NaN Infinity", 'a"1e-05\\', "</"]
    + [{"1e-05": ["-Infinity", 1e-05, "e-0"]}, [], {}, [[[]]], {"": {"": None}}, (1, 2)],
)
def test_what_is_written_differently_by_others_is_written_the_same(value):
    """Exponents, escapes, what is no number; and text that looks like them stays as it is."""
    assert PLAIN.dumps(value) == json_bytes.dumps(value)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, ["a\ud83d"]])
def test_half_a_surrogate_pair_is_not_written(value):
    """It is no text: TypeError from both."""
    for module in (json_bytes, PLAIN):
        with pytest.raises(TypeError):
            module.dumps(value)


@EXAMPLES
@given(VALUES, st.booleans())
def test_the_same_is_read(value, escaped):
    """Any JSON, with its text escaped or not; NaN and Infinity are refused."""
    raw = json.dumps(value, ensure_ascii=escaped).encode()
    assert read(PLAIN, raw) == read(json_bytes, raw)


PARTS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\\u", b"d83d", b"DE00", b'"a"', b"-", b"0"]
    + [b"12", b".", b"e", b"E+", b"true", b"null", b"NaN", b" ", b"\n", b"\0", b"\xff", b"\xed\xa0"]
    + [b"\\ud83d\\ude00", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\x1f", b"\x7f", b"\\/", b"\\b"]
)


@EXAMPLES
@given(st.lists(PARTS, max_size=12).map(b"".join) | st.binary(max_size=12))
def test_the_same_nonsense_is_refused(raw):
    """Bytes that nearly are JSON, alone and as text within it."""
    for data in (raw, b'"%b"' % raw, b'{"a":%b}' % raw, b"[%b]" % raw):
        assert read(PLAIN, data) == read(json_bytes, data)


@EXAMPLES
@given(st.from_regex(rb"-?[0-9]{1,25}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?", fullmatch=True))
def test_the_same_numbers_are_read(raw):
    """Beyond 64 bits as floats, beyond floats not at all, leading zeros neither."""
    assert read(PLAIN, raw) == read(json_bytes, raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"-0", b"-0.0", b"1e400", b"-1e400", b"1e-400", b"1" * 5_000, b"-" + b"9" * 400]
    + [str(n).encode() for n in (2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1)]
    + [b'{"a":1,"b":2,"a":3}', b'{"a":"\\ud800","a":1}', b'"\\\\ud800"', b'"\\ud800\\u0041"']
    + [b'"\\udc00\\ud800"', b'"\\uD83D\\uDE00"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\t"']
    + ["{}".encode("utf-16"), "{}".encode("utf-32"), b"\xef\xbb\xbf{}", b"{}\0", b"[1,]", b"'a'"]
    + [b"// a\n1", b"Infinity", b"-Infinity", b"\x0b1", "\xa01".encode(), "١".encode(), b"tru"],
)
def test_hostile_input_has_the_same_fate(raw):
    """Big integers, doubled keys, lone surrogates, other encodings, control characters."""
    assert read(PLAIN, raw) == read(json_bytes, raw)


@pytest.mark.parametrize("module", [json_bytes, PLAIN], ids=["orjson", "plain"])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_has_one_bound(module, opening, closing):
    """What is read can be written again; one level more is refused, and so are a million."""
    depth = json_bytes.DEPTH
    raw = opening * (depth - 1) + b"[]" + closing * (depth - 1)
    assert module.dumps(module.loads(raw)) == raw
    for deeper in (depth, 1_000_000):
        assert read(module, opening * deeper + b"[]" + closing * deeper) == "refused"


@pytest.mark.parametrize("module", [json_bytes, PLAIN], ids=["orjson", "plain"])
def test_many_brackets_need_not_be_deep(module):
    """Side by side, or within text, they count for nothing."""
    wide = [[{}] for _ in range(1_000)] + ["[" * 1_000, '"' + "{" * 1_000]
    assert module.loads(module.dumps(wide)) == wide


@pytest.mark.parametrize("module", [json_bytes, PLAIN], ids=["orjson", "plain"])
def test_a_text_that_never_ends_is_looked_through_once(module):
    """Not once from each of its quotes, which would take hours."""
    assert read(module, b"[]" * 300 + b'"' + b'\\"' * 500_000) == "refused"


@pytest.mark.parametrize("module", [json_bytes, PLAIN], ids=["orjson", "plain"])
def test_values_have_one_bound(module):
    """In lists and objects, at every level; what is in a text counts for nothing."""
    for least, value in (("0", 1), ("[]", 2), ('{"":0}', 2)):
        full = "[" + ",".join([least] * ((json_bytes.ELEMENTS - 1) // value)) + "]"
        for room in ("", " " * json_bytes.ELEMENTS):
            assert module.loads(full + room)
            assert read(module, (f"[{full},{least}]" + room).encode()) == "refused"
    text = '[{,"\\' * json_bytes.ELEMENTS
    assert module.loads(module.dumps([text])) == [text]


@pytest.mark.parametrize(
    "raw",
    [b"[" * 300, b"[" * 300 + b"]" * 300, b"[" * 1_100 + b"]" * 1_100, b"[" * 60_000, b"{" * 300]
    + [b"[" + b"0," * 60_000 + b"0]", b"[" + b"0," * 60_000, b"[", b"x" * 60_000],
)
def test_what_is_too_much_is_too_much_for_both(raw):
    """And what is no JSON is that for both, since the client is told which of them it is."""
    fates = []
    for module in (json_bytes, PLAIN):
        with pytest.raises(ValueError) as caught:
            module.loads(raw)
        much = isinstance(caught.value, module.TooMuch)
        fates.append((much, str(caught.value) if much else ""))
    assert fates[0] == fates[1]


def test_many_texts_between_floats_are_written_the_same():
    """Exponents in texts stay, those of numbers are written as orjson does."""
    value = [{"e-05": ["1e-05", 1e-05, -1e-06, "NaN", float("nan"), 1e-07, 12.5, "\\"]}] * 50
    assert PLAIN.dumps(value) == json_bytes.dumps(value)


def test_text_is_read_as_bytes_are():
    """A tool's result is text already."""
    for text in ('{"a": "é"}', "17", "rain", '"\ud800"'):
        assert read(PLAIN, text) == read(json_bytes, text)


START = """
import runpy, sys
{before}
sys.argv = ["fake_llm", "--until-stdin-closes", "--latency", "0"]
runpy.run_module("helpers.fake_llm", run_name="__main__", alter_sys=True)
"""


class _Started:
    """A server started by a script, with the address that `ask` looks for."""

    def __init__(self, process):
        hello = json.loads(process.stdout.readline())
        self.url = hello["base_url"].removesuffix("/v1")
        self._control_url = hello["control_url"]
        self._secret = Path(hello["secret_file"]).read_text(encoding="ascii")


@contextmanager
def started(before):
    """A fake LLM in a process that first does something else."""
    command = [sys.executable, "-c", START.format(before=before)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, env=own_environment()) as process:
        yield _Started(process)
        process.stdin.close()


def test_a_server_without_orjson_sends_the_same_bytes():
    """Plain, streamed and erroneous replies, and what steers it; all but the time of day."""
    odd = {
        "role": "user",
        "content": [{"type": "text", "text": "Say é\u2028."}, {"type": "x", "y": 1e-5}],
    }
    requests = [
        post(chat("What is the weather in Oslo?")),
        post(chat(messages=[odd], stream=True, stream_options={"include_usage": True}, n=2)),
        post(chat(temperature=1e-5, top_p=1e16)),
        post(b'{"model": "\\ud800"}'),
        get("/search?q=bicycle"),
    ]
    replies = []
    for before in ("import orjson", "sys.modules['orjson'] = None"):
        with started(before) as server:
            control = ControlDoor(server)
            steer = ask(control, put({"latency": 0.00001}, "/behaviour", control.key))
            replies.append([timeless(ask(server, data)) for data in requests] + [timeless(steer)])
    assert replies[0] == replies[1]
    assert [status for status, _, _ in replies[0]] == [200, 200, 400, 400, 200, 200]


def timeless(reply):
    """A reply without what tells the time of day."""
    status, headers, body = reply
    kept = [(name, value) for name, value in headers.items() if name != "date"]
    return status, kept, re.sub(rb'"created":\d+', b'"created":0', body)

"""Hostile input: any JSON, any bytes, in any pieces, get a clean answer or none, and a neighbour
hardly notices.
"""

import json
import random
import re
import socket
from contextlib import ExitStack
from urllib.parse import urlencode

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import FakeLLM
from helpers.fake_llm.behaviour import FAULTS, SETTINGS
from helpers.fake_llm.wire import BODY_LIMIT
from tests.fake_llm.attack import drained
from tests.fake_llm.clients import clean, until
from tests.fake_llm.conftest import QUICK
from tests.fake_llm.neighbour import MOST_MEMORY, longest_wait, neighbour
from tests.fake_llm.raw import ControlDoor, ask, chat, connect, get, post, put, read

SOAK = pytest.mark.soak
GOOD = post(chat("What is 6 * 7?", max_tokens=5))
# The names and the words that a request is made of, so that what is tried nearly makes sense.
FIELDS = (
    "model messages tools tool_choice response_format stream stream_options n stop max_tokens "
    "max_completion_tokens temperature seed parallel_tool_calls logprobs role content type "
    "function name parameters properties required enum items $ref tool_calls tool_call_id id "
    "arguments text json_schema schema include_usage"
).split()
ROLES = ["user", "assistant", "tool", "system"]
WORDS = (
    ROLES
    + (
        "function object string integer array auto required get_weather city text json_schema "
        "json_object # #/properties"
    ).split()
)
WORDS += ["weather in Paris?", "2 * 3"]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=12,
)
MESSAGES = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(ROLES), "content": SCALARS | VALUES}),
    max_size=4,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5).map(
    lambda more: chat() | more
) | st.builds(
    lambda messages, more: {"model": "m", **more, "messages": messages},
    MESSAGES,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)

# Schemas that refer to one another and to themselves, for tools and for the form of a reply.
NAMES = st.sampled_from("a b city expression answer $ref".split())
SCHEMAS = st.recursive(
    st.builds(lambda kind: {"type": kind}, st.sampled_from(WORDS) | VALUES)
    | st.builds(lambda value: {"const": value}, VALUES)
    | st.builds(lambda values: {"enum": values}, st.lists(VALUES, max_size=5))
    | st.builds(
        lambda to: {"$ref": to},
        st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#//", "a", ""]),
    )
    | VALUES,
    lambda inner: (
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, inner, max_size=4)},
            optional={"required": st.lists(NAMES, max_size=3)},
        )
        | st.builds(
            lambda union, members: {union: members},
            st.sampled_from(["anyOf", "oneOf", "allOf"]),
            st.lists(inner, max_size=3),
        )
        | st.builds(lambda items: {"type": "array", "items": items}, inner)
    ),
    max_leaves=15,
)
ROOTS = st.builds(
    lambda root, a, b: root | {"$defs": {"a": a, "b": b}} if isinstance(root, dict) else root,
    SCHEMAS,
    SCHEMAS,
    SCHEMAS,
)
QUESTIONS = st.sampled_from(WORDS) | st.text(max_size=50)


def offering(schema, question, count, choice):
    """A request that offers so many tools with this schema."""
    made = [
        {"type": "function", "function": {"name": f"get_{i}", "parameters": schema}}
        for i in range(count)
    ]
    return chat(question, tools=made, tool_choice=choice)


def shaped(schema, question, n):
    """A request for replies in this form."""
    kind = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return chat(question, response_format=kind, n=n)


TOOLS = st.builds(
    offering,
    ROOTS,
    QUESTIONS,
    st.sampled_from([1, 1, 1, 2, 127, 128, 129, 1_000]),
    st.sampled_from(["auto", "required", "none"]),
)
FORMS = st.builds(shaped, ROOTS, QUESTIONS, st.sampled_from([1, 1, 2, 128, 129]))


@pytest.fixture(scope="module")
def beside(shared):
    """A neighbour of whoever tries all this."""
    with neighbour(shared) as client:
        yield client


@pytest.fixture
def unharmed(beside):
    """All that a test tries makes a neighbour wait no longer than one request may.

    What counts is how long the server worked meanwhile: in thousands of questions there is always
    one for which it was another process's turn.
    """
    beside.seen()
    yield
    seen = beside.seen()
    assert seen.busy < longest_wait()
    assert seen.grown < MOST_MEMORY


def tried(examples, *strategies):
    """A property test with so many examples, whatever they look like."""

    def decorate(each):
        many = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        return many(given(*strategies)(each))

    return decorate


class Visitor:
    """A client that keeps its connection, and comes back where that has ended."""

    def __init__(self, where):
        self.where = where
        self.sock = connect(where)

    def ask(self, data, method="POST"):
        """(status, headers, body) of the reply; None where there was none."""
        try:
            self.sock.sendall(data)
            reply = read(self.sock, method)
        except ConnectionError:
            reply = None
        if reply is None or reply[1]["connection"] == "close":
            self.sock.close()
            self.sock = connect(self.where)
        return reply


@pytest.fixture
def visitor(llm):
    """A client of the module's server."""
    client = Visitor(llm)
    yield client
    client.sock.close()


def as_json(body):
    """The body as bytes; half a surrogate pair is no text, and becomes a question mark."""
    return json.dumps(body).encode("utf-8", "replace")


@pytest.mark.parametrize("examples", [500, pytest.param(12_000, marks=SOAK)])
def test_any_json_gets_a_clean_answer(visitor, unharmed, examples):
    """Bodies with the right names and any values; tools and forms with any schema."""

    @tried(examples, BODIES | TOOLS | FORMS)
    def each(body):
        clean(visitor.ask(post(as_json(body))))

    each()


# Numbers as no JSON writer writes them.
NUMBERS = st.sampled_from(
    ["-0", "00", "1.", ".5", "+1", "1_000", "0x10", "1e5", "1E+5", "1e999", "-1e999", "1e-999"]
    + ["NaN", "-Infinity", "٣", "1 2", "9" * 18, "9" * 19, "9" * 20, "-" + "9" * 19, "1.0"]
) | st.builds(
    lambda sign, digit, count, end: sign + digit * count + end,
    st.sampled_from(["", "-", "0.", "1e", "1e-", "-1."]),
    st.sampled_from("0123456789"),
    st.sampled_from([1, 17, 309, 4_300, 4_301, 100_000]),
    st.sampled_from(["", ".5", "e5", "e-400"]),
)
NUMBER = re.compile(rb"(?<=: )-?\d+(\.\d+)?(?=[,}\]])")
NUMBERED = (
    "seed n max_tokens max_completion_tokens temperature top_p presence_penalty top_logprobs stop "
    "stream model messages tools tool_choice response_format"
).split()


@pytest.mark.parametrize("examples", [150, pytest.param(5_000, marks=SOAK)])
def test_numbers_of_any_length_get_a_clean_answer(visitor, unharmed, examples):
    """In place of any parameter, and of any number within a body."""

    @tried(examples, st.sampled_from(NUMBERED) | st.none(), NUMBERS, BODIES | TOOLS | FORMS)
    def each(name, number, body):
        raw = as_json(body if name is None else chat() | {name: 7})
        raw = NUMBER.sub(number.encode(), raw)
        clean(visitor.ask(post(raw)))

    each()


PIECES = ["a", "1", " ", "(", "“", "\0", "\x1b[", "A ", "in A", "1,111", "[", '"', "\\", "😀", "\n"]
ELEMENTS = [0, 1.5, "", "a", None, [], {}, [[]], {"a": 0}, {"type": "string"}, "#/$defs/a"]


def swollen(body, draw):
    """The body with one part of it, wherever that is, made as large as a request may be."""
    copy = json.loads(json.dumps(body))
    places = list(_places(copy))
    holder, key = draw.choice(places)
    room = BODY_LIMIT - len(as_json(body))
    match draw.randrange(4):
        case 0:
            piece = draw.choice(PIECES)
            large = piece * (room // len(json.dumps(piece)))
        case 1:
            element = draw.choice(ELEMENTS)
            large = [element] * min(50_000, room // (len(json.dumps(element)) + 2))
        case 2:
            element = draw.choice(ELEMENTS)
            size = len(json.dumps(element)) + 12
            large = {f"{i:x}": element for i in range(min(50_000, room // size))}
        case 3:
            large = 0
            for _ in range(draw.choice([50, 100, 245])):
                large = [large] if draw.random() < 0.5 else {"properties": large}
    holder[key] = large
    return copy


def _places(value):
    """(list or object, index or key) of each part of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in items:
        yield value, key
        if isinstance(part, (dict, list)):
            yield from _places(part)


@pytest.mark.parametrize("examples", [60, pytest.param(3_000, marks=SOAK)])
def test_sizes_to_the_limit_get_a_clean_answer(visitor, unharmed, examples):
    """A text of a megabyte, fifty thousand elements or keys, or a deep nest, at any place."""

    @tried(examples, BODIES | TOOLS | FORMS, st.integers(0, 2**32))
    def each(body, seed):
        clean(visitor.ask(post(as_json(swollen(body, random.Random(seed))))))

    each()


QUERIES = st.dictionaries(
    st.sampled_from("since limit kind participant q city".split()) | st.text(max_size=5),
    NUMBERS | st.sampled_from(["chat", "other", "Ada", "", "Paris"]) | st.text(max_size=20),
    max_size=4,
)
READ = "/me/behaviour /me/journal /me/stats /me/mark / /search /weather /v1/models /v1/models/a"
STEERED = "/behaviour /journal /stats /mark /participants /participants/Ada/behaviour /refused"


@pytest.mark.parametrize("examples", [150, pytest.param(5_000, marks=SOAK)])
def test_any_query_gets_a_clean_answer(llm, visitor, unharmed, examples):
    """At each address of both doors that is read."""
    door = ControlDoor(llm)
    steering = Visitor(door)
    places = [(visitor, path, b"") for path in READ.split()]
    places += [(steering, path, door.key) for path in STEERED.split()]

    @tried(examples, st.sampled_from(places), QUERIES)
    def each(place, query):
        client, path, line = place
        encoded = urlencode(query, errors="replace")[:20_000]
        clean(client.ask(get(f"{path}?{encoded}", line), "GET"))

    each()
    steering.sock.close()


@pytest.fixture
def steered():
    """A server that is steered in any way, and its two doors."""
    with FakeLLM(**QUICK) as llm:
        yield llm


SETTINGS_OF_ANY = st.dictionaries(
    st.sampled_from([*SETTINGS, "api_key", "secret"]) | st.text(max_size=8),
    VALUES | st.lists(st.sampled_from([None, *FAULTS]), max_size=5) | st.floats(0, 1),
    max_size=4,
)
NAMED = st.builds(
    lambda name, more: {"name": name, **more},
    st.text(max_size=70) | VALUES,
    st.dictionaries(st.text(max_size=5), VALUES, max_size=2),
)
STEERING = [
    (put, "/behaviour"),
    (put, "/participants/Ada/behaviour"),
    (put, "/participants/nobody/behaviour"),
    (post, "/participants"),
]


@pytest.mark.parametrize("examples", [300, pytest.param(8_000, marks=SOAK)])
def test_whoever_steers_gets_a_clean_answer(steered, examples):
    """With the secret any JSON; and without it nothing is done, whatever is asked for."""
    steered.add("Ada")
    door = ControlDoor(steered)
    owner, stranger = Visitor(door), Visitor(door)

    @tried(examples, st.sampled_from(STEERING), SETTINGS_OF_ANY | NAMED | VALUES)
    def each(place, body):
        request, path = place
        before = steered.behaviour(), steered.participants()
        assert stranger.ask(request(as_json(body), path))[0] == 401
        assert (steered.behaviour(), steered.participants()) == before
        clean(owner.ask(request(as_json(body), path, door.key)))
        for name in steered.participants():
            if name != "Ada":
                steered.remove(name)

    each()
    owner.sock.close()
    stranger.sock.close()


def mutated(draw):
    """A good request with some bytes changed, cut out, put in or repeated."""
    data = bytearray(draw.choice([GOOD, post(chat(stream=True)), get("/search?q=a")]))
    for _ in range(draw.randrange(1, 6)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(4):
            case 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del data[at : at + draw.randrange(20)]
            case 2:
                data[at:at] = draw.choice(
                    [
                        b"\r\n",
                        b"\0",
                        b": ",
                        b"\r\n\r\n",
                        b"%",
                        b"\xff" * 10,
                        b"9" * 30,
                        b"9" * 5_000,
                    ]
                )
            case 3:
                data[at:at] = data[at : at + 40]
    return bytes(data)


@pytest.mark.parametrize("count", [400, pytest.param(8_000, marks=SOAK)])
def test_any_bytes_get_a_clean_answer_or_none(llm, unharmed, count):
    """Sent in random pieces, then closed; some never read, and stay. No 5xx, at either door."""
    draw = random.Random(6)
    with ExitStack() as silent:
        for _ in range(count):
            where = llm if draw.random() < 0.8 else ControlDoor(llm)
            data = mutated(draw) if draw.random() < 0.9 else draw.randbytes(draw.randrange(200))
            if draw.random() < 0.1:
                silent.enter_context(connect(where)).sendall(data * draw.choice([1, 50]))
                continue
            with connect(where) as sock:
                for piece in pieces(data, draw):
                    sock.send(piece)
                sock.shutdown(socket.SHUT_WR)
                assert b"HTTP/1.1 5" not in drained(sock)


def pieces(data, draw):
    """The data, cut at random."""
    cuts = sorted(draw.randrange(len(data) + 1) for _ in range(draw.randrange(3)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def test_split_anywhere_a_request_is_the_same(llm):
    """At each byte of head and body."""
    expected = json.loads(ask(llm, GOOD)[2])["choices"]
    with connect(llm) as sock:
        for at in range(1, len(GOOD)):
            sock.send(GOOD[:at])
            sock.send(GOOD[at:])
            assert json.loads(read(sock)[2])["choices"] == expected


def test_memory_is_flat_and_no_connection_is_left(llm):
    """After hundreds of odd connections the server holds what it held before."""
    process, draw = psutil.Process(llm.pid), random.Random(8)
    odd = [mutated(draw) for _ in range(300)]
    before = len(process.net_connections())
    sizes = []
    for _ in range(3):
        for data in odd:
            with connect(llm) as sock:
                sock.sendall(data)
        llm.reset()
        sizes.append(process.memory_info().rss)
    assert sizes[-1] - sizes[0] < 5e6
    until(lambda: len(process.net_connections()) <= before)

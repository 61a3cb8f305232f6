"""Bodies of chat completions made to hurt: each is within the limit of the wire, none is fair."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

SIZE = 2**20
"""Bytes of the largest body that the server reads."""
MARK = "\0"


def body(question: Any = "Say hi.", **more: Any) -> dict:
    """A request without a fault."""
    return {"model": "m", "messages": [{"role": "user", "content": question}], **more}


def raw(value: dict) -> bytes:
    """A body, as compact as it can be."""
    made = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(made) <= SIZE
    return made


def swollen(value: dict, piece: str, between: str = "", *, quoted: bool = False) -> bytes:
    """A body in whose place of `MARK` this piece of JSON is repeated until it is full.

    quoted: the place is within a string, else it takes the place of one.
    """
    mark = json.dumps(MARK)
    before, after = raw(value).split((mark[1:-1] if quoted else mark).encode())
    room = SIZE - len(before) - len(after)
    count = (room + len(between)) // len((piece + between).encode())
    return before + between.join([piece] * count).encode() + after


def field(piece: str, between: str = ",", **more: Any) -> Callable[[], bytes]:
    """An unknown field with a list of these in it."""
    return partial(swollen, body(x=[MARK], **more), piece, between)


def said(piece: str, **more: Any) -> Callable[[], bytes]:
    """A question that consists of this, up to the limit."""
    return partial(swollen, body(MARK, **more), piece, quoted=True)


def asked(text: str, length: int = 2_000, end: str = "", **more: Any) -> Callable[[], bytes]:
    """A question of so many characters, with both usual tools offered."""
    question = (text * length)[: length - len(end)] + end
    return lambda: raw(body(question, tools=TOOLS, **more))


def tool(name: str, parameters: Any = None) -> dict:
    """A tool as a request offers it."""
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def asking(schema: Any, question: str = "play", **more: Any) -> dict:
    """A request for one call of a tool with this schema."""
    return body(question, tools=[tool("play", schema)], **more)


def form(schema: Any, question: str = "Say hi.", **more: Any) -> dict:
    """A request for a reply in this form."""
    kind = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return body(question, response_format=kind, **more)


def padded(value: dict) -> Callable[[], bytes]:
    """A request that is hard by itself, and takes as long to be read as any."""
    return partial(swollen, value | {"x": MARK}, r"\n,", quoted=True)


def call(id: str, name: str = "play", arguments: str = "{}") -> dict:
    """A tool call as an assistant's message has it."""
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def talk(calls: list[dict], results: list[str], question: str = "play", **more: Any) -> dict:
    """A conversation in which these calls have been made and answered."""
    answers = [
        {"role": "tool", "tool_call_id": c["id"], "content": result}
        for c, result in zip(calls, results, strict=True)
    ]
    spoken = {"role": "assistant", "content": None, "tool_calls": calls}
    request = body(question, **more)
    return request | {"messages": [*request["messages"], spoken, *answers]}


def context(documents: str, question: str = "What is it?") -> Callable[[], bytes]:
    """A question about documents."""
    return lambda: raw(body(f"{documents}\nQuestion: {question}"))


PLACE = {"type": "object", "properties": {"city": {"type": "string"}}}
SUM = {"type": "object", "properties": {"expression": {"type": "string"}}}
TOOLS = [tool("get_weather", PLACE), tool("calculate", SUM)]
TEXTS = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(400)}}
NUMBERS = {"type": "object", "properties": {f"p{i}": {"type": "number"} for i in range(400)}}
PLACES = {"type": "object", "properties": {f"p{i}": PLACE for i in range(200)}}


def shared(part: Any, count: int = 400) -> dict:
    """A schema whose properties all are this part of it, by reference."""
    return {"properties": {f"p{i}": {"$ref": "#/$defs/x"} for i in range(count)}} | {
        "$defs": {"x": part}
    }


def required(count: int) -> dict:
    """Many properties, all required, in the other order."""
    names = [f"n{i:05}" for i in range(count)]
    return {"properties": dict.fromkeys(names, {"type": "null"}), "required": names[::-1]}


def words(count: int, length: int = 6) -> list[str]:
    """Different words, none of which is in any question."""
    return [f"{i:0{length}}" for i in range(count)]


def calls(count: int, id: str = "{}", arguments: str = "{}", result: str = "ok") -> dict:
    """A conversation with many calls of one tool, 128 in each message."""
    messages = []
    for first in range(0, count, 100):
        ids = [id.format(i) for i in range(first, min(first + 100, count))]
        part = talk([call(i, arguments=arguments) for i in ids], [result] * len(ids))
        messages += part["messages"][1:]
    request = body("play", tools=[tool("play")])
    return request | {"messages": request["messages"] + messages}


BOMBS: dict[str, Callable[[], bytes]] = {
    # JSON: depth, elements, numbers, escapes.
    "brackets": lambda: b"[" * SIZE,
    "braces": lambda: b'{"a":' * (SIZE // 5),
    "nested and closed": lambda: b"[" * (SIZE // 2) + b"]" * (SIZE // 2),
    "brackets within a list": field("[" * 240 + "]" * 240),
    "braces within a list": field('{"":' * 240 + "0" + "}" * 240),
    "brackets in a text": said("["),
    "commas in a text": said(","),
    "commas and escapes in a text": said(r"\n,"),
    "quotes": lambda: b'"' * SIZE,
    "escaped quotes": lambda: b'{"a":"' + b'\\"' * (SIZE // 2 - 8),
    "a backslash more": said(r"\\"),
    "integers": field("1"),
    "long integers": field("9" * 25),
    "floats": field("1.5"),
    "small floats": field("1e-5"),
    "small floats in a message": partial(swollen, body([{"type": "x", "y": [MARK]}]), "1e-5", ","),
    "empty lists": field("[]"),
    "empty objects": field("{}"),
    "small objects": field('{"a":0}'),
    "objects of many keys": lambda: raw(body(x={f"{i:x}": 0 for i in range(90_000)})),
    "empty strings": field('""'),
    "nulls": field("null"),
    "a text that is never closed": lambda: b"[]" * 300 + b'"' + b'\\"' * 500_000,
    "newlines": said(r"\n"),
    "control characters": said(r"\u0000"),
    "escaped letters": said(r"\u0101"),
    "surrogate pairs": said(r"\ud83d\ude00"),
    "half a pair at the end": lambda: said(r"\ud83d\ude00")()[:-20] + b'\\ud800"}]}',
    "emoji": said("\U0001f600"),
    "exponents in a text": lambda: raw(body("1e-05 NaN", x=["e-05"] * 19_000)),
    "exponents in messages": lambda: raw(body([{"type": "e-05", "x": "NaN"}] * 6_500)),
    "digits of a temperature": partial(swollen, body(temperature=MARK), "9"),
    "digits of a float": partial(swollen, body(top_p=MARK), "0." + "1" * (SIZE - 200)),
    "digits of a seed": partial(swollen, body(seed=MARK), "7"),
    "digits of n": partial(swollen, body(n=MARK), "7"),
    "digits of a limit": partial(swollen, body(max_tokens=MARK), "7"),
    "minus signs": field("-", ""),
    "as many values as there may be": lambda: raw(body([{"type": "x", "y": [[]] * 9_900}])),
    "as many objects as there may be": lambda: raw(body([{"type": "x", "y": [{"": 0}] * 9_900}])),
    "as many integers as there may be": lambda: raw(body([{"type": "x", "y": [10**18] * 19_900}])),
    "as many floats as there may be": lambda: raw(body([{"type": "x", "y": [-1e-5] * 19_900}])),
    "as many texts as there may be": lambda: raw(body([{"type": "x", "y": ["\n\0"] * 19_900}])),
    "as deep as it may be": lambda: (
        b'{"x":[%b],' % b",".join([b"[" * 240 + b"]" * 240] * 80) + raw(body())[1:]
    ),
    # Names and other parameters.
    "a model's name in a stream": lambda: raw(body(n=8, stream=True) | {"model": "m" * 400_000}),
    "a model's name": lambda: raw(body() | {"model": "\0" * 150_000}),
    "a role": lambda: raw({"model": "m", "messages": [{"role": "\0" * 170_000}]}),
    "a role of many": lambda: raw({"model": "m", "messages": [{"role": [[0] * 9] * 1_800}]}),
    "a tool's type": lambda: raw(body(tools=[{"type": "\0" * 170_000}])),
    "a tool's type of many": lambda: raw(body(tools=[{"type": [{"": 0}] * 9_500}])),
    "a tool's name": lambda: raw(body(tools=[tool("a" * 1_000_000)])),
    "a choice": lambda: raw(body(tools=TOOLS, tool_choice="\0" * 170_000)),
    "a choice of many": lambda: raw(body(tools=TOOLS, tool_choice=[{"": 0}] * 9_500)),
    "a choice that is not there": lambda: raw(
        body(tools=TOOLS, tool_choice={"function": {"name": "\0" * 170_000}})
    ),
    "a format": lambda: raw(body(response_format={"type": "\0" * 170_000})),
    "stops": lambda: raw(body("In 2000 words.", stop=["a" * 250_000] * 4, n=50)),
    "many stops": lambda: raw(body(stop=words(19_000))),
    "parameters": lambda: raw(body(**{f"x{i}": 0 for i in range(19_000)})),
    # Many choices.
    "the longest texts": lambda: raw(body("In 2000 words.", n=128)),
    "the longest stream": lambda: raw(body("In 2000 words.", n=128, stream=True)),
    "many choices cut short": lambda: raw(
        body("In 2000 words.", n=128, stop=["An agent spends most of its time w"] * 4)
    ),
    "many choices cut to nothing": lambda: raw(
        body("In 2000 words.", n=128, stop=["never", " a", "nor this"], max_tokens=1)
    ),
    "many forms": lambda: raw(form(TEXTS, n=128)),
    "stops that nearly fit": lambda: raw(
        form(
            {"properties": {"a": {"const": "a" * 19_000}, "b": {"type": "string"}}},
            stop=[("a" * i + "b" + "a" * 98)[:99] for i in (50, 60, 70, 80)],
            n=13,
        )
    ),
    "many calls in many choices": lambda: raw(asking(TEXTS, "play" * 500, n=128)),
    "many large calls in a stream": lambda: raw(asking(TEXTS, "play " * 400, n=128, stream=True)),
    # Messages.
    "many messages": lambda: raw({"model": "m", "messages": body()["messages"] * 6_000}),
    "as many messages as there may be": lambda: raw(
        {"model": "m", "messages": body("a" * 450)["messages"] * 2_048}
    ),
    "many parts": lambda: raw(body([{"type": "text", "text": "a b"}] * 6_500)),
    "many calls in one message": lambda: raw(
        talk([call(str(i)) for i in range(1_900)], ["ok"] * 1_900)
    ),
    "many unanswered calls": lambda: raw(
        {
            "model": "m",
            "messages": talk([call(f"{i}" * 900) for i in range(250)], [""] * 250)["messages"][:2],
        }
    ),
    "an unanswered call of a huge name": lambda: raw(
        {"model": "m", "messages": talk([call("i" * 1_000_000)], [""])["messages"][:2]}
    ),
    "many calls that are done": lambda: raw(calls(1_850)),
    "many large calls that are done": lambda: raw(
        calls(1_850, arguments=json.dumps({"a": [0] * 120}))
    ),
    "many numbers said": lambda: raw(calls(1_850, result="[" + "1," * 120 + "1]")),
    "a large result": lambda: raw(talk([call("1")], ["word " * 200_000])),
    "a large result in a form": lambda: raw(
        talk([call("1")], ["word " * 200_000]) | {"response_format": form(TEXTS)["response_format"]}
    ),
    "a result of many signs": lambda: raw(talk([call("1")], ["." * 1_000_000], n=128)),
    "a result of spaces": lambda: raw(talk([call("1")], [" " * 1_000_000], n=128)),
    "a result of many numbers": lambda: raw(talk([call("1")], ["[" + "1," * 500_000 + "1]"])),
    "a result of brackets": lambda: raw(talk([call("1")], ["[" * 1_000_000])),
    "a number as a result": lambda: raw(talk([call("1")], ["7" * 1_000_000])),
    "a weather of many words": lambda: raw(
        talk([call("1")], [json.dumps({"sky": "a" * 400_000, "city": ["b"] * 100, "celsius": 1})])
    ),
    "a function of a huge name": lambda: raw(talk([call("1", "f" * 1_000_000)], ["error: no"])),
    # Tools and schemas.
    "many tools": lambda: raw(body("play", tools=[tool("play")] * 3_900)),
    "many tools of many parts": lambda: raw(
        body("play", tools=[tool(f"play-{i}", shared({"type": "string"}, 60)) for i in range(128)])
    ),
    "many tools of one huge text": lambda: raw(
        body("play " * 400, tools=[tool(f"play-{i}", shared({}, 60)) for i in range(128)])
    ),
    "many cities for many tools": lambda: raw(
        body(
            "weather " + "in " + " in ".join("A" + chr(97 + i % 26) for i in range(300)),
            tools=[tool(f"w{i}", PLACE) for i in range(128)],
        )
    ),
    "different cities for many tools": lambda: raw(
        body(
            "weather in " + " in ".join(f"A{i}" for i in range(280)),
            tools=[tool(f"w{i}", PLACE) for i in range(128)],
        )
    ),
    "a reference to a huge constant": lambda: raw(asking(shared({"const": "c" * 900_000}))),
    "a form of a huge constant": lambda: raw(form(shared({"const": [0] * 19_000}), n=128)),
    "a huge constant": lambda: raw(asking({"properties": {"a": {"const": "c" * 1_000_000}}})),
    "a constant of brackets": lambda: raw(
        form({"properties": {"a": {"const": "[" * 1_000_000}}}, n=128)
    ),
    "a constant of spaces": lambda: raw(
        form({"properties": {"a": {"const": " " * 60_000}}}, n=128)
    ),
    "a constant of control characters": lambda: raw(
        asking({"properties": {"a": {"const": "\0" * 60_000}}}, n=16)
    ),
    "a huge name of a property": lambda: raw(asking(shared({"properties": {"a" * 900_000: {}}}))),
    "required properties": lambda: raw(asking(required(6_000))),
    "required properties, again and again": lambda: raw(asking(shared(required(6_000)))),
    "required properties in a form": lambda: raw(form(required(6_000), n=128)),
    "required lists": lambda: raw(
        asking(shared({"properties": {"a": {}}, "required": [[]] * 9_500}))
    ),
    "a large enumeration": lambda: raw(asking(shared({"enum": words(19_000)}))),
    "an enumeration of lists": lambda: raw(asking(shared({"enum": [[0] * 99] * 180}))),
    "an enumeration of long texts": lambda: raw(
        asking(shared({"enum": ["c" * 9_000] * 100}), "c" * 1_000 + " play")
    ),
    "an enumeration that nearly fits": lambda: raw(
        asking(shared({"enum": ["a" * 90 + "b" + "a" * 9] * 8_000}), "a" * 1_990 + " play")
    ),
    "an enumeration and a wide text": lambda: raw(
        asking(shared({"enum": ["\u0130" * 100] * 100}), "play " + "\u0130\U0001f600" * 990)
    ),
    "an enumeration in a form": lambda: raw(form({"enum": words(19_000)}, n=128)),
    "a huge reference": lambda: raw(
        asking(shared({"properties": {f"q{i}": {"$ref": "#" + "/" * 10_000} for i in range(90)}}))
    ),
    "a reference of a megabyte": lambda: raw(
        asking({"properties": {"p": {"$ref": "#/" + "a/" * 500_000}}})
    ),
    "long references": lambda: raw(
        asking({"properties": {f"p{i}": {"$ref": "#" + "/" * 9_000} for i in range(100)}})
    ),
    "a reference to itself": lambda: raw(
        asking({"properties": {f"p{i}": {"$ref": "#"} for i in range(400)}})
    ),
    "forms that contain themselves": lambda: raw(
        form({"properties": {f"p{i}": {"$ref": "#"} for i in range(400)}}, n=128)
    ),
    "a list of types": lambda: raw(asking(shared({"type": ["null"] * 19_000}))),
    "a type of lists": lambda: raw(asking(shared({"type": [[]] * 9_500}))),
    "unions within unions": lambda: raw(
        asking(shared({"anyOf": [{"oneOf": [{"allOf": [{"type": "string"}] * 900}] * 9}]}))
    ),
    "huge numbers": lambda: raw(asking(NUMBERS, "play " + "9" * 1_990)),
    "places within places": lambda: raw(asking(PLACES, "play in " + "Ab " * 600)),
    "texts in many parts": lambda: raw(asking(TEXTS, "play " + "“" * 1_900)),
    # Two at once: what is hard to read, and then to answer.
    "padded stops": padded(
        form(
            {"properties": {"a": {"const": "a" * 19_000}, "b": {"type": "string"}}},
            stop=[("a" * i + "b" + "a" * 98)[:99] for i in (50, 60, 70, 80)],
            n=13,
        )
    ),
    "floats and stops": lambda: raw(
        form(
            {"properties": {"a": {"const": "a" * 19_000}, "b": {"type": "string"}}},
            [{"type": "x", "y": [-1e-5] * 19_900}],
            stop=[("a" * i + "b" + "a" * 98)[:99] for i in (50, 60, 70, 80)],
            n=13,
        )
    ),
    "floats and documents": lambda: raw(
        {
            "model": "m",
            "messages": [
                *body([{"type": "x", "y": [-1e-5] * 19_900}])["messages"],
                *body(("[1] b: " + "B. " * 330 + "\n") * 50 + "Question: " + "b " * 900)[
                    "messages"
                ],
            ],
        }
    ),
    "padded tools": padded(
        body("play", tools=[tool(f"play-{i}", shared({"type": "string"}, 30)) for i in range(128)])
    ),
    "padded choices": padded(
        asking(shared({"enum": ["a" * 90 + "b" + "a" * 9] * 1_000}), "a" * 1_990 + " play")
    ),
    "padded calls": padded(calls(500, arguments=json.dumps({"a": [0] * 25}))),
    "padded results": padded(calls(500, result="[" + "1," * 25 + "1]")),
    "padded documents": padded(
        body(("[1] b: " + "B. " * 330 + "\n") * 50 + "Question: " + "b " * 900)
    ),
    # Bait for regular expressions: a question of 2,000 characters and a context of 50,000.
    "digits": asked("1"),
    "digits and commas": asked("1,111"),
    "groups of digits": asked("111,"),
    "digits and points": asked("1."),
    "digits and spaces": asked("1" * 1_000 + " " * 1_000),
    "opening parentheses": asked("("),
    "signs": asked("-"),
    "parentheses and digits": asked("(1"),
    "sums without an end": asked("1+"),
    "spaced sums": asked("1 + "),
    "sums of parentheses": asked("1)))-((("),
    "percents": asked("1% of "),
    "percent": asked("1 percent o"),
    "how many of each": asked("how many each 1 "),
    "capitals": asked("in A"),
    "capitals without an end": asked("in " + "A" * 1_900 + " weather"),
    "capital words": asked("weather in " + "Aa" * 990),
    "quotes opened": lambda: raw(asking(TEXTS, ("play " + "“" * 2_000)[:2_000])),
    "apostrophes": lambda: raw(asking(TEXTS, ("play " + "“'" * 2_000)[:2_000])),
    "cities": asked("new yor"),
    "weather": asked("weathe"),
    "a city in old letters": asked("weather in O\u017flo and \u212ayiv, \u0130stanbul, L\u0131ma "),
    "words to be counted": asked("1111 word"),
    "a question of letters": said("a"),
    "a question of spaces": said(" "),
    "questions": said("Question:"),
    "questions without an end": said("Question"),
    "many documents": context("[1] a: b\n" * 100_000),
    "documents without a colon": context("[1] a\n" * 140_000),
    "documents of digits": context("[1" * 400_000),
    "a document without an end": context("[1] " + "a" * 49_000),
    "documents of sentences": context("[1] a: " + "B. " * 300_000, "b " * 900),
    "many documents of sentences": context(("[1] b: " + "B. " * 330 + "\n") * 50, "b " * 900),
    "documents of many different words": context(
        "".join(f"[1] a{i} b: " + " ".join(f"B{j}." for j in range(200)) + "\n" for i in range(50)),
        " ".join(f"b{j}" for j in range(450)),
    ),
    "documents of long titles": context(
        ("[1] " + "ab " * 5_000 + ": " + "Cd. " * 200 + "\n") * 30, "ab cd " * 300
    ),
    "a title for many sentences": context(
        "[1] " + " ".join(f"t{i}" for i in range(4_000)) + ": " + "Ab. " * 6_000,
        " ".join(f"t{i}" for i in range(400)),
    ),
    "documents of words": context(
        "[1] a: " + " ".join(f"{i:x}." for i in range(20_000)) + " B",
        " ".join(f"{i:x}" for i in range(500)),
    ),
    "a summary of many words": context("[1] a: " + "bc " * 300_000, "Summarise bc"),
    "a document of spaces": context("[1] a: b." + " " * 900_000, "b"),
}

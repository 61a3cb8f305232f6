"""The agent, and that its two forms are one: what holds for the one holds for the other."""

import ast
import asyncio
import inspect
import json
import re
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import aiohttp
import pytest
import requests

from helpers import FakeLLM, agents
from helpers.agents import (
    Agent,
    Answer,
    AsyncAgent,
    ModelError,
    StepLimit,
    planned_seconds,
    questions,
)


@pytest.fixture(scope="module")
def llm():
    """One fake LLM for all tests here, which answers at once."""
    with FakeLLM(latency=0.0, search_latency=0.0, weather_latency=0.0, save_latency=0.0) as llm:
        yield llm


@pytest.fixture
def behave(llm):
    """Change the fake LLM's behaviour for one test."""
    before = llm.behaviour()
    yield llm.behave
    llm.behave(**before)


def ask_blocking(base_url, question, **settings):
    """Ask the synchronous agent."""
    with Agent(base_url, **settings) as agent:
        return agent.ask(question)


def ask_awaiting(base_url, question, **settings):
    """Ask the asynchronous agent."""

    async def main():
        async with AsyncAgent(base_url, **settings) as agent:
            return await agent.ask(question)

    return asyncio.run(main())


both = pytest.mark.parametrize("ask", [ask_blocking, ask_awaiting])


@both
@pytest.mark.parametrize("kind", ["weather", "arithmetic", "lookup", "summary"])
def test_every_shipped_question_is_answered_right(llm, ask, kind):
    """The answer holds the phrase that every right answer has."""
    wrong = [
        (q, a.text) for q in questions(20, kind=kind) if not q.accepts(a := ask(llm.base_url, q))
    ]
    assert wrong == []


@both
def test_the_steps_are_recorded_in_order(llm, ask):
    """retrieve, model, tool, model, process; each with its start and its end."""
    events = []
    question = questions(2)[1]
    ask(llm.base_url, question, record=lambda *event: events.append(event))
    expected = []
    for step in ("retrieve", "model", "tool", "model", "process"):
        expected += [(question, step, "start"), (question, step, "ok")]
    assert events == expected
    assert all(asked is question for asked, _, _ in events)


@both
def test_the_server_sees_the_same_requests(llm, ask):
    """Search, model, weather, model, notes; the model's tags name question and turn."""
    question, mark = questions(5)[4], llm.mark()
    answer = ask(llm.base_url, question)
    seen = [(r["kind"], r["tag"]) for r in llm.journal(since=mark)]
    assert [kind for kind, _ in seen] == ["search", "chat", "weather", "chat", "notes"]
    assert [tag for kind, tag in seen if kind == "chat"] == ["4.1", "4.2"] and answer.steps == 2


@both
def test_the_step_limit_is_kept(llm, ask):
    """One model call is not enough for a question that needs a tool."""
    with pytest.raises(StepLimit, match="no answer after 1 model calls"):
        ask(llm.base_url, "What is 17 * 23?", max_steps=1)


@both
@pytest.mark.parametrize(
    ("fault", "error"),
    [("500", "HTTP 500"), ("503", "HTTP 503"), ("garbage", "not JSON"), ("truncate", "not JSON")],
)
def test_a_failure_is_a_model_error(behave, llm, ask, fault, error):
    """Whatever the server does wrong over HTTP, the agent raises ModelError that says what."""
    behave(script=[fault])
    with pytest.raises(ModelError, match=error):
        ask(llm.base_url, "Hello")


@both
def test_a_refusal_carries_its_waiting_time(behave, llm, ask):
    """retry_after is the server's Retry-After in seconds."""
    behave(script=["429"])
    with pytest.raises(ModelError) as caught:
        ask(llm.base_url, "Hello")
    assert caught.value.status == 429 and caught.value.retry_after > 0


@pytest.mark.parametrize(
    ("ask", "error"),
    [(ask_blocking, requests.RequestException), (ask_awaiting, aiohttp.ClientError)],
)
@pytest.mark.parametrize("fault", ["refuse", "reset", "cut"])
def test_a_broken_connection_is_the_clients_own_error(behave, llm, ask, error, fault):
    """What requests or aiohttp raise comes through as it is; whoever retries knows it."""
    behave(script=[fault] * 8)  # more than a client tries again by itself
    with pytest.raises(error):
        ask(llm.base_url, "Hello")


@both
@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"[]", "reply"),
        (b"{}", "reply"),
        (b'{"choices": []}', "reply"),
        (b'{"choices": [{"message": {"content": null}}]}', "reply"),
        (b'{"choices": [{"message": {"tool_calls": [{"id": "1"}]}}]}', "reply"),
    ],
)
def test_json_that_is_no_reply_is_a_model_error(llm, odd_server, ask, reply, message):
    """A server that answers 200 with other JSON is told as such, not as a KeyError deep inside."""
    with pytest.raises(ModelError, match=message):
        ask(odd_server(reply), "Hello", services=llm.url)


@pytest.fixture
def odd_server():
    """Starts servers that answer every request with the same bytes; `asked` keeps what is posted.

    keys: keeps what each request is authorized with, None where that is nothing.
    """
    servers = []

    def start(reply, asked=None, keys=None):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.reply()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if asked is not None:
                    asked.append(json.loads(body))
                self.reply()

            def reply(self):
                if keys is not None:
                    keys.append(self.headers["Authorization"])
                self.send_response(200)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *arguments):
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=[0.01], daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@both
def test_a_tool_that_fails_in_its_own_way_is_told_to_the_model(llm, odd_server, ask):
    """Arguments that are no JSON become a tool result with the error, and the model goes on."""
    call = {"id": "1", "function": {"name": "calculate", "arguments": "{half"}}
    reply = {"choices": [{"message": {"role": "assistant", "tool_calls": [call]}}]}
    asked = []
    with pytest.raises(StepLimit):
        ask(odd_server(json.dumps(reply).encode(), asked), "Hello", services=llm.url, max_steps=2)
    result = asked[1]["messages"][-1]
    assert (result["role"], result["tool_call_id"]) == ("tool", "1")
    assert result["content"] == "error: the arguments are not a JSON object with values"


FOR_ALL = json.dumps(
    {"results": [], "choices": [{"message": {"role": "assistant", "content": "so"}}]}
).encode()


@both
@pytest.mark.parametrize(
    ("settings", "services"),
    [({}, None), ({"services_key": "ours"}, "Bearer ours")],
)
def test_a_providers_key_goes_to_the_provider_only(odd_server, ask, settings, services):
    """Other services get their own key, or none."""
    theirs, ours = [], []
    address = odd_server(FOR_ALL, keys=ours)
    ask(odd_server(FOR_ALL, keys=theirs), "Hello", api_key="k", services=address, **settings)
    assert (theirs, ours) == (["Bearer k"], [services] * 2)


@both
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [None] * 3),
        ({"api_key": "k"}, ["Bearer k"] * 3),
        ({"api_key": "k", "services_key": "s"}, ["Bearer s", "Bearer k", "Bearer s"]),
    ],
)
def test_on_one_server_one_key_is_enough(odd_server, ask, settings, expected):
    """Its services are its own."""
    keys = []
    ask(odd_server(FOR_ALL, keys=keys), "Hello", **settings)
    assert keys == expected


@both
def test_a_server_on_this_machine_is_not_looked_for_behind_a_proxy(monkeypatch, odd_server, ask):
    """Whatever the environment says."""
    for name, value in (("http_proxy", "http://127.0.0.1:1"), ("no_proxy", ""), ("NO_PROXY", "")):
        monkeypatch.setenv(name, value)
    assert ask(odd_server(FOR_ALL), "Hello").text == "so"


@pytest.mark.parametrize("agent", [Agent, AsyncAgent])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base_url": "localhost:80"}, "base_url is"),
        ({"base_url": None}, "base_url is"),
        ({"max_steps": 0}, "max_steps is 0"),
    ],
)
def test_wrong_settings_are_named(agent, settings, message):
    """ValueError says which setting, its value, and what it takes."""
    with pytest.raises(ValueError, match=message):
        agent(**{"base_url": "http://127.0.0.1/v1", **settings})


def plain(function):
    """A method's statements without what makes it asynchronous."""
    source = textwrap.dedent(inspect.getsource(function))
    source = re.sub(r"\b(async|await) ", "", source)
    body = ast.parse(source).body[0].body
    return [ast.unparse(node) for node in body[isinstance(body[0], ast.Expr) :]]


@pytest.mark.parametrize("name", ["ask", "_chat", "_service", "_use"])
def test_the_twins_differ_only_in_await(name):
    """Take async and await away, and the statements are the same."""
    assert plain(getattr(Agent, name)) == plain(getattr(AsyncAgent, name))


def test_the_twins_take_the_same_settings():
    """AsyncAgent has one more: the number of connections."""
    settings = {"model": "m", "api_key": "k", "services": "http://s", "services_key": "s"}
    settings |= {"max_steps": 2, "timeout": 1}
    one = vars(Agent("http://127.0.0.1/v1", record=print, **settings))
    two = vars(AsyncAgent("http://127.0.0.1/v1", record=print, **settings, connections=3))
    public = {name: value for name, value in one.items() if not name.startswith("_")}
    assert two == public | {"connections": 3}
    assert public["timeout"] == 1 and public["services"] == "http://s"


def test_threads_share_an_agent_each_with_its_session(llm):
    """Four threads, four connections, however many questions."""
    gate, mark = threading.Barrier(4), llm.mark()
    with Agent(llm.base_url) as agent:

        def work():
            gate.wait(10)
            for question in questions(3, kind="lookup"):
                agent.ask(question)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert llm.stats(since=mark)["connections"] == 4


def test_tasks_share_one_bounded_session(llm):
    """`connections` bounds what an AsyncAgent opens."""
    mark = llm.mark()

    async def main():
        async with AsyncAgent(llm.base_url, connections=3) as agent:
            return await asyncio.gather(*map(agent.ask, questions(12, kind="lookup")))

    assert len(asyncio.run(main())) == 12
    assert llm.stats(since=mark)["connections"] <= 3


def test_a_closed_agent_can_be_used_again(llm):
    """Closing closes connections; the next question opens new ones."""
    agent = Agent(llm.base_url)
    for _ in range(2):
        assert isinstance(agent.ask("Hello"), Answer)
        agent.close()


def test_planned_seconds_add_up_an_agents_steps():
    """Around each the search and the note; a question with a tool takes two calls of the model."""
    behaviour = {
        "latency": 1.0,
        "search_latency": 0.1,
        "save_latency": 0.01,
        "weather_latency": 0.2,
    }
    planned = planned_seconds([*questions(4), "one of your own"], behaviour)
    assert planned == pytest.approx([2.31, 2.11, 1.11, 1.11, 1.11])


def test_a_lesson_finds_here_what_it_needs_of_an_agent():
    """Every name in __all__ is there, wherever it is written."""
    assert all(hasattr(agents, name) for name in agents.__all__)

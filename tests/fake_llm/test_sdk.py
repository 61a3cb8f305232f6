"""The official OpenAI client does not notice a difference."""

import asyncio
import json

import openai
import pytest
from pydantic import BaseModel

from helpers import FakeLLM

HELLO = [{"role": "user", "content": "Say something."}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def llm():
    with FakeLLM(latency=0.02) as server:
        yield server


@pytest.fixture(autouse=True)
def calm(llm):
    """Each test starts with the same behaviour."""
    llm.behave(script=[], models=None, latency=0.02, requests_per_minute=None)


@pytest.fixture
def client(llm):
    with openai.OpenAI(base_url=llm.base_url, api_key="any", max_retries=0) as made:
        yield made


def create(client, **more):
    """One chat completion."""
    return client.chat.completions.create(**{"model": "gpt-4o-mini", "messages": HELLO, **more})


def test_a_plain_reply(client):
    """Content, finish reason, usage and the request's id."""
    reply = create(client, max_tokens=10)
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.completion_tokens == 10
    assert reply._request_id.startswith("req_")


def test_a_stream_is_the_plain_reply_in_pieces(client):
    """Joined deltas equal the content; usage comes last."""
    chunks = list(create(client, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    plain = create(client)
    assert text == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage


def test_the_streaming_helper_puts_tool_calls_together(client):
    """The SDK's own accumulator accepts our deltas."""
    question = [{"role": "user", "content": "What is the weather in Oslo?"}]
    with client.chat.completions.stream(model="m", messages=question, tools=[TOOL]) as stream:
        final = stream.get_final_completion()
    assert json.loads(final.choices[0].message.tool_calls[0].function.arguments) == {"city": "Oslo"}


def test_a_tool_loop_ends_in_an_answer(client):
    """The SDK's message objects go back as they came."""
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    message = create(client, messages=messages, tools=[TOOL]).choices[0].message
    result = {
        "role": "tool",
        "tool_call_id": message.tool_calls[0].id,
        "content": '{"city":"Oslo","celsius":3,"sky":"snow"}',
    }
    reply = create(client, messages=[*messages, message, result], tools=[TOOL])
    assert "3 degrees" in reply.choices[0].message.content


class Plan(BaseModel):
    """A shape for a reply."""

    title: str
    steps: list[int]
    urgent: bool


def test_structured_output_is_parsed(client):
    """`parse` with a pydantic model: its schema is obeyed."""
    reply = client.chat.completions.parse(model="m", messages=HELLO, response_format=Plan)
    assert isinstance(reply.choices[0].message.parsed, Plan)


def test_the_raw_response_has_the_rate_limit_headers(client, llm):
    """The three headers of the limit that is set."""
    llm.behave(requests_per_minute=600)
    headers = client.chat.completions.with_raw_response.create(model="m", messages=HELLO).headers
    assert headers["x-ratelimit-limit-requests"] == "600"
    assert {"x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"} <= set(headers)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("500", openai.InternalServerError),
        ("502", openai.InternalServerError),
        ("503", openai.InternalServerError),
        ("504", openai.InternalServerError),
        ("429", openai.RateLimitError),
        ("refuse", openai.APIConnectionError),
        ("reset", openai.APIConnectionError),
        ("cut", openai.APIConnectionError),
    ],
)
def test_faults_are_the_sdks_exceptions(client, llm, fault, error):
    """Each fault is the exception that the real service's would be."""
    llm.behave(script=[fault])
    with pytest.raises(error):
        create(client)


def test_the_sdk_retries_and_is_seen_to(llm):
    """A 500 is tried again by the SDK, and the journal counts the retry without a tag of ours."""
    mark = llm.mark()
    llm.behave(script=["500"])
    with openai.OpenAI(base_url=llm.base_url, api_key="any", max_retries=2) as client:
        assert create(client).choices
    assert llm.stats(mark)["retried"] == 1


def test_errors_are_the_sdks_exceptions(client, llm):
    """400 for a bad request, 404 for an unknown model where models are named."""
    with pytest.raises(openai.BadRequestError) as caught:
        create(client, messages=[])
    assert caught.value.param == "messages"
    llm.behave(models=["only-this"])
    with pytest.raises(openai.NotFoundError) as caught:
        create(client)
    assert caught.value.code == "model_not_found"


def test_models_are_listed_and_found(client):
    """list and retrieve."""
    names = [m.id for m in client.models.list()]
    assert client.models.retrieve(names[0]).id == names[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no-such-model")


def test_a_wrong_key_is_an_authentication_error():
    """Where a key is set, only that key is let in."""
    with FakeLLM(latency=0, api_key="right") as llm:
        with openai.OpenAI(base_url=llm.base_url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError):
                create(client)
        with openai.OpenAI(base_url=llm.base_url, api_key="right") as client:
            assert create(client).choices


def test_the_timeout_of_the_sdk_is_seen_as_a_disconnect(client, llm):
    """The client gives up, the server notices."""
    llm.behave(latency=60)
    mark = llm.mark()
    with pytest.raises(openai.APITimeoutError):
        create(client, timeout=0.05)
    assert llm.settle(mark, seconds=20)
    assert llm.stats(mark)["disconnected"] == 1


def test_the_asynchronous_client(llm):
    """Ten at once, and a stream."""

    async def main():
        async with openai.AsyncOpenAI(base_url=llm.base_url, api_key="any") as client:
            replies = await asyncio.gather(*(create(client, n=2) for _ in range(10)))
            stream = await create(client, stream=True)
            chunks = [chunk async for chunk in stream]
            return replies, chunks

    replies, chunks = asyncio.run(main())
    assert all(len(r.choices) == 2 for r in replies)
    assert chunks[-1].choices[0].finish_reason == "stop"

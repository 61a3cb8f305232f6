"""Chat completions that are refused: by a script that no chance writes, and by a rate limit."""

import time

import openai
import pytest

from tests.fake_llm.clients import held
from tests.fake_llm.raw import ask, chat, connect, post, read

SECONDS = 2.0
PER_SECOND = 5  # so a pause of this process has to be long before the bucket fills in it


@pytest.mark.parametrize(
    ("fault", "error", "code"),
    [
        ("401", openai.AuthenticationError, "invalid_api_key"),
        ("insufficient_quota", openai.RateLimitError, "insufficient_quota"),
    ],
)
def test_what_does_not_pass_is_refused_as_openai_refuses_it(llm, fault, error, code):
    """The SDK raises the error for it, and has read OpenAI's code; nothing says when to retry."""
    llm.behave(script=[fault])
    with openai.OpenAI(base_url=llm.base_url, api_key="sk-secret", max_retries=0) as client:
        with pytest.raises(error) as refused:
            client.chat.completions.create(**chat())
        assert refused.value.code == code
        assert "secret" not in str(refused.value)
        assert not {"retry-after", "retry-after-ms", "x-should-retry"} & set(
            refused.value.response.headers
        )
        assert client.chat.completions.create(**chat()).choices, "the script is over"


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("insufficient_quota", 429)])
def test_what_does_not_pass_needs_no_slot(llm, fault, status):
    """It is refused at once, where all slots are taken and nobody may wait; that is journalled."""
    llm.behave(latency=60, capacity=1, queue=0, script=[None, fault])
    with held(llm, [chat()]):
        assert ask(llm, post(chat()))[0] == status
        record = llm.journal()[-1]
        assert (record["status"], record["outcome"]) == (status, "rejected")
        assert record["started"] is None
        assert llm.stats()["in_flight"] == 1


def _answers(llm, waits):
    """How many answers a client gets that waits as long as it is told, or does not."""
    llm.behave(requests_per_minute=None)  # after a change of rates the bucket is full
    llm.behave(requests_per_minute=60 * PER_SECOND, burst=1 / PER_SECOND)
    answers, end = 0, time.monotonic() + SECONDS
    with connect(llm) as sock:
        while time.monotonic() < end:
            sock.sendall(post(chat()))
            status, headers, _ = read(sock)
            answers += status == 200
            if status == 429 and waits:
                time.sleep(int(headers["retry-after-ms"]) / 1000)
    return answers


def test_where_refusals_count_who_waits_gets_more_than_who_hammers(llm):
    """Who waits has the whole rate; who asks on at once has what was in the bucket at first."""
    assert _answers(llm, waits=False) > PER_SECOND, "without it, hammering does no harm"
    llm.behave(refusals_count=True)
    hammers, waits = _answers(llm, waits=False), _answers(llm, waits=True)
    assert waits > 3 * hammers

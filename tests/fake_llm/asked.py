"""What tests ask for: two tools, and a chat completion's request, checked."""

from helpers.fake_llm.chat.request import read_chat

WEATHER = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SUM = {
    "name": "calculate",
    "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}},
}
TOOLS = [{"type": "function", "function": f} for f in (WEATHER, SUM)]


def request(text="Say something.", messages=None, **body):
    """A checked request."""
    messages = messages or [{"role": "user", "content": text}]
    return read_chat({"model": "m", "messages": messages, **body})

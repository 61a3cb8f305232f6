"""The course's public names.

They load when first used, so that the fake LLM's process, which must stay small, imports none.
"""

from importlib import import_module
from typing import Any

# No module may have the name of one of these: `from helpers import run` would then give the
# function or the module, depending on what was imported first.
_HOME = {
    "FakeLLM": "fake_llm",
    "Agent": "agents",
    "AsyncAgent": "agents",
    "questions": "agents",
    "run": "runs",
    "compare": "charts",
    "Panel": "panel",
    "check": "exercises",
    "verdicts": "claims",
    "expect": "measured",
    "your_guess": "measured",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"helpers has no {name!r}; its names are {', '.join(__all__)}")
    value = getattr(import_module(f"helpers.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""The course's agent, written twice, with its tools, its questions and its protocol."""

from helpers.agents.protocol import ModelError
from helpers.agents.question import KINDS, Question, questions
from helpers.agents.tools import TOOLS, calculate
from helpers.agents.twins import (
    SYSTEM,
    Agent,
    AgentMaker,
    Answer,
    AsyncAgent,
    StepLimit,
    planned_seconds,
)

__all__ = [
    "KINDS",
    "SYSTEM",
    "TOOLS",
    "Agent",
    "AgentMaker",
    "Answer",
    "AsyncAgent",
    "ModelError",
    "Question",
    "StepLimit",
    "calculate",
    "planned_seconds",
    "questions",
]

"""The states of the research program: their names, and where their files are."""

from pathlib import Path

RESEARCH = Path(__file__).with_name("research")
STEPS = tuple(f"step_{number}" for number in range(7))
PROGRAMS = (*STEPS, "wrong_order")


def program_name(step: int | str) -> str:
    """The name of a state, such as "step_2" for 2. Raises ValueError where there is none."""
    name = f"step_{step}" if isinstance(step, int) else step
    if name not in PROGRAMS:
        raise ValueError(f"step is {step!r}; it takes a number from 0 to 6, or 'wrong_order'")
    return name


def source_of(name: str) -> str:
    """The text of one state of the program."""
    return (RESEARCH / f"{name}.py").read_text(encoding="utf-8")

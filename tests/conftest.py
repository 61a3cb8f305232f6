"""For every test: its own progress, and property tests that never depend on the machine's speed."""

import pytest
from hypothesis import settings

# The same examples in every run, and no deadline: another process may be using the cores.
settings.register_profile("course", derandomize=True, deadline=None)
settings.load_profile("course")


@pytest.fixture(scope="session", autouse=True)
def progress_of_its_own(tmp_path_factory):
    """What the tests solve is not the learner's progress."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_PROGRESS", str(tmp_path_factory.mktemp("progress") / "progress.json"))
        yield

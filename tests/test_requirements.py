"""What is installed: the learner's list, the lock beside it, and what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(file):
    """Each requirement of a lock with its marker, hashes left out."""
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", "")
    return {
        re.sub(r"\s+--hash=\S+", "", line).strip() for line in text.splitlines() if line.strip()
    }


def names(requirements):
    """The names of some requirements, as an index spells them."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def test_the_lock_holds_the_learners_list_unchanged():
    """Who installs with pip, uv or conda has the versions that are tested."""
    assert pins("requirements.txt") <= pins("requirements.lock")


def test_the_lock_has_a_hash_for_everything_and_the_learners_list_has_none():
    """README's pip and conda lines take no hashes; make and CI take nothing else."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "")
    assert all("--hash=sha256:" in line for line in lock.splitlines())
    assert "--hash" not in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_no_address_of_an_index_is_written_down():
    """Everybody installs from the index that their own machine is set up for."""
    for file in ("requirements.txt", "requirements.lock", "environment.yml"):
        assert "://" not in (ROOT / file).read_text(encoding="utf-8")


def test_a_learner_gets_what_a_learner_needs():
    """All that lessons import, and nothing that only makers of lessons use."""
    listed = names(pins("requirements.txt"))
    makers = names(PROJECT["optional-dependencies"]["dev"])
    assert names(PROJECT["dependencies"]) <= listed
    assert not makers & listed
    assert makers <= names(pins("requirements.lock"))


def test_actions_are_named_by_digest_and_leave_no_credentials():
    """A tag can be moved to other code; a digest cannot."""
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        uses = re.findall(r"uses: (\S+)", text)
        assert uses and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in uses)
        assert text.count("actions/checkout@") == text.count("persist-credentials: false")

"""A machine for tests of the planner: two cores, and clients that cost about what real ones do."""

import pytest

from helpers.planner import Calibration, ClientCost


@pytest.fixture(scope="package")
def machine():
    """No clock and no socket: whatever is planned on it is the same in every run."""
    return Calibration(
        threads=ClientCost(cpu=0.0015, extra=0.001, base=20, each=0.08),
        tasks=ClientCost(cpu=0.00025, extra=0.001, base=26, each=0.018),
        cores=2,
    )

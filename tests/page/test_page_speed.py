"""How the page's speed is told: medians and ratios, and a server that doesn't start."""

from __future__ import annotations

import pytest

from eval.studies.speed.page import summary
from eval.studies.speed.serve import serving


def test_speed_is_told_as_medians_and_their_ratio():
    ours = [{"painted": seconds, "usable": seconds * 2} for seconds in (1.0, 9.0, 1.2)]
    bare = [{"painted": seconds, "usable": seconds} for seconds in (1.0, 0.8, 2.0)]
    told = summary({"verbatim": ours, "bare": bare})
    assert told["verbatim"] == {"painted": 1.2, "usable": 2.4}
    assert told["bare"] == {"painted": 1.0, "usable": 1.0}
    assert told["ratio"] == {"painted": 1.2, "usable": 2.4}


def test_a_server_that_ends_is_said_and_not_waited_for():
    with pytest.raises(RuntimeError, match="exit code 3"), serving(["-c", "import sys; sys.exit(3)"]):
        pass

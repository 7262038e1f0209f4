"""What is logged names nobody and opens nothing, whoever logs it."""

import json

import pytest
import structlog

from shared.runtime.logs import DROPPED_KEYS, configure_logs

PHONE = "+79161234567"


@pytest.mark.parametrize("key", sorted(DROPPED_KEYS))
def test_nothing_personal_is_logged(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG")

    structlog.get_logger().debug("till.asked", **{key: PHONE}, store="101")

    line = json.loads(capsys.readouterr().err)
    assert (line[key], line["store"]) == ("…", "101")

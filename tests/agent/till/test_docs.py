"""`docs/till-api.md` is true: its routes, its codes, and its lines of a sale."""

import os
import re
import subprocess
from pathlib import Path

from agent.till.openapi import examples
from shared.errors import LoyaltyError
from shared.runtime.web import STATUSES, BrokenJsonError
from shared.wire.feed import region_stream
from shared.wire.rows import GoodsRow
from tests.agent.kit import kinds
from tests.agent.till.kit import serving
from tests.architecture.test_errors import ERRORS
from tests.builders import REGION, Shop

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "till-api.md"
README = ROOT / "README.md"
SHELL_S = 60

STATUSES_OF_THE_RIM = {"json_required": 415, BrokenJsonError.code: 400}
"""HTTP's own statuses, which the kinds of errors do not know."""

BEHIND_THE_TILL = frozenset(
    {
        "already_enrolled",
        "bad_authority",
        "bad_settings",
        "broken_identity",
        "broken_piece",
        "broken_rows",
        "centre_busy",
        "folder_in_use",
        "gap",
        "in_doubt",
        "link_down",
        "newer_file",
        "no_vault_key",
        "not_enrolled",
        "other_incarnation",
        "other_vault",
        "plain_line",
        "refused_by_centre",
        "root_not_signer",
        "root_unknown",
        "rows_not_encrypted",
        "rows_wait",
        "storage_gone",
        "stream_key_former",
        "stream_key_unknown",
    }
)
"""Failures of the start and of the loops: a till never hears of them."""


_HEARD = (
    "agent.",
    "shared.runtime.web",
    "shared.runtime.storage",
    "shared.phone",
    "shared.profile",
)


_READ_BY_PEOPLE = "agent.screen."
"""Failures of the cashier's own screen."""


_OF_THE_CLIENT = "agent.till.client"
"""Failures that a till's own client tells it."""


def heard_by_tills() -> list[type[LoyaltyError]]:
    told = [
        error
        for error in ERRORS
        if error.__module__.startswith(_HEARD)
        and not error.__module__.startswith((_READ_BY_PEOPLE, _OF_THE_CLIENT))
        and error.code not in BEHIND_THE_TILL
    ]
    return sorted(told, key=lambda error: error.code)


def row(error: type[LoyaltyError]) -> str:
    status = STATUSES_OF_THE_RIM.get(error.code, STATUSES[error.kind])
    sentence = re.sub(r"{([a-z_]+)}", "…", error.ru)
    return f"| `{error.code}` | {status} | {sentence} |"


def test_the_page_has_every_failure_that_a_till_may_hear() -> None:
    table = "\n".join(
        ["| code | status | what the cashier reads |", "|---|---|---|", *map(row, heard_by_tills())]
    )

    assert table in PAGE.read_text("utf-8"), f"put this table into {PAGE.name}:\n{table}"


def test_the_page_has_every_route() -> None:
    page = PAGE.read_text("utf-8")

    routes = {exchange["route"] for exchange in examples()}
    assert set(re.findall(r"^\| `((?:GET|POST) /v1/[^`]*)` \|", page, re.M)) == routes


def test_the_lines_of_a_sale_work_against_a_running_agent(shop: Shop) -> None:
    (lines,) = re.findall(r"```sh\n(T=.*?)```", README.read_text("utf-8"), re.DOTALL)
    cheese = GoodsRow("D-05", "Сыр пармезан", "delicacy/cheese", "", (), 80_000, 0, ())
    shop.feed(region_stream(REGION), cheese)

    with serving(shop.station) as address:
        done = subprocess.run(  # noqa: S603
            ["bash", "-euo", "pipefail", "-c", lines],  # noqa: S607
            env={**os.environ, "no_proxy": "*", "KOPILKA": address},
            capture_output=True,
            text=True,
            timeout=SHELL_S,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert '"committed"' in done.stdout, done.stdout
    assert kinds(shop) == ["member.registered", "receipt.committed"]

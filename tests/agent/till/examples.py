"""Play the worked day of `agent/till/examples.json` through the API again, word for word.

What is minted anew each time (ids, digests, tokens) is put into later requests as it was answered.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.till import openapi
from shared.tokens import CODE_CHARS, grouped, token
from tests.agent.till.kit import JSON, Till
from tests.builders import Person, PersonLot, Shop, cashier_row, certificate_known, code_known
from tests.fakes import NOON, FakePrinter

FILE = Path(openapi.__file__).with_name(openapi.EXAMPLES_FILE)
UUID_TEXT = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MINTED = re.compile(rf"{UUID_TEXT}|[0-9a-f]{{48,64}}|KPK1:(?:[0-9A-Z]|\\n)+")
EVENTS = "/v1/events"

COUPON = grouped(token(bytes(range(16)), CODE_CHARS))
Json = dict[str, Any]


FREE_BYTES = 90 * 1024**3


def open_for_examples(folder: Path) -> Shop:
    """Open the store in which the worked day happens."""
    shop = Shop(folder).open()
    shop.feed("store:101", cashier_row("7", "Мария"))
    shop.feed("store:101", cashier_row("9", "Ольга", role="senior"))
    anna = Person(
        PersonLot(120_000, leased=120_000, number=1),
        PersonLot(30_000, leased=30_000, number=2, activates_at=NOON.replace(day=22)),
        turnover_minor=6_000_000,
        phone="+7 916 123-45-67",
    )
    shop.member(anna)
    shop.station.disk.free_bytes = FREE_BYTES
    shop.station.printer = FakePrinter(shop.clock, [b"\x12"], [b"\x12"]).printer()
    certificate_known(shop, "A8N6-T74N-6JWN-N225", balance=70_000)
    code_known(shop, COUPON)
    return shop


def play(till: Till, exchanges: list[Json]) -> list[Json]:
    """Return the exchanges as they go now."""
    now: dict[str, str] = {}
    played = []
    for exchange in exchanges:
        sent = renewed(exchange["request"], now)
        path = renewed(exchange["path"], now)
        headers = renewed(exchange["headers"], now)
        if exchange["request"] is None:
            answer = till.get(path, **headers)
        else:
            answer = till.post(path, sent, {**JSON, **headers})
        told = answer.json()
        now.update(zip(minted(exchange["response"]), minted(told), strict=False))
        played.append(
            {
                **exchange,
                "path": path,
                "headers": headers,
                "request": sent,
                "status": answer.status_code,
                "response": told,
            }
        )
    return played


def masked(exchange: Json) -> Json:
    """Return an exchange with everything that is minted anew hidden."""
    hidden: Json = json.loads(MINTED.sub("…", json.dumps(exchange, ensure_ascii=False)))
    return hidden


def renewed(told: Any, now: dict[str, str]) -> Any:
    text = json.dumps(told, ensure_ascii=False)
    return json.loads(MINTED.sub(lambda found: now.get(found[0], found[0]), text))


def minted(told: Any) -> Iterator[str]:
    return (found[0] for found in MINTED.finditer(json.dumps(told, ensure_ascii=False)))


def record(exchanges: list[Json]) -> None:
    FILE.write_text(json.dumps(exchanges, ensure_ascii=False, indent=1) + "\n", "utf-8")

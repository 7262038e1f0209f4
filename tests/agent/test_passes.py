"""A pass at the till: known by the root-signed list of keys, told with what it says."""

from datetime import timedelta
from uuid import UUID

from agent.scan import ScanKind, classify
from shared.crypto.keys import KeyPair
from shared.wire.passes import Pass, write
from tests.agent.till.kit import Till
from tests.builders import PACKER, Shop


def granted_now(shop: Shop) -> Pass:
    now = shop.clock.now().replace(second=0, microsecond=0)
    return Pass(UUID(int=7), 3, 500_00, now + timedelta(days=7))


def test_a_pass_is_known_also_in_lower_case(shop: Shop) -> None:
    granted = granted_now(shop)
    code = write(granted, PACKER.sign)

    scan = classify(shop.station, f" {code.lower()} ")

    assert (scan.kind, scan.code, scan.granted) == (ScanKind.PASS, code, granted)


def test_a_pass_of_another_key_is_nothing(shop: Shop) -> None:
    code = write(granted_now(shop), KeyPair.from_seed(b"x" * 32).sign)

    scan = classify(shop.station, code)

    assert (scan.kind, scan.granted) == (ScanKind.UNKNOWN, None)


def test_a_till_is_told_what_a_pass_says(shop: Shop) -> None:
    granted = granted_now(shop)
    till = Till(shop)

    told = till.answer(till.post("/v1/scans", {"code": write(granted, PACKER.sign)}))

    assert told["kind"] == "pass"
    assert (told["granted"]["points"], told["granted"]["counter"]) == (500_00, 3)
    assert told["granted"]["account"] == str(granted.account)

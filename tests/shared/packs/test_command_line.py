"""What a marketer types: done is 0, refused is 1 with one sentence, misused is 2."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shared.crypto.keys import KeyPair
from shared.money import NO_BREAK_SPACE
from shared.packs.cli import app
from shared.packs.sealed import open_sealed
from shared.rules.pack import canonical, read_pack
from tests.shared.rules.builders import wine_text

WINE = Path(str(files("shared.rules") / "examples" / "wine.yaml"))
SILVER = Path(__file__).parent / "silver.yaml"
HEAVY = ("fastapi", "sqlalchemy", "httpx", "shared.rules", "agent.app")


def pack(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def said(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.replace(NO_BREAK_SPACE, " ") for line in result.output.splitlines()]


def test_a_pack_says_what_it_is_and_requires() -> None:
    name, requires = said(pack("check", WINE))

    assert name.startswith("wine 1: ")
    assert "then.redeem" in requires


def test_a_fault_is_one_sentence_with_its_path_in_the_asked_language(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(wine_text().replace("percent: 50 %", "percent: 500 %"))

    russian, english = pack("check", bad), pack("check", bad, "--lang", "en")

    assert russian.exit_code == english.exit_code == 1
    assert russian.stderr.startswith("Пакет правил, rules.2.then.0.redeem.percent: ожидается")
    assert english.stderr.startswith("Rule pack, rules.2.then.0.redeem.percent: a percent")


def test_the_canonical_form_is_what_is_hashed() -> None:
    printed = pack("canonical", WINE).stdout

    assert printed.encode().rstrip(b"\n") == canonical(read_pack(wine_text()))


def test_a_signed_pack_opens_with_the_public_key(tmp_path: Path) -> None:
    key = tmp_path / "pack.key"
    key.write_text(bytes(range(32)).hex())

    signed = pack("sign", WINE, "--key", key)

    assert signed.exit_code == 0
    opened = open_sealed(signed.stdout.encode(), KeyPair.from_seed(bytes(range(32))).public)
    assert opened.body == canonical(read_pack(wine_text()))


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "pack.key"
    key.write_text("00")

    assert pack("sign", WINE, "--key", key).exit_code == 1


def test_a_quote_prints_lines_rules_points_and_sums() -> None:
    printed = said(pack("quote", WINE, SILVER))

    assert "Вино красное" in printed
    assert any(line.startswith("К ОПЛАТЕ") and line.endswith("3 575,00") for line in printed)
    assert "  «Скидка по карте»: 100 ₽ (по строкам 1: 100)" in printed
    assert "Бонусами можно оплатить: 400 бонусов" in printed
    assert (
        "  «Бонусы за покупку»: 178 бонусов, кошелёк «Бонусы», "
        "с 11 апреля 2026 12:30 по 10 апреля 2027"
    ) in printed
    assert "* До Золотого 86 425 ₽" in printed


BIRTHDAY = """
at: 2026-04-10T12:30
zone: Asia/Vladivostok
paid_in: cash
promo_codes: [НЕТ, "11.11"]
certificates:
  - {certificate: {code: C, state: active, nominal: 500.00, balance: 500.00}, wanted: 100.00}
member: {birthday: 1990-04-12, turnover: 60000.00}
lines: [{name: Кольцо, group: stones, price: 2000.38, cashier_discount: 5.00}]
"""
CODE = "\ncodes: {ring: {title: {ru: Кольцо дня, en: Ring}, words: ['11.11']}}\n"
CODE_RULE = (
    "rules:\n  - {id: ring, title: {ru: По слову, en: By word}, if: {code_in: [ring]}, "
    "then: [{effect: earn, wallet: bonus, points: 5.00, activation: at once, expiry: never}]}\n"
)


@pytest.fixture
def birthday(tmp_path: Path) -> list[str]:
    text = (WINE.parent / "jewellery.yaml").read_text(encoding="utf-8")
    file, receipt = tmp_path / "pack.yaml", tmp_path / "receipt.yaml"
    file.write_text(
        text.replace("rules:\n", CODE_RULE, 1) + CODE + "policies: {small_change: 1.00}\n"
    )
    receipt.write_text(BIRTHDAY)
    return said(pack("quote", file, receipt))


@pytest.mark.parametrize(
    "line",
    [
        "  «С днём рождения»: 1 000 бонусов, кошелёк «Подарочные бонусы», "
        "с 10 апреля 2026 12:30 по 10 мая 2026",
        "  «По слову»: 5 бонусов, кошелёк «Бонусы», с 10 апреля 2026 12:30 бессрочно",
        "  НЕТ: Такого промокода нет",
        "  11.11: применён, акция «Кольцо дня»",
        "  Скидка кассира: 5 ₽ (по строкам 1: 5)",
        "  Без мелочи: 0,84 ₽ (по строкам 1: 0,84)",
        "  C: Сертификат оплачивает 100 ₽; останется 400 ₽",
        "  Остаётся заплатить 1 695 ₽",
        "Уровень: «Серебро»",
    ],
)
def test_a_quote_prints_all_that_becomes_of_a_receipt(birthday: list[str], line: str) -> None:
    """2 000.38 less 5.00 of the cashier, less 10 % for the birthday: 1 795.84."""
    assert line in birthday, birthday


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "ru",
            [
                "Скидка по карте (tier_discount)",
                "  строка 1 Вино красное: Скидка по карте; 2 000,00 → 1 900,00",
                "  строка 2 Игристое: Уступило другой скидке; само дало бы такую цену;"
                " 1 500,00 → 1 425,00",
                "  строка 3 Сыр: Не для этого товара; нужно: не товары из списка no_card_discount",
            ],
        ),
        (
            "en",
            [
                "Card discount (tier_discount)",
                "  line 1 Вино красное: Card discount; 2 000,00 → 1 900,00",
                "  line 2 Игристое: Gave way to another discount; alone it would give this price;"
                " 1 500,00 → 1 425,00",
                "  line 3 Сыр: Not for these goods; it takes: not goods of list no_card_discount",
            ],
        ),
    ],
)
def test_an_explanation_goes_rule_by_rule_and_line_by_line(lang: str, expected: list[str]) -> None:
    printed = said(pack("explain", WINE, SILVER, "--lang", lang))

    start = printed.index(expected[0])
    assert printed[start : start + len(expected)] == expected


def test_packs_are_compared_in_sentences(tmp_path: Path) -> None:
    newer = tmp_path / "newer.yaml"
    newer.write_text(wine_text().replace("bonus: 7 %", "bonus: 8 %"))

    assert said(pack("diff", WINE, newer)) == [
        "Уровень «Золотой»: «Бонусы за покупку» — было 7 %, стало 8 %"
    ]
    assert said(pack("diff", WINE, WINE)) == []


def test_a_receipt_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "receipt.yaml"
    bad.write_text("at: 2026-04-10T12:30\nlines: [{price: 5.00, colour: red}]\n")

    refused = pack("quote", WINE, bad)

    assert refused.exit_code == 1
    known = "brand, cashier_discount, flags, floor, goods, group, name, no, price, quantity, sku"
    path = "Файл чека, lines.0.colour"
    assert refused.stderr == f"{path}: такого ключа нет, есть {known}, stated.\n"


def test_the_schema_is_json() -> None:
    assert json.loads(pack("schema").stdout)["$defs"]["Condition"]["maxProperties"] == 1


@pytest.mark.parametrize("words", [["--help"], ["pack", "--help"], ["agent", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\nfrom shared.runtime.command import main\n"
        f"sys.argv = ['kopilka', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )

    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, check=True
    )

    assert ran.stdout.decode().splitlines()[-1] == "loaded []"

"""What an operator types for budgets of the chain."""

from pathlib import Path

import pytest

from tests.central.app.test_command_line import WINE, database, folder, kopilka

__all__ = ["database", "folder"]

NAME = "code.spring.весна"
CAMPAIGN = """codes:
  spring:
    title: {ru: Весна, en: Spring}
    words: [ВЕСНА]
    per_code_max: 40
"""
RULE = """
rules:
  - id: spring_code
    title: {ru: Весна, en: Spring}
    if: {code_in: [spring]}
    then: [{effect: discount, percent: 20 %}]
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    text = Path(WINE).read_text("utf-8")
    text = text.replace("codes:\n", CAMPAIGN, 1).replace("\nrules:\n", RULE, 1)
    pack = folder / "pack.yaml"
    pack.write_text(text.replace("tasting_code]", "tasting_code, spring_code]"), "utf-8")
    assert kopilka(folder, "publish", pack).exit_code == 0
    return folder


def test_a_published_budget_is_listed_and_set(shop: Path) -> None:
    listed = kopilka(shop, "budgets", "list").stdout
    used = "израсходовано 0 из 40 (uses), в магазинах 0, свободно 40"
    assert listed == f"wine {NAME}: {used}\n"

    done = kopilka(shop, "budgets", "set", NAME, "15")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    used = "израсходовано 0 из 15 (uses), в магазинах 0, свободно 15"
    assert lines[0] == f"wine {NAME}: {used}"
    assert lines[-1].endswith("UTC set: 15")
    assert kopilka(shop, "budgets", "show", NAME).stdout == done.stdout


def test_english_is_told_where_the_settings_say_so(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "en")

    listed = kopilka(shop, "budgets", "list").stdout

    assert listed == f"wine {NAME}: 0 of 40 uses used, 0 in stores, 40 free\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nothing"), "Бюджета «nothing» нет. Список: central budgets list."),
        (("set", "nothing", "1"), "Бюджета «nothing» нет. Список: central budgets list."),
        (("set", NAME, "1000000000001"), "Размер бюджета должен быть от 0 до 1000000000000."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    shop: Path, words: tuple[str, ...], said: str
) -> None:
    answer = kopilka(shop, "budgets", *words)

    assert (answer.exit_code, answer.stdout, answer.stderr) == (1, "", f"{said}\n")

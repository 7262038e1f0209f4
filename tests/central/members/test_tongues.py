"""Results of commands on members are told in the language of the settings, and in that alone."""

import json
from pathlib import Path

import pytest

from tests.central.app.test_command_line import WINE
from tests.central.members.test_command import ANNA, OLGA, folder, kopilka

__all__ = ["folder"]

WHY = ("--note", "просили", "--by", "Пётр")


@pytest.fixture
def russian(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same centre, where Russian is spoken."""
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "ru")
    return folder


def told(folder: Path, *words: str | Path) -> str:
    done = kopilka(folder, *words)
    assert done.exit_code == 0, done.stderr
    return done.stdout.replace("\u00a0", " ")


def lots_file(folder: Path) -> Path:
    file = folder / "lots.csv"
    file.write_text(f"identifier,points,wallet,expires_on\n{ANNA},1500.00,bonus,2036-12-31\n")
    return file


def id_of(folder: Path, who: str) -> str:
    return told(folder, "members", "show", who).split()[0]


def test_english_is_told_where_it_is_the_settings_language(folder: Path) -> None:
    olga, anna = id_of(folder, OLGA), id_of(folder, ANNA)

    merged = told(folder, "members", "merge", OLGA, ANNA, *WHY)
    shown = told(folder, "members", "show", ANNA).splitlines()
    granted = [told(folder, "lots", "import", lots_file(folder)) for _ in range(2)]

    assert merged == f"{olga} is merged into {anna}\n"
    assert shown[0] == f"{anna}  active  Анна  known 2026-03-01 12:00 UTC"
    assert shown[1] == "  name: Анна  (claimed, 101/registration, 2026-03-01 12:00 UTC)"
    assert f"  joined by {olga}  Ольга" in shown
    assert f"  card …0018 of {anna}: claimed" in shown
    assert shown[-1].endswith(f" UTC merged {olga}: Пётр, просили")
    assert granted == [
        "1 granted (1 500,00 points), 0 were there already\n",
        "0 granted (0,00 points), 1 were there already\n",
    ]


def test_russian_is_told_where_it_is_the_settings_language(russian: Path) -> None:
    olga, anna = id_of(russian, OLGA), id_of(russian, ANNA)

    merged = told(russian, "members", "merge", OLGA, ANNA, *WHY)
    shown = told(russian, "members", "show", ANNA).splitlines()
    parted = told(russian, "members", "unmerge", OLGA, *WHY)
    granted = [told(russian, "lots", "import", lots_file(russian)) for _ in range(2)]

    assert merged == f"участник {olga} присоединён к участнику {anna}\n"
    assert shown[0] == f"{anna}  действует  Анна  известен с 2026-03-01 12:00 UTC"
    assert shown[1] == "  имя: Анна  (заявлено, 101/регистрация, 2026-03-01 12:00 UTC)"
    assert f"  с ним соединён {olga}  Ольга" in shown
    assert [line for line in shown if "бонусов 50,00, оборот 100,00, чеков 1" in line]
    assert f"  карта, номер …0018 участника {anna}: заявлен" in shown
    assert shown[-1].endswith(f" UTC соединён {olga}: Пётр, просили")
    assert parted == f"участник {olga} отделён от участника {anna}\n"
    assert granted == [
        "начислено партий: 1 (бонусов 1 500,00), были раньше: 0\n",
        "начислено партий: 0 (бонусов 0,00), были раньше: 1\n",
    ]


def test_a_level_is_told_in_the_settings_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(folder, "publish", WINE)

    english = told(folder, "members", "show", ANNA)
    monkeypatch.setenv("KOPILKA_CENTRAL_LOCALE", "ru")

    assert "  tier: Starter; 49 900 ₽ to Silver\n" in english
    russian = told(folder, "members", "show", ANNA)
    assert "  уровень: Стартовый; До Серебряного 49 900 ₽\n" in russian


def test_families_codes_and_phones_are_told_in_russian(
    russian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOPILKA_CENTRAL_CODE_OUTBOX", str(russian / "codes"))
    olga, anna = id_of(russian, OLGA), id_of(russian, ANNA)

    joined = told(russian, "family", "join", OLGA, ANNA, "--role", "earns", *WHY)
    shown = told(russian, "members", "show", OLGA)
    role = told(russian, "family", "role", OLGA, "redeems", *WHY)
    left = told(russian, "family", "leave", OLGA, *WHY)
    sent = told(russian, "proof", "send", OLGA, "phone")
    (letter,) = (russian / "codes").iterdir()
    code = json.loads(letter.read_text())["code"]
    proved = told(russian, "proof", "confirm", OLGA, "phone", code)
    added = told(russian, "phones", "add", OLGA, "8 916 000-00-01", *WHY)
    found = told(russian, "members", "show", OLGA)
    dropped = told(russian, "phones", "drop", OLGA, "8 916 000-00-01", *WHY)

    assert joined == f"участник {olga} в семье участника {anna}: только копит\n"
    assert f"  в семье участника {anna} с 20" in shown
    assert role == f"{olga}: копит и тратит\n"
    assert left == f"участник {olga} вышел из семьи участника {anna}\n"
    assert sent.startswith("код отправлен, он годится до ")
    assert proved == f"телефон участника {olga} подтверждён\n"
    assert added == f"участник {olga} теперь находится и по этому телефону\n"
    assert f"  телефон родственника, номер …0001 участника {olga}: заявлен\n" in found
    assert f"  телефон, номер …0002 участника {olga}: подтверждён\n" in found
    assert dropped == f"участник {olga} по этому телефону больше не находится\n"


def test_an_edited_members_life_and_lots_are_told_in_russian(russian: Path) -> None:
    olga, anna = id_of(russian, OLGA), id_of(russian, ANNA)

    edited = told(russian, "members", "edit", ANNA, "--phone", "8 916 000-00-02", *WHY)
    shown = told(russian, "members", "show", ANNA)
    life = told(russian, "members", "timeline", ANNA)
    lots = told(russian, "members", "lots", ANNA)

    assert edited == (
        f"участник {anna} изменён: телефон\n"
        f"  у участника {olga} тот же телефон: kopilka central conflicts list\n"
    )
    assert " телефон +79160000002: заявлено, Пётр, в силе\n" in shown
    assert "  анкета изменена  телефон, заявлено: Пётр\n" in life
    assert "  сделано вручную  изменён: Пётр, просили\n" in life
    assert "  конфликт  один телефон, разные имена, открыт\n" in life
    assert "  бонусы  начислено  50,00\n" in life
    assert "  bonus purchase  начислено 50,00, осталось 50,00, активна  с 2026-03-01 12:00" in lots
    assert "  начислено  50,00\n" in lots
    assert "  покупок 1  " in told(russian, "members", "turnover", ANNA)


def test_a_consent_a_claimed_card_and_a_search_are_told_in_russian(russian: Path) -> None:
    text = russian / "text.txt"
    text.write_text("Согласна на СМС.")
    card = told(russian, "members", "make-cards", "1").strip()

    claim = ("--name", "Вера", "--phone", "8 916 123-45-67", *WHY)
    claimed = told(russian, "members", "claim", card, *claim)
    kept = told(russian, "members", "consent-text", "sms", "1", text, *WHY)
    given = told(russian, "members", "consent", card, "sms", "--version", "1", *WHY)
    withdrawn = told(russian, "members", "consent", card, "sms", *WHY)

    assert claimed == f"карта теперь участника {id_of(russian, card)}\n"
    assert kept == "текст sms 1 сохранён\n"
    assert given.endswith(" UTC  sms 1: дано\n")
    assert withdrawn.endswith(" UTC  sms 1: отозвано\n")
    assert "  действует  Вера  " in told(russian, "members", "search", "вера")
    assert kopilka(russian, "members", "search", "никого").stderr == "никто не найден\n"


def test_points_given_and_what_moved_are_told_in_russian(russian: Path) -> None:
    why = ("--reason", "сбой сайта", "--by", "Пётр")
    days = ("--from", "2020-01-01", "--to", "2036-12-31")
    told(russian, "lots", "import", lots_file(russian))

    given = told(russian, "lots", "give", "--to", ANNA, "--points", "10.00", *why).splitlines()
    until = ("--until", "2037-01-31")
    longer = told(russian, "lots", "extend", "--kind", "import", *days, *until, *why)
    moved = told(russian, "lots", "moved", *days).splitlines()

    assert given[0].startswith("начисление ")
    assert given[1:] == ["начислено бонусов 10,00, участников: 1, уже имели по нему: 0"]
    assert longer.startswith("продление ")
    assert longer.endswith(": партий 1, бонусов 1 500,00\n")
    assert moved == [
        "import: исправлено 0,00, начислено 1 500,00",
        "manual: начислено 10,00",
        "purchase: начислено 50,00",
    ]


def test_a_copy_of_what_is_known_and_its_erasure_are_told_in_russian(russian: Path) -> None:
    anna, file = id_of(russian, ANNA), russian / "anna.json"

    copied = told(russian, "privacy", "export", ANNA, file)
    asked = kopilka(russian, "privacy", "erase", ANNA, *WHY)
    gone = told(russian, "privacy", "erase", ANNA, *WHY, "--yes")

    assert copied == f"{file}: {anna}, проводок 1, фактов 1\n"
    assert asked.exit_code == 1
    assert asked.stdout == (
        f"данные участника {anna} будут стёрты навсегда; бонусы на его счёте, 50,00, не сможет "
        "потратить никто; повторите с --yes\n"
    )
    assert gone == f"стёрто: {anna}\n"
    listed = told(russian, "privacy", "list")
    assert listed.endswith(f" UTC  {anna}  магазинов 0 из 1, ещё нет: 101\n")

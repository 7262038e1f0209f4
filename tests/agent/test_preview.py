"""Every slip on both rolls in both languages: codes that scanners read, text that fits."""

import io
from pathlib import Path
from typing import Final

import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar
from typer.testing import CliRunner

from agent.preview.cli import app
from agent.preview.samples import CARD, COUPON, LINES_MANY, RECEIPT_CODE
from agent.preview.sheets import ROLLS, Sample, samples, sheet_of
from hardware.printers.layout import as_text
from hardware.simulator.paper import sheet_text
from hardware.simulator.render import render
from shared.money import NO_BREAK_SPACE
from shared.rules.slip_fill import usual_papers
from shared.slip import Barcode, Qr
from tests.shared.rules.test_slips import with_slips

ALL: Final = list(samples(usual_papers()))
_CODES: Final = {"sale": {RECEIPT_CODE, COUPON}, "registration": {CARD}, "coupon": {COUPON}}


def found(name: str, scenario: str, roll_mm: int, lang: str = "ru") -> Sample:
    wanted = f"{name}-{scenario}-{roll_mm}-{lang}"
    return next(sample for sample in ALL if sample.stem == wanted)


def text_of(sample: Sample) -> str:
    return as_text(sample.slip, sample.profile.columns).replace(NO_BREAK_SPACE, " ")


@pytest.mark.parametrize(
    "sample",
    [
        one
        for one in ALL
        if any(isinstance(block, Qr | Barcode) for block in one.slip.blocks)
        and one.scenario != "many"  # the same code below more lines
    ],
    ids=lambda sample: sample.stem,
)
def test_every_code_is_read_by_two_readers(sample: Sample) -> None:
    png = render(sheet_of(sample), sample.profile.dots, sample.profile.roll_mm)

    with Image.open(io.BytesIO(png)) as picture:
        by_zxing = [code.text for code in zxingcpp.read_barcodes(picture)]
        by_zbar = [code.data.decode() for code in pyzbar.decode(picture)]

    stated = [
        block.text if isinstance(block, Qr) else block.digits
        for block in sample.slip.blocks
        if isinstance(block, Qr | Barcode)
    ]
    assert by_zxing == by_zbar == stated
    assert set(stated) <= _CODES[sample.name]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.stem)
def test_no_line_is_wider_than_the_roll_and_the_paper_says_what_the_text_says(
    sample: Sample,
) -> None:
    columns = sample.profile.columns
    printed = sheet_text(sheet_of(sample), columns)

    assert max(map(len, printed.split("\n"))) <= columns
    assert "?" not in printed
    assert printed.split() == as_text(sample.slip, columns).replace(NO_BREAK_SPACE, " ").split()


@pytest.mark.parametrize("roll_mm", [58, 80])
def test_money_is_written_as_in_russia_and_stands_at_the_edge(roll_mm: int) -> None:
    sample = found("sale", "large", roll_mm)
    columns = sample.profile.columns

    total = next(line for line in text_of(sample).split("\n") if line.startswith("К ОПЛАТЕ"))
    assert total == "К ОПЛАТЕ".ljust(columns - len("160 000 000,00")) + "160 000 000,00"


def test_forty_lines_are_all_there_with_their_sums() -> None:
    lines = text_of(found("sale", "many", 58)).split("\n")

    assert sum(line.startswith("  1 x 149,90") for line in lines) == LINES_MANY
    assert sum(line.endswith(" 149,90") for line in lines) >= LINES_MANY
    assert next(line for line in lines if line.startswith("Сумма")).endswith("5 996,00")


def test_a_balance_slip_reads_so() -> None:
    assert text_of(found("balance", "ordinary", 58)) == (
        "       Винная лавка № 101\n"
        "    Москва, Тверская ул., 1\n"
        '   ООО "Лоза", ИНН 7701234567\n'
        "────────────────────────────────\n"
        "          Ваши бонусы\n"
        "Карта ∙∙∙∙ 0018          Анна П.\n"
        "На время        28.07.2026 14:05\n"
        "────────────────────────────────\n"
        "Уровень               Серебряный\n"
        "Баланс бонусов          1 085,50\n"
        "  станут активны\n"
        "  01.08.2026 14:05      1 085,50\n"
        "  станут активны\n"
        "  02.08.2026 14:05      1 085,50\n"
        "  сгорят 10.08.2026     1 085,50\n"
        "  сгорят 11.08.2026     1 085,50\n"
        "────────────────────────────────\n"
        "     Нефискальный документ\n"
    )


@pytest.mark.parametrize(("lang", "word"), [("ru", "КОПИЯ 1"), ("en", "COPY 1")])
@pytest.mark.parametrize("roll_mm", [58, 80])
def test_a_copy_says_so_above_everything(lang: str, word: str, roll_mm: int) -> None:
    copies = [
        one
        for one in ALL
        if one.scenario == "copy" and one.lang == lang and one.profile.roll_mm == roll_mm
    ]

    assert len(copies) == 9
    for sample in copies:
        assert text_of(sample).lstrip().startswith(word)


def test_english_slips_have_no_russian_of_ours() -> None:
    for sample in ALL:
        if sample.lang == "en" and sample.scenario not in ("long",):
            assert not any("а" <= sign.lower() <= "я" for sign in text_of(sample))


def test_the_command_writes_pictures_and_texts_of_a_packs_own_slips(tmp_path: Path) -> None:
    mine = [
        {"block": "text", "words": "МОЙ КУПОН", "align": "center"},
        {"block": "row", "left": "{code}", "right": "{at}"},
        {"block": "row", "if": "until", "left": "{until}"},
        {"block": "qr", "of": "scan"},
        {"block": "text", "words": "{not_fiscal}"},
    ]
    pack, out = tmp_path / "pack.yaml", tmp_path / "out"
    pack.write_text(with_slips(coupon=mine), encoding="utf-8")

    done = CliRunner().invoke(
        app, ["preview", "--pack", str(pack), "--slip", "coupon", "--out", str(out)]
    )

    assert done.exit_code == 0, done.output
    assert len(list(out.glob("coupon-*.png"))) == len(list(out.glob("*.txt"))) == 24
    text = (out / "coupon-ordinary-58-ru.txt").read_text(encoding="utf-8")
    assert "МОЙ КУПОН" in text
    assert (out / "coupon-ordinary-58-ru.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_refuses_a_bad_pack_and_names_the_slips_it_knows(tmp_path: Path) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_text(with_slips(coupon=[{"block": "rule"}]), encoding="utf-8")
    runner, out = CliRunner(), str(tmp_path / "out")

    bad = runner.invoke(app, ["preview", "--all", "--pack", str(pack), "--out", out])
    unknown = runner.invoke(app, ["preview", "--slip", "cheque", "--out", out])

    assert bad.exit_code == 1
    assert "slips.coupon.blocks" in bad.output
    assert unknown.exit_code == 2
    assert "registration" in unknown.output


def test_both_rolls_are_there() -> None:
    assert [profile.roll_mm for profile in ROLLS] == [58, 80]


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    done = CliRunner().invoke(app, ["preview", "--slip", "balance", "--out", str(file)])

    assert done.exit_code == 1
    assert f"{file}: cannot be written (File exists)." in done.output
    assert "Traceback" not in done.output

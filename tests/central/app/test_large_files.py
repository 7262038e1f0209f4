"""Files that are larger than any that is taken in, given to the commands that read one whole."""

from pathlib import Path

import pytest

from shared.runtime import files
from tests.central.app.test_command_line import database, folder, kopilka

__all__ = ["database", "folder"]

COMMANDS = [
    ("import-facts",),
    ("publish",),
    ("stores", "import"),
    ("lots", "import"),
    ("packs", "draft", "--by", "anna"),
    ("members", "consent-text", "sms", "1", "--note", "new"),
    ("codes", "issue", "--file", "codes.csv", "--owners"),
    ("import", "members", "members.csv", "--mapping"),
]


def test_a_file_without_an_end_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 1000)  # else each reads a gigabyte
    monkeypatch.chdir(folder)
    (folder / "members.csv").touch()

    told = {words: kopilka(folder, *words, "/dev/zero") for words in COMMANDS}

    assert {words: (one.exit_code, one.stderr) for words, one in told.items()} == dict.fromkeys(
        COMMANDS, (1, "Файл /dev/zero больше 1000 байт.\n")
    )

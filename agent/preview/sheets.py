"""Slips as they leave a printer: the bytes of the real encoder, put on paper by the simulator."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from agent.preview.samples import SCENARIOS, Scenario, told_of
from agent.printing.parts import Paper
from hardware.printers.encoder import encode
from hardware.printers.profile import Profile, profile_named
from hardware.simulator.mechanism import Mechanism
from hardware.simulator.paper import Sheet, sheet_text
from hardware.simulator.render import render
from hardware.simulator.sensors import Sensors
from shared.rules.sentences import Lang
from shared.rules.slip_fill import LANGS, Papers
from shared.rules.slip_model import SlipName
from shared.rules.slip_words import VOCABULARY
from shared.slip import Slip, copy_of
from shared.wire.rows import SettingsRow

ROLLS: Final = (profile_named("generic-58"), profile_named("generic-80"))
COPY: Final = "copy"
_NOWHERE: Final = SettingsRow("", "", "", "", "", "", "", ())


@dataclass(frozen=True, slots=True)
class Sample:
    """A slip to look at: which, of what, on which roll, in which language."""

    name: SlipName
    scenario: str
    profile: Profile
    lang: Lang
    slip: Slip

    @property
    def stem(self) -> str:
        """The name of its files."""
        return f"{self.name}-{self.scenario}-{self.profile.roll_mm}-{self.lang}"


def samples(papers: Papers) -> Iterator[Sample]:
    """Yield every slip in every scenario, and a copy, on both rolls in both languages."""
    for name in VOCABULARY:
        for lang in LANGS:
            for scenario, slip in _slips(papers, name, lang):
                for profile in ROLLS:
                    yield Sample(name, scenario, profile, lang, slip)


def sheet_of(sample: Sample) -> Sheet:
    """Return the paper that a printer of the sample's roll cuts off."""
    mechanism = Mechanism(sample.profile.columns)
    stream = encode(sample.slip, sample.profile, job_no=1)
    (sheet,) = (one for one in mechanism.feed(stream, Sensors()) if isinstance(one, Sheet))
    return sheet


def write(sample: Sample, folder: Path) -> Sheet:
    """Write a slip as a picture of the printer's dots and as text; raises FontMissingError."""
    sheet, profile = sheet_of(sample), sample.profile
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{sample.stem}.png").write_bytes(render(sheet, profile.dots, profile.roll_mm))
    text = sheet_text(sheet, profile.columns)
    (folder / f"{sample.stem}.txt").write_text(text, encoding="utf-8")
    return sheet


def _slips(papers: Papers, name: SlipName, lang: Lang) -> Iterator[tuple[str, Slip]]:
    for scenario in SCENARIOS:
        if scenario != "many" or "lines" in VOCABULARY[name].lists:
            yield scenario, _slip(papers, name, scenario, lang)
    yield COPY, copy_of(_slip(papers, name, "ordinary", lang), 1)


def _slip(papers: Papers, name: SlipName, scenario: Scenario, lang: Lang) -> Slip:
    paper = Paper(_NOWHERE, papers, lang)
    return paper.slip(name, told_of(name, scenario, lang), UUID(int=0))

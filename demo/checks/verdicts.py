"""Verdicts on invariants: each has its name and text from `offline.md`, faults and evidence."""

from dataclasses import asdict, dataclass, field
from typing import Any

FAULTS_MAX = 12


@dataclass(slots=True)
class Verdict:
    """What a check has found; without a fault the invariant holds."""

    name: str
    invariant: str
    seen: str = ""
    """What was compared, in a few words."""
    faults: list[str] = field(default_factory=list)
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Tell whether the invariant holds."""
        return not self.faults

    def expect(self, outcome: object, fault: str) -> None:
        """Note a fault unless something is as it should be."""
        if not outcome and len(self.faults) < FAULTS_MAX:
            self.faults.append(fault)

    def equal(self, what: str, found: object, expected: object) -> None:
        """Note a fault unless two things are equal."""
        self.expect(found == expected, f"{what}: {found}, should be {expected}")

    def as_json(self) -> dict[str, Any]:
        """Return the verdict for the report."""
        return {**asdict(self), "ok": self.holds}

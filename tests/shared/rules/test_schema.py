"""The schema of pack files takes what the kernel takes, and refuses what a glance would."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from shared.rules.schema import pack_schema
from tests.shared.rules.builders import discount_rule, pack_text, wine_text

YAML_1_1 = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
"""What only old YAML makes of texts: days, and truth of yes, no, on and off."""

EXAMPLES = sorted((Path(__file__).parents[3] / "shared/rules/examples").glob("*.yaml"))


@cache
def validator() -> Any:
    dialect = jsonschema.Draft202012Validator
    dialect.check_schema(pack_schema())
    return dialect(pack_schema())


def as_an_editor_reads(text: str) -> object:
    """Read YAML 1.2 as editors do: bare numbers are numbers, days stay texts."""
    return yaml.load(text, Loader=_Editor)  # noqa: S506


class _Editor(yaml.SafeLoader):
    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [pair for pair in pairs if pair[0] not in YAML_1_1]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_shipped_pack_fits(path: Path) -> None:
    validator().validate(as_an_editor_reads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "bad",
    [
        wine_text().replace("version: 1", "version: one"),
        wine_text().replace("percent: 15 %", "percent: fifteen"),
        wine_text().replace("effect: redeem", "effect: give"),
        wine_text() + "\ncolour: red\n",
        pack_text(discount_rule("a", "5 %", "{member: known, store_in: [1]}")),
        pack_text(discount_rule("a", "5 %", "{}")),
        pack_text(discount_rule("A", "5 %")),
    ],
)
def test_what_a_glance_would_refuse_is_refused(bad: str) -> None:
    assert not validator().is_valid(as_an_editor_reads(bad))


def test_keys_carry_the_words_of_the_models() -> None:
    definitions = pack_schema()["$defs"]
    assert isinstance(definitions, dict)

    reach = definitions["TierStep"]["properties"]["reach"]

    assert "hint" in reach["description"]
    assert "kopecks" not in str(definitions["Wallet"])
    assert "null" not in str(definitions["Rule"])

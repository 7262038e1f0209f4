"""The systemd units: accepted by systemd, with commands and settings that exist, and few rights."""

import os
import shlex
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from agent import identity as identities
from agent import settings as agent_settings
from agent.cli import app as agent_app
from agent.pairing import TOKEN_BYTES
from central import settings as central_settings
from central.cli import app as central_app
from tests.builders import Shop
from tests.deploy.kit import DEPLOY, judged, tool
from tests.vaults import lay_key

SERVICES = ("kopilka-central@.service", "kopilka-agent.service", "kopilka-backup.service")
UNITS = (*SERVICES, "kopilka-backup.timer")
INSTALLED = "/opt/kopilka/bin"
EXPOSED_MAX = "20"
"""Tenths, of what systemd calls exposure; a unit without a word about it has 96."""
_SYSTEMD_RUN = """#!/bin/sh
# Hands over the credential as systemd does, and runs what follows the properties.
for word in "$@"; do
    case "$word" in
        --property=LoadCredentialEncrypted=vault:*) file="${word#*vault:}" ;;
    esac
done
while [ "${1#--}" != "$1" ]; do shift; done
export CREDENTIALS_DIRECTORY="$(dirname "$0")/credentials"
mkdir -p "$CREDENTIALS_DIRECTORY"
systemd-creds decrypt --name=vault "$file" "$CREDENTIALS_DIRECTORY/vault" 2> /dev/null
exec "$@"
"""
APPS = {"agent": agent_app, "central": central_app}


def settled(folder: Path) -> list[Path]:
    """Copy the units to where their commands are those of this environment."""
    found = []
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text("utf-8")
        file = folder / name.replace("@.", "@8101.")
        file.write_text(text.replace(INSTALLED, str(Path(sys.executable).parent)), "utf-8")
        found.append(file)
    return found


def commands(name: str) -> list[list[str]]:
    """Return the command lines of ours in a unit, as they run on port 8101."""
    lines = (DEPLOY / "systemd" / name).read_text("utf-8").splitlines()
    starts = [line.partition("=")[2] for line in lines if line.startswith("ExecStart")]
    found = [shlex.split(start.replace("%i", "8101")) for start in starts]
    return [words[1:] for words in found if words[0] == f"{INSTALLED}/kopilka"]


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises what the command line library raises."""
    command = typer.main.get_command(APPS[words[0]])
    context, rest = None, words
    while isinstance(command, TyperGroup):
        context = command.make_context(rest[0], rest[1:], parent=context)
        name, found, rest = command.resolve_command(context, context._protected_args + context.args)
        assert name is not None
        assert found is not None
        command, rest = found, [name, *rest]
    command.make_context(rest[0], rest[1:], parent=context)


def test_systemd_accepts_every_unit_without_a_word(tmp_path: Path) -> None:
    done = judged([tool("systemd-analyze"), "verify", "--man=no", *map(str, settled(tmp_path))])

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_mistake_in_a_unit_would_be_noticed(tmp_path: Path) -> None:
    (unit, *_) = settled(tmp_path)
    unit.write_text(unit.read_text().replace("ProtectHome=yes", "ProtectHomes=yes"))

    done = judged([tool("systemd-analyze"), "verify", "--man=no", str(unit)])

    assert "ProtectHomes" in done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_do_little(tmp_path: Path, name: str) -> None:
    settled(tmp_path)
    unit = tmp_path / name.replace("@.", "@8101.")
    words = ["security", "--offline=true", "--no-pager", f"--threshold={EXPOSED_MAX}", str(unit)]

    done = judged([tool("systemd-analyze"), *words])

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_a_services_commands_exist_with_their_options(name: str) -> None:
    found = commands(name)

    assert found
    for words in found:
        parse([word.replace("/etc/kopilka", str(DEPLOY / "settings")) for word in words])


def test_an_option_that_does_not_exist_would_be_noticed() -> None:
    (words,) = commands("kopilka-agent.service")
    settings = str(DEPLOY / "settings")

    with pytest.raises(Exception, match="--bort"):
        parse([*(word.replace("/etc/kopilka", settings) for word in words), "--bort", "8101"])


def test_the_shipped_settings_are_what_the_product_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DEPLOY / "settings/central.env").read_text("utf-8").splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))

    centre = central_settings.read_settings(DEPLOY / "settings/central.toml")
    agent = agent_settings.read_settings(DEPLOY / "settings/agent.toml")

    assert centre.database.startswith("postgresql+psycopg://kopilka:change-me@")
    assert agent.centre_url.startswith("https://")
    states = [
        (settings.data_dir, (DEPLOY / "systemd" / name).read_text("utf-8"))
        for settings, name in ((centre, SERVICES[0]), (agent, SERVICES[1]))
    ]
    for folder, unit in states:
        assert folder.parent == Path("/var/lib")
        assert f"StateDirectory={folder.name}" in unit
    assert f"ReadWritePaths=-{agent.journal_mirror}" in states[-1][1]


def test_a_command_of_the_agent_has_the_key_that_is_sealed_to_the_machine(tmp_path: Path) -> None:
    """By a stand-in for systemd, which is not the first process here, and the real `systemd-creds`;
    here it seals with nothing, and says so."""
    shop = Shop(tmp_path / "data")
    identities.save(shop.station.data_dir, shop.station.identity)
    shop.close()
    lay_key(tmp_path)
    key, lies = tmp_path / "vault.key", tmp_path / "vault.cred"
    (shop.station.data_dir / "vault.key").unlink()
    seal = ["encrypt", "--with-key=tpm2-absent", "--name=vault", str(key), str(lies)]
    assert judged([tool("systemd-creds"), *seal]).returncode == 0
    (tmp_path / "agent.toml").write_text(f'data_dir = "{shop.station.data_dir}"\n')
    (tmp_path / "systemd-run").write_text(_SYSTEMD_RUN)
    text = (DEPLOY / "kopilka-agent").read_text("utf-8")
    text = text.replace("/etc/kopilka", str(tmp_path))
    (tmp_path / "kopilka-agent").write_text(
        text.replace(INSTALLED, str(Path(sys.executable).parent))
    )
    for name in ("systemd-run", "kopilka-agent"):
        (tmp_path / name).chmod(0o755)
    words = ["env", f"PATH={tmp_path}:{os.environ['PATH']}", str(tmp_path / "kopilka-agent")]

    done = judged([*words, "till-token", "--till", "2"])

    assert (done.returncode, done.stderr) == (0, "")
    assert len(bytes.fromhex(done.stdout)) == TOKEN_BYTES
    assert not (shop.station.data_dir / "vault.key").exists()


def test_the_agents_unit_hands_over_the_key_where_the_agent_looks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unit = (DEPLOY / "systemd/kopilka-agent.service").read_text("utf-8")
    (told,) = [line for line in unit.splitlines() if line.startswith("Environment=")]
    assert "LoadCredentialEncrypted=vault:/etc/kopilka/vault.cred" in unit.splitlines()

    name, _, value = told.removeprefix("Environment=").partition("=")
    monkeypatch.setenv(name, value.replace("%d", "/run/credentials/kopilka-agent.service"))

    settings = agent_settings.read_settings(DEPLOY / "settings/agent.toml")
    assert settings.vault_key == Path("/run/credentials/kopilka-agent.service/vault")

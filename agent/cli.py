"""The command `kopilka agent`: enrol a store, run its agent, ask how it is."""

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.errors import LoyaltyError

if TYPE_CHECKING:
    from agent.settings import AgentSettings
    from agent.station import Station

REFUSED = 1
STALLS_BEFORE = "KOPILKA_STALLS_BEFORE"
"""Tells a process how often those before it, of the same number, have hung."""

app = typer.Typer(no_args_is_help=True)

CentreUrl = Annotated[str | None, typer.Option("--centre", help="Address of the centre.")]


@app.callback()
def agent(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings, a TOML file.", exists=True)] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the journal, the replica and the keys.")
    ] = None,
) -> None:
    """The store agent beside the till."""
    ctx.obj = (config, data_dir)


@app.command()
def enrol(
    ctx: typer.Context,
    code: Annotated[str, typer.Option(help="One-time code: `kopilka central enrol-code`.")],
    centre: CentreUrl = None,
) -> None:
    """Make this machine the agent of a store; its private key never leaves it."""
    from agent import http_link as links
    from agent import identity
    from agent.client import open_client
    from agent.vault import vault_of
    from shared.clock import SystemClock
    from shared.wire.agents import EnrolRequest, code_as_made

    with _refusals():
        settings = _settings(ctx, centre_url=centre)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if identity.is_enrolled(settings.data_dir):
            raise identity.AlreadyEnrolledError(folder=settings.data_dir.absolute())
        chance = random.SystemRandom()
        vault = vault_of(settings.data_dir, settings.vault_key, chance)
        made = code_as_made(code)
        keys = identity.first_keys(settings.data_dir, made, vault, chance)
        request = EnrolRequest(made, keys.public, version("kopilka"), keys.wrapping_key)
        with open_client(settings) as client:
            nonce = f"{chance.getrandbits(64):x}"
            answer = links.enrol(client, request, keys, SystemClock().now(), nonce)
        identity.save(settings.data_dir, identity.enrolled(keys, answer, vault))
    typer.echo(
        f"Магазин {answer.store}: агент {answer.agent}, эпоха {answer.epoch}.\n"
        f"Store {answer.store}: agent {answer.agent}, epoch {answer.epoch}."
    )


@app.command()
def run(
    ctx: typer.Context,
    centre: CentreUrl = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    printer: Annotated[str | None, typer.Option(help="Device URL of the printer.")] = None,
    scanner: Annotated[str | None, typer.Option(help="Device URL of the scanner.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write the address here (JSON) once it listens.")
    ] = None,
) -> None:
    """Serve the tills of this store until stopped; one agent alone works on a folder."""
    from agent.app import create_app, station_of
    from agent.counted import STALLS
    from agent.folder import alone
    from shared.runtime.logs import configure_logs
    from shared.runtime.serve import serve, settle

    with _refusals():
        settings = _settings(
            ctx,
            centre_url=centre,
            host=host,
            port=port,
            printer=printer,
            scanner=scanner,
        )
        configure_logs(settings.log_level)
        with alone(settings.data_dir):
            station = station_of(settings)
            stalls = int(os.environ.get(STALLS_BEFORE, "0"))
            station.counts.add(STALLS, more=stalls)
            app, stop = create_app(station), station.pulses.wants_restart
            settle()
            serve(app, settings.host, settings.port, ready_file, stop)
    if station.pulses.stalled:
        _start_anew(stalls + 1)


@app.command()
def restore(ctx: typer.Context) -> None:
    """Say that the data folder was put back from a backup; not while the agent runs.

    Its leases are not spent any more until the centre has begun a new epoch, and no slip of the
    backup is printed by itself. Repeating changes nothing.
    """
    from agent import epochs
    from agent.printing.service import distrust

    with _refusals(), _at_rest(ctx) as station:
        epochs.bar(station, epochs.RESTORED, station.time.now())
        slips = distrust(station)
    epoch = station.identity.epoch
    typer.echo(
        f"Эпоха {epoch} закрыта: бонусы из лимита магазина не списываются, пока центр не начнёт "
        "следующую; продажи, начисления и возвраты идут. Продажи после копии, которые центр успел "
        f"получить, есть только в центре. Слипы под вопросом: {slips}; сами они не печатаются, "
        "копию можно напечатать с кассы.\n"
        f"Epoch {epoch} is barred: the store's leases are not spent until the centre has begun the "
        "next; sales, grants and returns go on. Sales after the backup that the centre had "
        f"received are known to it alone. Slips in question: {slips}; they are not printed by "
        "themselves, a copy can be printed from the till."
    )


@app.command()
def trust(
    ctx: typer.Context,
    root: Annotated[str, typer.Argument(metavar="KEY", help="`kopilka central keys list`.")],
) -> None:
    """Trust a root key to which no hand-over leads; not while the agent runs.

    The list of keys that came from the centre must be signed by it. Repeating changes nothing.
    """
    from agent.roots import trust as pin

    try:
        key = bytes.fromhex(root)
    except ValueError as error:
        raise typer.BadParameter("a key is hexadecimal digits") from error
    with _refusals(), _at_rest(ctx) as station:
        version = pin(station, key)
    typer.echo(
        f"Корневой ключ {root}: действует список ключей версии {version}.\n"
        f"Root key {root}: the list of keys of version {version} is in use."
    )


@app.command(name="export-facts")
def export_facts(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write; it must not be there yet.")],
) -> None:
    """Write what the centre has no word of into a file for `kopilka central import-facts`.

    For a store whose line does not come back, or a machine that is to be replaced.
    """
    from agent.app import station_of
    from agent.mirror import unsent
    from shared.wire.push import frame

    with _refusals():
        station = station_of(_settings(ctx))
        batches = list(unsent(station))
    try:
        with out.open("xb") as file:
            file.write(b"".join(map(frame, batches)))
    except OSError as error:
        typer.echo(f"{out}: {error.strerror}", err=True)
        raise typer.Exit(REFUSED) from error
    facts = sum(len(batch.facts) for batch in batches)
    typer.echo(
        f"Фактов записано: {facts}, файл {out}. Принимает их: kopilka central import-facts.\n"
        f"{facts} facts are written to {out}. They are taken in by: kopilka central import-facts."
    )


@app.command()
def status(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Address of the agent, if not of its settings.")] = "",
) -> None:
    """Show how a running agent is; exit code 1 when it does not answer."""
    import httpx

    from agent.settings import read_settings

    if not url:
        config, data_dir = ctx.obj
        with _refusals():
            settings = read_settings(config, data_dir=data_dir or Path())
        url = f"http://{settings.host}:{settings.port}"
    try:
        answer = httpx.get(f"{url}/v1/status", timeout=5, trust_env=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        typer.echo(
            f"Агент по адресу {url} не отвечает ({type(error).__name__}).\n"
            f"The agent at {url} does not answer ({type(error).__name__}).",
            err=True,
        )
        raise typer.Exit(REFUSED) from error
    typer.echo(json.dumps(answer.json(), ensure_ascii=False, indent=2))


@app.command(name="till-token")
def till_token(
    ctx: typer.Context,
    till: Annotated[str, typer.Option(help="Name of the till, for the list of tokens.")],
) -> None:
    """Print a token for a till on another machine; it is shown once."""
    from agent.app import station_of
    from agent.pairing import TOKEN_BYTES, add_token
    from shared.runtime.sqlite import transaction

    with _refusals():
        station = station_of(_settings(ctx))
        token = station.chance.randbytes(TOKEN_BYTES).hex()
        with transaction(station.journal) as connection:
            add_token(connection, token, till, station.time.now())
    typer.echo(token)


def _start_anew(stalls: int) -> None:
    """Replace this process by a new one with the same number, for which nothing hangs.

    It goes on counting stalls, of which otherwise no metric would tell.
    """
    os.environ[STALLS_BEFORE] = str(stalls)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606


def _settings(ctx: typer.Context, **given: object) -> "AgentSettings":
    from agent.settings import read_settings

    config, data_dir = ctx.obj
    return read_settings(config, data_dir=data_dir, **given)


@contextmanager
def _at_rest(ctx: typer.Context) -> Iterator["Station"]:
    """Open the files of an agent that does not run, and keep it from starting meanwhile."""
    from agent.app import station_of
    from agent.folder import alone

    settings = _settings(ctx)
    with alone(settings.data_dir):
        yield station_of(settings)


@contextmanager
def _refusals() -> Iterator[None]:
    """Print an anticipated failure as one sentence in both languages and exit with 1."""
    try:
        yield
    except LoyaltyError as error:
        print(error.sentence("ru"), error.sentence("en"), sep="\n", file=sys.stderr)
        raise typer.Exit(REFUSED) from error

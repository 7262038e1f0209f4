"""The command `kopilka`: sub-commands come from the entry-point group `kopilka.commands`."""

import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperGroup

GROUP = "kopilka.commands"


class LazyCommands(TyperGroup):
    """A group that imports a sub-command only when it is named, so that the rest stay quick."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Name what is installed, sorted."""
        return sorted(_installed())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Load one sub-command."""
        found = _installed().get(cmd_name)
        return typer.main.get_command(found.load()) if found else None


def main() -> None:
    """Run the command line."""
    app = typer.Typer(
        cls=LazyCommands,
        help="Kopilka: loyalty that works with the cable out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    sys.exit(app())


def _root() -> None:
    """Kopilka: loyalty that works with the cable out."""


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}

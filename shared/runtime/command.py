"""The command `kopilka`: sub-commands come from the entry-point group `kopilka.commands`.

In a checkout there are two more, `simulate` and `torment`: they need agent and centre at once,
which no package may, and live with the tests.
"""

import sys
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from shared.runtime.zones import use_installed

GROUP = "kopilka.commands"
CHECKOUT = Path(__file__).parents[2]
OF_CHECKOUT = {"simulate": "tests.simulation.command", "torment": "tests.processes.command"}


class LazyCommands(TyperGroup):
    """A group that imports a sub-command only when it is named, so that the rest stay quick."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Name what is installed, sorted."""
        return sorted([*_installed(), *(OF_CHECKOUT if _is_checkout() else ())])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Load one sub-command."""
        if cmd_name in OF_CHECKOUT and _is_checkout():
            return typer.main.get_command(_of_checkout(OF_CHECKOUT[cmd_name]))
        found = _installed().get(cmd_name)
        return typer.main.get_command(found.load()) if found else None


def main() -> None:
    """Run the command line."""
    use_installed()
    app = typer.Typer(
        cls=LazyCommands,
        help="Kopilka: loyalty that works with the cable out.",
        no_args_is_help=True,
        rich_markup_mode=None,  # boxes would cost every call of help a third of a second
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    sys.exit(app())


def _root() -> None:
    """Kopilka: loyalty that works with the cable out."""


def _is_checkout() -> bool:
    return (CHECKOUT / "tests" / "simulation" / "command.py").is_file()


def _of_checkout(name: str) -> Any:
    """Import a command from the checkout, before a package of the same name elsewhere."""
    sys.path.insert(0, str(CHECKOUT))
    return import_module(name).app


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}

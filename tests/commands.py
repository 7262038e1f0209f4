"""What is typed at a program, in this process.

`CliRunner.invoke` builds all commands of a program for each call, which takes longer than most of
the centre's run; here a worker builds them once.
"""

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner, Result


def run_command(program: Typer, words: Sequence[str | Path], typed: str = "") -> Result:
    """Run a command as a shell would; return how it ended and what it said.

    What it does not catch itself is raised.
    """
    runner, command = CliRunner(), _built(program)
    with runner.isolation(input=typed) as (out, err, both):
        code = 0
        try:
            command.main([str(word) for word in words], runner.get_default_prog_name(command))
        except SystemExit as ended:
            code = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        said = (out.getvalue(), err.getvalue(), both.getvalue())
    return Result(runner, *said, return_value=None, exit_code=code, exception=None)


@cache
def _built(program: Typer) -> Any:
    return get_command(program)

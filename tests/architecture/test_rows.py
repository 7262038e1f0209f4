"""The table of what is proven: whole, up to date, and no test names a row that is not there."""

from collections import Counter

import pytest

from tests.rows import TABLE, named_in, rows, table

pytest_plugins = ("pytester",)

CAPABILITIES = 197
EDGES = 84
CONFTEST = """
from tests.rows import OPTION, Rows

def pytest_addoption(parser):
    parser.addoption(OPTION, action="store_true")

def pytest_configure(config):
    config.addinivalue_line("markers", "capability(id): a row")
    config.addinivalue_line("markers", "edge(id): a row")
    config.pluginmanager.register(Rows())
"""


def test_the_table_has_every_row() -> None:
    assert Counter(rows().values()) == {"capability": CAPABILITIES, "edge": EDGES}


def test_the_table_names_the_tests_of_today() -> None:
    """`make capabilities` writes it."""
    assert TABLE.read_text(encoding="utf-8") == table(named_in())


def test_a_row_counts_if_all_its_tests_pass(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.edge('E01')
        @pytest.mark.capability('WINE-01')
        def test_it(): pass

        @pytest.mark.capability('WINE-01')
        @pytest.mark.capability('WINE-02')
        @pytest.mark.parametrize("number", [0, 1])
        def test_two(number): assert number

        # a skipped test proves nothing: the count below leaves its row out
        @pytest.mark.edge('E02')
        def test_elsewhere(): pytest.skip("not on this machine")
        """
    )

    ran = pytester.runpytest()

    assert ran.outlines[-1] == "proven: 0 of 197 capabilities, 1 of 84 edge cases"


def test_a_mark_on_an_unknown_row_fails_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.edge('E85')
        def test_it(): pass
        """
    )

    ran = pytester.runpytest()

    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["*test_it: no row 'E85' of mark 'edge'*"])

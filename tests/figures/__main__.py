"""`python -m tests.figures`."""

from tests.figures.command import app

if __name__ == "__main__":
    app()

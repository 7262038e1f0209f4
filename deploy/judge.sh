#!/bin/sh
# Install emupos, which judges our printers' bytes, into a folder of its own: it needs Python 3.13.
# Without such a Python the folder stays away: the tests that need it say so, and fail in CI.
set -eu

uv="$1"
folder="$2"
for python in python3.14 python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; then
        "$uv" venv --quiet --clear --python "$(command -v "$python")" "$folder"
        "$uv" pip install --quiet --python "$folder/bin/python" emupos==0.4.0
        exit 0
    fi
done
echo "no Python 3.13 or newer: slips are not judged by emupos" >&2

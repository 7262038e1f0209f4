"""Serve an app over HTTP until the process is told to stop, and say where it listens."""

import json
import os
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

BACKLOG = 2048
GRACE_S = 1
KEEP_ALIVE_S = 30


def serve(app: FastAPI, host: str, port: int, ready_file: Path | None = None) -> None:
    """Listen and serve; port 0 takes a free one. Event streams do not hold the end up.

    Once it listens, one line goes to standard output, and `{url, pid}` into the ready file.
    """
    with socket.create_server((host, port), backlog=BACKLOG) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            server_header=False,
        )
        print(f"listening on {url}", flush=True)
        if ready_file is not None:
            draft = ready_file.with_suffix(".new")
            draft.write_text(json.dumps({"url": url, "pid": os.getpid()}))
            draft.replace(ready_file)
        uvicorn.Server(config).run(sockets=[listener])

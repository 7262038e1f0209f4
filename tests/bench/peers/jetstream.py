"""NATS JetStream with `sync always`, one job a process; HOW is `one` or `batches`.

    HOW serve FOLDER            a server that answers for what is on disk, prints its port
    HOW push URL FOLDER DOCS    publishes the documents of a file, each with its id

By `one` each message is answered for, thousands under way at once; by `batches` a thousand are
stored together or not at all. An id that was published before is not stored again.
Times in seconds.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from time import perf_counter

import nats
from nats.aio.client import Client

HOST = "127.0.0.1"
STREAM = "bench"
WAITING_MAX = 4000
"""Messages published one by one and not answered yet: the default of the client."""
BATCH_MAX = 1000
"""Messages stored together: as many as the server takes."""
KNOWN_FOR_S = 600
ANSWER_S = 60.0
CONFIG = """host: {host}
port: {port}
jetstream {{ store_dir: {store}, sync_interval: always }}
"""

Documents = list[tuple[str, bytes]]


def serve(folder: Path) -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    config = folder / "nats.conf"
    config.write_text(CONFIG.format(host=HOST, port=port, store=json.dumps(str(folder / "store"))))
    print(port, flush=True)
    server = Path(sys.executable).with_name("nats-server")
    os.execv(server, [str(server), "--config", str(config), "--log", str(folder / "log.txt")])  # noqa: S606


async def push(how: str, url: str, file: Path) -> None:
    lines = file.read_bytes().splitlines()
    documents = [(json.loads(line)["_id"], line) for line in lines]
    client = await nats.connect(url.replace("http:", "nats:"))
    await _make_stream(client)
    before = await _stored(client)
    start = perf_counter()
    await {"one": _one_by_one, "batches": _in_batches}[how](client, documents)
    seconds = perf_counter() - start
    print(json.dumps({"written": await _stored(client) - before, "seconds": seconds}))
    await client.close()


async def _one_by_one(client: Client, documents: Documents) -> None:
    stream = client.jetstream(publish_async_max_pending=WAITING_MAX)
    answers = [
        await stream.publish_async(STREAM, line, headers={"Nats-Msg-Id": known})
        for known, line in documents
    ]
    await asyncio.gather(*answers)


async def _in_batches(client: Client, documents: Documents) -> None:
    for first in range(0, len(documents), BATCH_MAX):
        part = documents[first : first + BATCH_MAX]
        heads = [
            {"Nats-Msg-Id": known, "Nats-Batch-Id": part[0][0], "Nats-Batch-Sequence": str(no)}
            for no, (known, _) in enumerate(part, 1)
        ]
        for head, (_, line) in zip(heads[:-1], part, strict=False):
            await client.publish(STREAM, line, headers=head)
        last, (_, line) = heads[-1] | {"Nats-Batch-Commit": "1"}, part[-1]
        answer = json.loads((await client.request(STREAM, line, ANSWER_S, headers=last)).data)
        assert answer.get("count") == len(part), answer


async def _make_stream(client: Client) -> None:
    """Make the stream, or find it: by the server's own words, as the client knows no batches."""
    wanted = {
        "name": STREAM,
        "subjects": [STREAM],
        "storage": "file",
        "retention": "limits",
        "num_replicas": 1,
        "duplicate_window": KNOWN_FOR_S * 10**9,
        "allow_atomic": True,
    }
    body = json.dumps(wanted).encode()
    answer = json.loads((await client.request(f"$JS.API.STREAM.CREATE.{STREAM}", body)).data)
    assert "error" not in answer, answer


async def _stored(client: Client) -> int:
    return int((await client.jetstream().stream_info(STREAM)).state.messages)


if __name__ == "__main__":
    how, job, *rest = sys.argv[1:]
    if job == "serve":
        serve(Path(rest[0]))
    else:
        asyncio.run(push(how, rest[0], Path(rest[2])))

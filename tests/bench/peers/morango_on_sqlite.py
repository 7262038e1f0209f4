"""morango on SQLite behind cheroot, one job a process.

    serve FOLDER            a server without receipts, prints its port
    push URL FOLDER DOCS    saves the documents of a file here, then sends them there

The pragmas and the server are those of Kolibri, whose engine morango is; chunks are of the size
that morango chooses. Times in seconds.
"""

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import django
import requests
from cheroot.wsgi import Server
from django.conf import settings
from django.db.backends.signals import connection_created

HOST = "127.0.0.1"
SCOPE = "store"
PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
BODY_BYTES_MAX = 1 << 26
APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "mptt",
    "morango",
    "receipts",
)


def opened(folder: str) -> None:
    """Set Django up over a new database of the folder."""
    settings.configure(
        ALLOWED_HOSTS=[HOST],
        ALLOW_CERTIFICATE_PUSHING=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(folder) / "morango.sqlite3"),
            }
        },
        DATA_UPLOAD_MAX_MEMORY_SIZE=BODY_BYTES_MAX,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=APPS,
        ROOT_URLCONF="receipts.urls",
        SECRET_KEY="bench",  # noqa: S106
        USE_TZ=True,
    )
    connection_created.connect(_with_pragmas)
    django.setup()
    from django.core.management import call_command
    from morango.models import ScopeDefinition

    call_command("migrate", run_syncdb=True, verbosity=0)
    ScopeDefinition.objects.create(
        id=SCOPE,
        profile="bench",
        version=1,
        primary_scope_param_key="dataset",
        description="",
        read_filter_template="",
        write_filter_template="",
        read_write_filter_template="${dataset}",
    )


def serve(folder: str) -> None:
    opened(folder)
    from django.core.wsgi import get_wsgi_application
    from morango.models import SharedKey

    SharedKey.get_or_create_shared_key()
    server = Server((HOST, 0), get_wsgi_application())
    server.prepare()
    print(server.bind_addr[1], flush=True)
    server.serve()


def push(url: str, folder: str, file: str) -> None:
    opened(folder)
    from morango.models import Certificate, Filter
    from morango.sync.controller import MorangoProfileController

    ours = Certificate.generate_root_certificate(SCOPE)
    line = MorangoProfileController("bench").create_network_connection(url)
    theirs = line.push_signed_client_certificate_chain(ours, SCOPE, json.loads(ours.scope_params))
    _save(ours.id, Path(file))
    client = line.create_sync_session(ours, theirs).get_push_client()
    before = requests.get(f"{url}/count", timeout=10).json()["count"]
    start = perf_counter()
    client.initialize(Filter(ours.id))
    client.run()
    client.finalize()
    seconds = perf_counter() - start
    written = requests.get(f"{url}/count", timeout=10).json()["count"] - before
    print(json.dumps({"written": written, "seconds": seconds}))


def _save(dataset: str, file: Path) -> None:
    from django.db import transaction
    from receipts.models import Receipt

    with transaction.atomic():
        for line in file.read_text().splitlines():
            Receipt(dataset=dataset, uid=json.loads(line)["_id"], body=line).save()


def _with_pragmas(connection: Any, **_: object) -> None:
    with connection.cursor() as cursor:
        for pragma in PRAGMAS.split(";")[:-1]:
            cursor.execute(pragma)


if __name__ == "__main__":
    job, *rest = sys.argv[1:]
    {"serve": serve, "push": push}[job](*rest)

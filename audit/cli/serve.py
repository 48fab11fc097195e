"""backup-audit serve."""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path

import click
import waitress

from audit.cli._content import content_option
from audit.content import Content
from audit.errors import UsageError
from audit.schedule import Jobs
from audit.steps import accounts
from audit.steps._open import open_store
from audit.web.app import create_app

FOLDER = click.Path(path_type=Path, file_okay=False)
THREADS = 8


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option(
    "--https",
    is_flag=True,
    help="A proxy on this machine speaks HTTPS: cookies are sent over HTTPS only, its headers are believed.",
)
@click.option(
    "--nightly",
    default="02:30",
    show_default=True,
    metavar="HH:MM",
    help="When to assess and verify each night (programme's zone).",
)
@click.option("--drop-folder", type=FOLDER, help="A folder to watch: evidence put there is taken in.")
@content_option
@click.pass_obj
def command(data: Path, host: str, port: int, https: bool, nightly: str, drop_folder: Path | None, own: Path | None) -> None:
    """Serve the site: pages, uploads and the nightly jobs, in one process.

    It listens on this machine only, unless told otherwise; then a proxy with HTTPS has to stand before it.

    \b
    Examples:
      backup-audit serve
      backup-audit serve --port 9000 --nightly 01:00 --drop-folder /srv/drop
    """
    if not https and not _is_loopback(host):
        raise UsageError(
            f"passwords would cross the network in the clear: serve on 127.0.0.1 behind a proxy with HTTPS, and say --https (not --host {host})"
        )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    store = open_store(data)
    content = Content(own)
    jobs = Jobs(store, _time(nightly), drop_folder, content)
    app = create_app(store, content, secure=https, jobs=jobs)
    jobs.start()
    app.extensions["backup-audit"].warm()
    click.echo(f"Serving {store.folder.organisation} on http://{host}:{port}/ (end with Ctrl-C)")
    if not accounts.every(store):
        click.echo("There are no accounts yet: backup-audit user add NAME --role operator")
    proxy = {"trusted_proxy": "127.0.0.1", "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}} if https else {}
    try:
        waitress.serve(app, host=host, port=port, threads=THREADS, ident=None, **proxy)
    finally:
        jobs.stop()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _time(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return int(hour), int(minute)
    raise UsageError(f"--nightly {text!r} is not a time of day; write it as 02:30")

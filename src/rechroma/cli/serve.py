"""`rechroma serve`: the page and the HTTP service."""

from __future__ import annotations

import importlib.util
import webbrowser
from typing import TYPE_CHECKING

import click

from rechroma.cli import options
from rechroma.cli.console import Console
from rechroma.errors import MissingExtraError
from rechroma.limits import available_cores

if TYPE_CHECKING:
    from rechroma.web.settings import Limits

__all__ = ["serve"]

_MEGA = 1 << 20
_MOST_WORKERS = 4


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Where to listen; beyond this machine only with --token.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="The port; 0 takes any that is free.")  # fmt: skip
@click.option("--token", envvar="RECHROMA_TOKEN", metavar="SECRET",
              help="What clients have to send, as Authorization: Bearer; 16 letters or more. Also "
              "from the environment variable RECHROMA_TOKEN, which other users of the machine "
              "can't see.")  # fmt: skip
@click.option("--allowed-host", "allowed_hosts", multiple=True, metavar="NAME",
              help="Another name of this service, as clients know it behind a proxy. May be "
              "repeated.")  # fmt: skip
@click.option("--root-path", default="", metavar="PATH",
              help="The prefix that it has there, such as /photos.")  # fmt: skip
@click.option("--proxy", "proxies", multiple=True, metavar="ADDRESS",
              help="A proxy, or a network of them, whose X-Forwarded-For, -Proto and -Host are "
              "heeded. May be repeated.")  # fmt: skip
@click.option("--access-log", type=click.Choice(["text", "json", "off"]), default="off",
              show_default=True, help="A line on stderr for each answer.")  # fmt: skip
@click.option("--browser/--no-browser", default=True, show_default=True,
              help="Open the page.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), metavar="N",
              help="Pictures worked on at once.  [default: one per core, at most 4]")  # fmt: skip
@click.option("--max-upload", type=click.IntRange(min=1), default=256, show_default=True,
              metavar="MB", help="Refuse larger requests.")  # fmt: skip
@options.max_pixels
@click.option("--max-queue", type=click.IntRange(min=0), default=64, show_default=True,
              metavar="N", help="Requests that may wait; more get 429.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(min=0.1), default=120.0, show_default=True,
              metavar="SECONDS", help="Time for one picture, and for its wait.")  # fmt: skip
@click.option("--keep", type=click.FloatRange(min=0.1), default=30.0, show_default=True,
              metavar="MINUTES", help="How long the page's pictures stay open unused.")  # fmt: skip
@click.option("--memory", type=click.IntRange(min=1), default=2048, show_default=True,
              metavar="MB", help="Room for the pictures and films that are open.")  # fmt: skip
@click.option("--films", metavar="FOLDER", type=click.Path(file_okay=False),
              help="Where films, and what is done of them, outlast the service; by default they "
              "end with it.")  # fmt: skip
@click.option("--keep-films", type=click.FloatRange(min=0.01), default=6.0, show_default=True,
              metavar="HOURS", help="How long films stay open unused.")  # fmt: skip
@click.option("--max-film", type=click.IntRange(min=1), default=1024, show_default=True,
              metavar="MB", help="Refuse larger films.")  # fmt: skip
@click.option("--max-film-minutes", type=click.FloatRange(min=0.01), default=30.0,
              show_default=True, metavar="MINUTES", help="Refuse longer films.")  # fmt: skip
@click.option("--max-film-pixels", type=click.IntRange(min=1), default=9_000_000,
              show_default=True, metavar="N", help="Refuse films of larger frames.")  # fmt: skip
@options.model
@options.size
@options.device
@options.quiet
@options.verbose
@click.make_pass_decorator(Console, ensure=True)
def serve(
    console: Console,
    *,
    host: str,
    port: int,
    token: str | None,
    allowed_hosts: tuple[str, ...],
    root_path: str,
    proxies: tuple[str, ...],
    access_log: str,
    browser: bool,
    workers: int | None,
    max_upload: int,
    max_pixels: int | None,
    max_queue: int,
    timeout: float,
    keep: float,
    memory: int,
    films: str | None,
    keep_films: float,
    max_film: int,
    max_film_minutes: float,
    max_film_pixels: int,
    model: str,
    size: int | None,
    device: str,
) -> None:
    """Open a page on this machine where photographs get their color back, and an HTTP service.

    \b
    Examples:
      rechroma serve
      rechroma serve --port 9000 --no-browser
      RECHROMA_TOKEN=… rechroma serve --host 0.0.0.0
      curl -F picture=@old.jpg http://127.0.0.1:8000/v1/colorize -o new.jpg

    Pictures stay on the machine that runs this, and are forgotten when it stops.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)
    _require_web()
    from rechroma.web.server import serve as run
    from rechroma.web.settings import Limits, Settings, is_loopback

    usual = Limits()
    limits = Limits(
        upload_bytes=max_upload * _MEGA,
        pixels=_pixels(max_pixels, usual),
        queue=max_queue,
        seconds=timeout,
        session_seconds=keep * 60,
        stored_bytes=memory * _MEGA,
        film_bytes=max_film * _MEGA,
        film_seconds=max_film_minutes * 60,
        film_pixels=max_film_pixels,
        film_kept_seconds=keep_films * 3600,
    )
    cores = available_cores()
    settings = Settings(
        host, port, token, model, device, size,
        workers=workers or min(cores, _MOST_WORKERS), threads=cores, limits=limits,
        allowed_hosts=allowed_hosts, root_path=root_path.rstrip("/"), proxies=proxies,
        access_log=access_log, films=films,
    )  # fmt: skip

    def tell(address: str) -> None:
        console.note(f"the page is at {address}  (Ctrl-C stops it)")
        if browser and is_loopback(host):
            # The part after # stays in the browser.
            webbrowser.open(f"{address}#token={token}" if token else address)

    run(settings, tell=tell)


def _pixels(given: int | None, usual: Limits) -> int | None:
    """Return the limit: 0 lifts it."""
    return usual.pixels if given is None else given or None


def _require_web() -> None:
    """Say what to install where the server's packages are missing.

    Raises:
        MissingExtraError: `rechroma[web]` is not installed.
    """
    needed = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
    if any(importlib.util.find_spec(name) is None for name in needed):
        raise MissingExtraError("this command needs a web server", "pip install 'rechroma[web]'")

"""Tokens that are guessed, and a service behind a proxy: on the application, without a server."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import Request

from rechroma.errors import UsageError
from rechroma.web import access
from rechroma.web.app import make_app
from rechroma.web.settings import Settings

TOKEN = "0123456789abcdef"  # noqa: S105
NAME = "photos.example.com"
PROXY = "10.0.0.1"


def client_of(app, host="127.0.0.1", base="http://localhost"):
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(host, 1234)), base_url=base)


def get(app, path="/healthz", *, peer="127.0.0.1", **headers):
    """Ask for something, by way of a peer."""

    async def ask():
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with client_of(app, peer) as client:
            return await client.get(path, headers=named)

    return asyncio.run(ask())


@asynccontextmanager
async def guessing(app, monkeypatch, count):
    """Wrong tokens of one address whose answers are not given yet."""
    over = asyncio.Event()
    monkeypatch.setattr(access.asyncio, "sleep", lambda _: over.wait())
    wrong = {"Authorization": "Bearer wrong"}
    async with client_of(app) as client:
        asked = [asyncio.create_task(client.get("/nothing", headers=wrong)) for _ in range(count)]
        while access_of(app)._wrong["127.0.0.1"] < count:
            await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        assert not any(each.done() for each in asked)
        yield
        over.set()
        assert {(await each).status_code for each in asked} == {401}
        assert not access_of(app)._wrong


def access_of(app):
    layer = app.middleware_stack
    while not isinstance(layer, access.AccessControl):
        layer = getattr(layer, "_app", None) or layer.app
    return layer


def test_who_guesses_tokens_has_to_wait(monkeypatch):
    """Beyond some at once, none of that address is looked at; others are served."""
    app = make_app(Settings(token=TOKEN))
    right = {"Authorization": f"Bearer {TOKEN}"}

    async def check():
        async with client_of(app) as client, client_of(app, "127.0.0.2") as other:
            assert (await client.get("/nothing", headers=right)).status_code == 404
            async with guessing(app, monkeypatch, access._MOST_WRONG):
                for _ in range(2):
                    answer = await client.get("/nothing", headers=right)
                    assert answer.status_code == 429
                    assert int(answer.headers["retry-after"]) > 0
                    assert answer.json()["mend"]
                assert (await client.get("/nothing")).status_code == 401
                assert (await other.get("/nothing", headers=right)).status_code == 404
            assert (await client.get("/nothing", headers=right)).status_code == 404

    asyncio.run(check())


def test_addresses_of_one_network_count_together():
    def of(host):
        return access._address({"client": (host, 1)})

    assert of("2001:db8::1") == of("2001:db8::ffff:1") != of("2001:db8:0:1::1")
    assert of("10.0.0.1") != of("10.0.0.2")
    assert access._address({"client": None}) == ""


def test_names_that_are_allowed():
    own = make_app(Settings())
    assert get(own, host=NAME).status_code == 421
    assert "--allowed-host" in get(own, host=NAME).json()["mend"]
    app = make_app(Settings(allowed_hosts=(NAME,)))
    assert get(app, host=NAME).status_code == 200
    assert get(app, host=f"evil.{NAME}").status_code == 421
    # nginx passes its own name for the service on, and the browser's page's.
    assert get(app, host="127.0.0.1:8000", origin=f"https://{NAME}").status_code == 200
    other = get(app, host="127.0.0.1:8000", origin="https://example.com")
    assert other.status_code == 403
    assert "--allowed-host" in other.json()["mend"]


def test_headers_of_proxies_that_are_named():
    app = make_app(Settings(allowed_hosts=(NAME,), proxies=(PROXY,)))
    said = {"x_forwarded_host": NAME, "x_forwarded_proto": "https"}
    assert get(app, peer=PROXY, host="backend", **said).status_code == 200
    assert get(app, peer=PROXY, host="backend", origin=f"https://{NAME}", **said).is_success
    # Anybody else can say what he likes.
    assert get(app, peer="10.0.0.2", host="backend", **said).status_code == 421
    assert get(make_app(Settings()), host="backend", x_forwarded_host="localhost").is_error


def seen_client(settings, peer):
    app = make_app(settings)

    @app.get("/who")
    async def _(request: Request):
        return {"client": request.client.host, "scheme": request.url.scheme}

    said = {"x_forwarded_for": "1.2.3.4, 192.168.1.9", "x_forwarded_proto": "https"}
    return get(app, "/who", peer=peer, **said).json()


def test_whom_a_request_comes_from():
    """The last address that no named proxy stands for."""
    named = Settings(proxies=(PROXY, "192.168.0.0/16"))
    assert seen_client(named, PROXY) == {"client": "1.2.3.4", "scheme": "https"}
    assert seen_client(named, "10.0.0.2") == {"client": "10.0.0.2", "scheme": "http"}
    assert seen_client(Settings(), "127.0.0.1") == {"client": "127.0.0.1", "scheme": "http"}


@pytest.mark.parametrize("path", ["/healthz", "/static/icon.svg", "/static/js/main.js", "/"])
def test_a_prefix(path):
    """Whether the proxy takes it off or not."""
    app = make_app(Settings(root_path="/photos", token=TOKEN))
    for asked in (path, f"/photos{path}"):
        answer = get(app, asked)
        assert answer.status_code == 200
        kept = "no-cache" if "static" in path else "no-store"
        assert answer.headers["cache-control"] == kept
    assert get(app, "/photos/v1/models").status_code == 401
    assert get(app, "/v1/models").status_code == 401


def test_the_document_knows_the_prefix():
    right = {"Authorization": f"Bearer {TOKEN}"}
    app = make_app(Settings(root_path="/photos", token=TOKEN))
    assert get(app, "/photos/openapi.json", **right).json()["servers"] == [{"url": "/photos/"}]
    assert get(make_app(Settings()), "/openapi.json").json()["servers"] == [{"url": "/"}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_hosts", ("https://photos.example.com",)), ("allowed_hosts", ("*",)),
        ("root_path", "photos"), ("root_path", "/photos/"), ("root_path", "/a b"),
        ("proxies", ("nginx",)), ("proxies", ("10.0.0.1/8",)), ("proxies", ("*",)),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(name, value):
    with pytest.raises(UsageError) as error:
        Settings(**{name: value})
    assert error.value.mend

"""A real nginx in front, with TLS and the very lines that `docs/service.md` shows."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import textwrap
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from PIL import Image

NGINX, OPENSSL = shutil.which("nginx") or "/usr/sbin/nginx", shutil.which("openssl")
pytestmark = [
    pytest.mark.posix,
    pytest.mark.skipif(not (Path(NGINX).exists() and OPENSSL), reason="needs nginx and openssl"),
]
DOCUMENT = Path(__file__).parents[2] / "docs" / "service.md"
NAME = "photos.example.com"
CONFIG = """
{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name photos.example.com;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        {location}
    }}
}}
"""


def documented():
    """Return the block that the page shows."""
    block = r"\n    location /color/ \{\n.*?\n    \}\n"
    found = re.search(block, DOCUMENT.read_text("utf-8"), re.DOTALL)
    return textwrap.dedent(found.group())


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A folder with a certificate that nobody has signed."""
    folder = tmp_path_factory.mktemp("nginx")
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run([OPENSSL, *asked, *files], check=True, capture_output=True)
    return folder


@contextmanager
def before(folder, location, wait_for):
    """Run nginx with a location; yield a client that calls it by its name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "nginx.conf"
    # Started by root, its workers would be somebody else, who may not write here.
    user = "" if os.getuid() else "user root;"
    config.write_text(CONFIG.format(folder=folder, port=port, location=location, user=user))
    process = subprocess.Popen([NGINX, "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
    headers = {"Host": NAME}
    try:
        with httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            verify=False,  # noqa: S501 (nobody has signed it)
            headers=headers,
            timeout=120,
        ) as client:

            def answers():
                try:
                    return client.get("/nothing").status_code > 0
                except httpx.TransportError:
                    assert process.poll() is None, (folder / "error.log").read_text()
                    return False

            wait_for(answers)
            yield client
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.parametrize("prefix", ["taken off", "left on", "none"])
def test_a_picture_through_a_proxy(certified, serve, wait_for, unconditioned, make_picture, prefix):
    root = "" if prefix == "none" else "/color"
    options = ["--allowed-host", NAME, "--proxy", "127.0.0.1", "--access-log", "json"]
    with serve(unconditioned, *options, *(["--root-path", root] if root else [])) as service:
        location = documented().replace("http://127.0.0.1:8000/", f"{service.base}/")
        if prefix == "left on":
            location = location.replace(f"{service.base}/", service.base)
        elif prefix == "none":
            location = location.replace("/color/", "/")
        with before(certified, location, wait_for) as client:
            page = client.get(f"{root}/")
            assert page.status_code == 200
            # Whatever the page names is found under the prefix, too.
            for name in re.findall(r'(?:src|href)="([^"#:]+)"', page.text):
                assert client.get(f"{root}/{name}").status_code == 200, name
            own = {"Origin": f"https://{NAME}"}
            data = make_picture("JPEG", (1200, 900))
            sent = {"files": {"picture": ("a.jpg", data)}, "headers": own}
            made = client.post(f"{root}/v1/colorize", **sent)
            assert made.status_code == 200, made.text
            assert Image.open(io.BytesIO(made.content)).size == (1200, 900)
            opened = client.post(f"{root}/v1/sessions", **sent)
            assert opened.status_code == 201
            where = f"{root}/v1/sessions/{opened.json()['id']}"
            assert client.get(where).status_code == 200
            foreign = {"Origin": "https://evil.example.com"}
            assert client.delete(where, headers=foreign).status_code == 403
            assert client.delete(where, headers=own).status_code == 204
            assert client.get(f"{root}/openapi.json").json()["servers"] == [{"url": f"{root}/"}]


@pytest.mark.parametrize("heeded", [True, False])
def test_whom_the_proxy_speaks_for(certified, serve, wait_for, unconditioned, heeded):
    options = ["--allowed-host", NAME, "--root-path", "/color", "--access-log", "json"]
    with serve(unconditioned, *options, *(["--proxy", "127.0.0.1"] if heeded else [])) as service:
        location = documented().replace("http://127.0.0.1:8000/", f"{service.base}/")
        with before(certified, location, wait_for) as client:
            client.get("/color/v1/models", headers={"X-Forwarded-For": "203.0.113.9"})
        wait_for(lambda: "/v1/models" in service.log.read_text())
        line = next(each for each in service.log.read_text().splitlines() if "/v1/models" in each)
        client = "203.0.113.9" if heeded else "127.0.0.1"
        assert json.loads(line[line.index("{") :])["client"] == client

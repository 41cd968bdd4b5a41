"""Connections that ask for nothing, or never to the end, on a server in this process."""

import asyncio
from contextlib import asynccontextmanager, suppress

import uvicorn

from rechroma.web.connections import protocol_of
from rechroma.web.server import _bound
from rechroma.web.settings import Limits, Settings

HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HALF + b"\r\n"


async def app(scope, receive, send):
    """Answers at once, but for /late: after a byte of a body."""
    if scope["path"] == "/late":
        await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def running(**limits):
    """Yields a function that connects to the server."""
    protocol = protocol_of(Limits(**limits))
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    with _bound(Settings(port=0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port, opened = listener.getsockname()[1], []

        async def connect():
            opened.append(await asyncio.open_connection("127.0.0.1", port))
            return opened[-1]

        yield connect
        for _, writer in opened:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        server.should_exit = True
        await serving


async def is_closed(reader):
    """Wait for the end; a connection that is kept open makes the test hang, and fail."""
    try:
        async with asyncio.timeout(60):
            return await reader.read() == b""
    except ConnectionResetError:
        return True


async def asked(reader, writer, request=WHOLE):
    writer.write(request)
    return await reader.readuntil(b"\r\n\r\n")


def test_headers_that_never_end():
    async def check():
        async with running(header_seconds=0.3) as connect:
            silent, half, drop = [await connect() for _ in range(3)]
            half[1].write(HALF)
            # What comes drop by drop is not given more time for each.
            trickle = asyncio.create_task(trickled(drop[1]))
            for reader, _ in (silent, half, drop):
                assert await is_closed(reader)
            trickle.cancel()
            second = await connect()
            assert b"204" in await asked(*second)
            second[1].write(HALF)
            assert await is_closed(second[0])

    async def trickled(writer):
        writer.write(HALF + b"X-A: ")
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.02)

    asyncio.run(check())


def test_whoever_asks_is_served_among_many_that_do_not():
    async def check():
        async with running(connections=20) as connect:
            half = [await connect() for _ in range(60)]
            for _, writer in half:
                writer.write(HALF)
            assert b"204" in await asked(*await connect())
            assert await is_closed(half[0][0])

    asyncio.run(check())


def test_requests_under_way_are_not_ended_for_others():
    late = (
        b"POST /late HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        b"Expect: 100-continue\r\n\r\n"
    )

    async def check():
        async with running(connections=3, header_seconds=0.3) as connect:
            busy = [await connect() for _ in range(3)]
            for each in busy:
                assert b"100" in await asked(*each, late)
            reader, _ = await connect()
            answer = await reader.read()
            assert b"503" in answer
            assert b"Retry-After" in answer
            for reader, writer in busy:
                assert b"204" in await asked(reader, writer, b"x")

    asyncio.run(check())

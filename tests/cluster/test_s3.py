"""Buckets of a real S3 server on this machine (moto's), with its bad days."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import boto3
import fsspec
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer
from s3fs.errors import translate_boto_error

from rechroma.cluster import stores
from rechroma.cluster.runs import start_run
from rechroma.cluster.stores import open_store
from rechroma.errors import ClusterError


@pytest.fixture(scope="module")
def server():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def s3(server, monkeypatch, archive):  # noqa: ARG001 (the folder that it is in)
    """A client; the bucket `archive` has the pictures of `in/` below `scans/`."""
    for name, value in {
        "AWS_ENDPOINT_URL": server, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    fsspec.filesystem("s3").clear_instance_cache()
    stores._remote_store.cache_clear()
    client = boto3.client("s3")
    client.create_bucket(Bucket="archive")
    for path in Path("in").rglob("*.*"):
        client.upload_file(str(path), "archive", f"scans/{path.relative_to('in').as_posix()}")
    client.put_object(Bucket="archive", Key="scans/sub/", Body=b"")
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="archive"):
        for each in page.get("Contents", ()):
            client.delete_object(Bucket="archive", Key=each["Key"])
    client.delete_bucket(Bucket="archive")
    client.close()


def objects(client, prefix):
    found = client.list_objects_v2(Bucket="archive", Prefix=prefix).get("Contents", ())
    return {
        each["Key"].removeprefix(prefix): client.get_object(Bucket="archive", Key=each["Key"])[
            "Body"
        ].read()
        for each in found
        if "_rechroma" not in each["Key"]
    }


def test_from_bucket_to_bucket(s3, colorize, results, bulk):
    assert colorize("in", "out")[0] == 0
    code, _, err = colorize("s3://archive/scans", "s3://archive/color")
    assert (code, err) == (0, "7 colorized in s3://archive/color\n")
    assert objects(s3, "color/") == results("out")
    assert "7 skipped" in colorize("s3://archive/scans", "s3://archive/color")[2]
    s3.delete_object(Bucket="archive", Key="color/1.png")
    s3.upload_file("in/5.png", "archive", "scans/2.png")
    s3.upload_file("in/3.png", "archive", "scans/3.png")  # later, with the same bytes
    code, out, _ = colorize("s3://archive/scans/", "s3://archive/color/", "--json")
    names = {json.loads(line).get("output") for line in out.splitlines()[:-1]}
    assert names == {"s3://archive/color/1.png", "s3://archive/color/2.png"}
    code, out, _ = bulk("report", "s3://archive/color", "--json")
    summary = json.loads(out)
    assert (summary["items"], summary["statuses"]) == (7, {"done": 7})


@pytest.mark.usefixtures("s3")
def test_a_listing_is_read_page_by_page(monkeypatch):
    filesystem = open_store("s3://archive/scans")._fs
    call, pages = filesystem.call_s3, []

    def two_a_page(method, **arguments):
        pages.append(arguments.get("ContinuationToken"))
        return call(method, MaxKeys=2, **arguments)

    monkeypatch.setattr(filesystem, "call_s3", two_a_page, raising=False)
    names = open_store("s3://archive/scans").entries()
    assert next(names).name == "0.png"
    assert len(pages) == 1, "the rest is not asked for before it is wanted"
    assert len(list(names)) == 6
    assert len(pages) == 4


@pytest.mark.usefixtures("s3")
def test_one_run_at_a_time():
    store = open_store("s3://archive/color")
    run = start_run(store, {})
    with pytest.raises(FileExistsError):
        store.create("_rechroma/runs/00001.json", b"")
    run.end({})
    second = start_run(store, {})
    assert second.number == 2
    second.end({})


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        ("AccessDenied", "Access Denied", "no right to read"),
        ("InvalidAccessKeyId", "The key does not exist in our records.", "keys are not valid"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time "
         "is too large.", "clock is off"),
        ("AuthorizationHeaderMalformed", "the region 'us-east-1' is wrong", "another region"),
    ],
)  # fmt: skip
def test_a_bucket_that_says_no(colorize, monkeypatch, code, text, said):
    """As botocore tells what S3 answers."""
    filesystem = open_store("s3://archive/scans")._fs
    answer = ClientError({"Error": {"Code": code, "Message": text}}, "ListObjectsV2")

    def call(*_, **__):
        raise translate_boto_error(answer)

    monkeypatch.setattr(filesystem, "call_s3", call, raising=False)
    found, _, err = colorize("s3://archive/scans", "out")
    assert found == 3
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("s3")
def test_no_keys(colorize, monkeypatch, archive):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(archive / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fsspec.filesystem("s3").clear_instance_cache()
    stores._remote_store.cache_clear()
    code, _, err = colorize("s3://archive/scans", "out")
    assert (code, len(err.splitlines())) == (3, 1)
    assert "there are no keys for it: set AWS_ACCESS_KEY_ID" in err


@pytest.mark.usefixtures("s3")
def test_a_destination_in_the_source(colorize):
    for place in ("s3://archive/scans", "s3a://archive/scans/color", "s3://archive"):
        code, _, err = colorize("s3://archive/scans", place)
        assert (code, len(err.splitlines())) == (2, 1)
        assert "lie in each other" in err


@pytest.mark.usefixtures("s3")
def test_no_such_bucket(colorize):
    code, _, err = colorize("s3://nowhere/scans", "out")
    assert (code, len(err.splitlines())) == (3, 1)
    assert "there is no such" in err
    code, _, err = colorize("in", "s3://nowhere/color")
    assert (code, len(err.splitlines())) == (1, 1)
    assert "there is no such" in err


@pytest.mark.usefixtures("threads")
def test_a_mood_a_look_and_a_manifest_in_a_bucket(s3, bulk, archive):
    from PIL import Image

    mood = Image.new("HSV", (64, 64))
    mood.putdata([((x * 4) % 256, 150, 60 + y * 3) for y in range(64) for x in range(64)])
    mood.convert("RGB").save("mood.png")
    mood.convert("RGB").point(lambda value: value // 2).save("other.png")
    for name in ("mood.png", "other.png"):
        s3.upload_file(name, "archive", f"moods/{name}")
        s3.upload_file(name, "archive", f"color/{name}")
    code, _, err = bulk("transfer", "s3://archive/color", "s3://archive/warm",
                        "--src", "s3://archive/moods/mood.png", "--method", "reinhard")  # fmt: skip
    assert (code, err) == (0, "2 changed in s3://archive/warm\n")
    rows = [f"color/other.png,moods/{mood},{new}.png" for mood, new in
            [("mood.png", "a"), ("other.png", "b"), ("none.png", "c")]]  # fmt: skip
    s3.put_object(
        Bucket="archive", Key="list.csv", Body="\n".join(["uri,src,output", *rows]).encode()
    )
    code, _, err = bulk("transfer", "s3://archive/list.csv", "moods", "--method", "reinhard")
    assert code == 1
    assert "moods/none.png: there is no such file" in err
    assert Path("moods/a.png").read_bytes() == objects(s3, "warm/")["other.png"]
    assert Path("moods/b.png").read_bytes() != Path("moods/a.png").read_bytes()
    Path("warm.cube").write_text("LUT_3D_SIZE 2\n" + "".join(
        f"{r} {g * 0.9} {b * 0.5}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1)))  # fmt: skip
    s3.upload_file("warm.cube", "archive", "warm.cube")
    code, _, err = bulk("apply", "s3://archive/warm.cube", "s3://archive/color", "looks")
    assert (code, err) == (0, f"2 changed in {archive}/looks\n")


@pytest.mark.usefixtures("s3")
def test_another_run_is_told(colorize, monkeypatch):
    monkeypatch.setattr("rechroma.cluster.runs._BEAT", 0.1)
    run = start_run(open_store("s3://archive/color"), {})
    code, _, err = colorize("s3://archive/scans", "s3://archive/color")
    assert code == ClusterError.exit_code
    assert "another run is under way on s3://archive/color" in err
    run.end({})

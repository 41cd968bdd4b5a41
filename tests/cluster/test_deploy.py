"""The examples in deploy/ are what Ray and KubeRay take, and name what this package has."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import jsonschema
import pytest
import ray.autoscaler
import yaml

from rechroma.cli.bulk import bulk
from rechroma.cli.train import train

DEPLOY = Path(__file__).parents[2] / "deploy"

TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
AMOUNTS = {
    "type": "object",
    "additionalProperties": {"type": "string", "pattern": r"^\d+(\.\d+)?(m|[KMGT]i?)?$"},
}
CONTAINER = {
    "type": "object",
    "required": ["name", "image", "resources"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string"},
        "env": {
            "type": "array",
            "items": {
                "type": "object", "required": ["name", "value"], "additionalProperties": False,
                "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
            },
        },
        "envFrom": {
            "type": "array",
            "items": {
                "type": "object", "additionalProperties": False,
                "properties": {"secretRef": {"type": "object", "required": ["name"]}},
            },
        },
        "resources": {
            "type": "object", "additionalProperties": False,
            "properties": {"requests": AMOUNTS, "limits": AMOUNTS},
        },
    },
}  # fmt: skip
TEMPLATE = {
    "type": "object", "required": ["spec"], "additionalProperties": False,
    "properties": {
        "spec": {
            "type": "object", "required": ["containers"], "additionalProperties": False,
            "properties": {
                "containers": {"type": "array", "minItems": 1, "items": CONTAINER},
                "tolerations": {"type": "array"},
            },
        }
    },
}  # fmt: skip
COUNT = {"type": "integer", "minimum": 0}
# The part of ray.io/v1's RayJob that is used, by the names of KubeRay's own definition.
RAY_JOB = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "ray.io/v1"},
        "kind": {"const": "RayJob"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["entrypoint", "rayClusterSpec"],
            "additionalProperties": False,
            "properties": {
                "entrypoint": {"type": "string"},
                "backoffLimit": COUNT,
                "shutdownAfterJobFinishes": {"type": "boolean"},
                "ttlSecondsAfterFinished": COUNT,
                "rayClusterSpec": {
                    "type": "object",
                    "required": ["headGroupSpec", "workerGroupSpecs"],
                    "additionalProperties": False,
                    "properties": {
                        "rayVersion": {"type": "string"},
                        "headGroupSpec": {
                            "type": "object",
                            "required": ["template", "rayStartParams"],
                            "additionalProperties": False,
                            "properties": {"rayStartParams": TEXTS, "template": TEMPLATE},
                        },
                        "workerGroupSpecs": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["groupName", "template", "rayStartParams"],
                                "additionalProperties": False,
                                "properties": {
                                    "groupName": {"type": "string"},
                                    "replicas": COUNT, "minReplicas": COUNT, "maxReplicas": COUNT,
                                    "rayStartParams": TEXTS, "template": TEMPLATE,
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip


def read(name):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def test_the_ray_job():
    jsonschema.validate(read("rayjob.yaml"), RAY_JOB)


def test_the_launcher_s_file_by_ray_s_own_schema():
    schema = Path(ray.autoscaler.__file__).with_name("ray-schema.json")
    found = read("ray-up.yaml")
    jsonschema.validate(found, json.loads(schema.read_text(encoding="utf-8")))
    assert found["head_node_type"] in found["available_node_types"]


def test_the_commands_in_them_are_ours():
    entry = read("rayjob.yaml")["spec"]["entrypoint"]
    exec_line = (
        (DEPLOY / "ray-up.yaml")
        .read_text(encoding="utf-8")
        .partition("ray-up.yaml '")[2]
        .partition("'")[0]
    )
    for line in (entry, exec_line):
        program, name, command, *arguments = shlex.split(line)
        assert (program, name) == ("rechroma", "bulk")
        context = bulk.commands[command].make_context(command, arguments)
        assert context.params["address"] == "auto"


def blocks(kind):
    """Return the pieces of code of one kind in the page on training on many machines."""
    page = DEPLOY.parent / "docs/how-to/train-on-many-machines.md"
    parts = page.read_text(encoding="utf-8").split("```")[1::2]
    return [part.removeprefix(kind) for part in parts if part.startswith(f"{kind}\n")]


def test_the_job_that_trains_on_kubernetes():
    service, job = yaml.safe_load_all(next(text for text in blocks("yaml") if "kind: Job" in text))
    assert (service["kind"], service["spec"]["clusterIP"]) == ("Service", "None")
    spec = job["spec"]
    pod = spec["template"]["spec"]
    assert (job["apiVersion"], spec["completionMode"]) == ("batch/v1", "Indexed")
    assert spec["completions"] == spec["parallelism"]
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    (container,) = pod["containers"]
    named = {each["name"] for each in container["volumeMounts"]}
    assert named == {each["name"] for each in pod["volumes"]}
    line = shlex.split(container["args"][0])
    assert f"--nnodes {spec['completions']}" in " ".join(line)
    assert f"{job['metadata']['name']}-0.{pod['subdomain']}" in line


def test_the_lines_that_train_are_ours():
    lines = [line.partition("#")[0] for text in blocks("sh")
             for line in text.replace("\\\n", " ").splitlines()]  # fmt: skip
    job = next(text for text in blocks("yaml") if "kind: Job" in text)
    (_, job) = yaml.safe_load_all(job)
    lines += job["spec"]["template"]["spec"]["containers"][0]["args"]
    trained = [line for line in lines if "-m rechroma train" in line]
    assert len(trained) >= 5
    for line in trained:
        arguments = shlex.split(line.partition("-m rechroma train")[2])
        train.make_context("train", arguments)


def test_the_program_for_ray_train_is_one():
    (text,) = (text for text in blocks("python") if "TorchTrainer" in text)
    compile(text, "page", "exec")
    for line in text.splitlines():
        if line.lstrip().startswith("from rechroma"):
            exec(line.strip(), {})  # noqa: S102 (what the page imports is there)


def test_a_wrong_file_is_noticed():
    wrong = read("rayjob.yaml")
    wrong["spec"]["entryPoint"] = wrong["spec"].pop("entrypoint")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, RAY_JOB)

"""Runs that several processes share, and steps that are done in parts."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn

from rechroma.cli import main
from rechroma.errors import ConfigError, RechromaError
from rechroma.training import distributed
from rechroma.training.batch_norm import BatchNorms
from rechroma.training.distributed import Processes
from rechroma.training.split import Split
from rechroma.training.train import train

from .conftest import config_maker
from .distributed_program import in_double_precision

PROGRAM = Path(__file__).parent / "distributed_program.py"
# What depends on where in a step a sample is, or on how many there are of a kind.
EVERYTHING = (
    "NETWORK.OUTPUT=bins", "LOSS={cross_entropy: 1.0, st_lpips: 0.3}", "PERCEPTUAL_SHARE=0.6",
    "DATA.DEGRADED=0.4", "DATA.RECOMPRESSED=0.3", "STEADY=0.3", "BATCH=4", "STEPS=20",
    "CHECKPOINT_EVERY=100", "VALIDATION.EVERY=100", "DATA.CROP=32", "VALIDATION.SIZE=32",
)  # fmt: skip


@pytest.fixture
def environment(monkeypatch):
    """A machine of CPUs, and no launcher."""
    return without_launcher(monkeypatch)


def without_launcher(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR",
                 "MASTER_PORT"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return monkeypatch


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def started(arguments, size=2, **variables):
    """Start processes as a launcher would on as many machines."""
    port = free_port()
    together = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *arguments],
            env=os.environ | together | {"RANK": str(rank), "LOCAL_RANK": "0"} | variables,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(size)
    ]  # fmt: skip


def ended(processes):
    """Wait for processes; return their exit codes and what each said of an error."""
    said = [process.communicate(timeout=600)[1] for process in processes]
    errors = [[line for line in text.splitlines() if "error:" in line] for text in said]
    return [process.returncode for process in processes], errors, said


def command(tmp_path, *overrides):
    settings = [word for each in overrides for word in ("--set", each)]
    return ["train", "--cfg", str(tmp_path / "config.yaml"), *settings]


def state_of(folder):
    return torch.load(folder / "resume.pt", weights_only=True)


def apart(one, other, part="model"):
    """Return the largest difference of all weights and running statistics."""
    assert one[part].keys() == other[part].keys()
    return max(float((one[part][n].double() - other[part][n].double()).abs().max())
               for n in one[part])  # fmt: skip


@pytest.fixture(scope="module")
def whole(photos, tmp_path_factory):
    """Twenty steps of one process: the run's folder."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        in_double_precision(without_launcher(monkeypatch))
        return train(config_maker(photos, tmp_path_factory.mktemp("whole"))(*EVERYTHING))


@pytest.fixture
def arguments(make_config, tmp_path, environment):
    """How several processes are told to do the same in another folder."""
    in_double_precision(environment)
    make_config()
    return command(tmp_path, *EVERYTHING)


@pytest.mark.slow
def test_two_processes_end_where_one_does(whole, arguments, tmp_path):
    launch = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    done = subprocess.run([sys.executable, *launch, PROGRAM, *arguments], capture_output=True)
    assert done.returncode == 0, done.stderr
    one, two = whole, tmp_path / "run"
    # Without the other process's half, or with its batch norms apart, it is 1e-2.
    assert apart(state_of(one), state_of(two)) < 1e-7
    assert apart(state_of(one), state_of(two), "averaged") < 1e-7
    records, other = (
        [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (one, two)
    )
    assert len(records) == len(other)
    for key in ("loss", "cross_entropy", "st_lpips", "unsteady", "psnr", "colorfulness_ratio"):
        pairs = [(a[key], b[key]) for a, b in zip(records, other, strict=True) if key in a]
        assert pairs
        assert all(a == pytest.approx(b, rel=1e-5) for a, b in pairs), key


@pytest.mark.slow
def test_sigterm_to_one_stops_both_and_one_goes_on(whole, arguments, tmp_path):
    codes, errors, said = ended(started(arguments, ACCIDENT="1:8:SIGTERM"))
    assert codes == [1, 1], said
    assert all("stopped by SIGTERM after step 8" in line for lines in errors for line in lines)
    assert [len(lines) for lines in errors] == [1, 0], errors
    assert state_of(tmp_path / "run")["step"] == 8
    assert main(arguments) == 0
    assert apart(state_of(whole), state_of(tmp_path / "run")) < 1e-7


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("accident", "wait"), [("SIGKILL", "10"), ("SIGSTOP", "0.1")])
def test_a_lost_process_ends_the_run_with_one_line(make_config, tmp_path, accident, wait):
    """One that is gone is noticed at once, one that does not answer after TIMEOUT."""
    make_config()
    settings = ("STEPS=30", f"TIMEOUT={wait}", "CHECKPOINT_EVERY=100", "VALIDATION.EVERY=100")
    processes = started(command(tmp_path, *settings), ACCIDENT=f"1:8:{accident}")
    try:
        code, errors, said = ended(processes[:1])
    finally:
        processes[1].send_signal(signal.SIGKILL)
        processes[1].communicate()
    assert code == [1]
    assert len(errors[0]) == 1, said
    assert "process 0 of 2: another process of the run is gone" in errors[0][0]
    # The last whole step is kept, though no checkpoint was due.
    assert state_of(tmp_path / "run")["step"] == 7
    assert (tmp_path / "run" / "ckpt_last.safetensors").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_nan_in_one_process_stops_both(make_config, tmp_path):
    make_config()
    codes, errors, said = ended(started(command(tmp_path), ACCIDENT="1:5:nan"))
    assert codes == [1, 1], said
    assert [len(lines) for lines in errors] == [1, 0], said
    assert "NaN at step 5, on" in errors[0][0]
    assert state_of(tmp_path / "run")["step"] == 4


@pytest.mark.slow
@pytest.mark.usefixtures("environment")
def test_the_first_processs_clock_counts(make_config, tmp_path):
    """The other one's would go on for an hour."""
    make_config()
    port = free_port()
    base = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    late = "import time; real = time.monotonic; time.monotonic = lambda: real() / 1e6\n"
    (tmp_path / "late.py").write_text(late + PROGRAM.read_text())
    processes = [
        subprocess.Popen(
            [sys.executable, program, *command(tmp_path, "MINUTES=0.0001")],
            env=os.environ | base | {"RANK": str(rank), "LOCAL_RANK": "0"},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for rank, program in enumerate((PROGRAM, tmp_path / "late.py"))
    ]  # fmt: skip
    codes, _, said = ended(processes)
    assert codes == [0, 0], said
    assert state_of(tmp_path / "run")["step"] == 1


def test_parts_end_where_the_whole_step_does(make_config, tmp_path, environment):
    in_double_precision(environment)
    ends = []
    for parts in (1, 2):
        place = f"OUTPUT_DIR={tmp_path / str(parts)}"
        config = make_config(*EVERYTHING, "NORM_BATCH=2", f"ACCUMULATE={parts}", place)
        ends.append(state_of(train(config)))
    assert apart(*ends) < 1e-7


def test_parts_may_change_only_where_batch_norms_do_not_see_it(make_config):
    train(make_config("BATCH=4", "STEPS=2"))
    with pytest.raises(ConfigError, match="another ACCUMULATE: 1, not 2"):
        train(make_config("BATCH=4", "STEPS=4", "ACCUMULATE=2"))


def test_parts_may_change_with_a_batch_of_norms(make_config):
    train(make_config("BATCH=4", "STEPS=2", "NORM_BATCH=2"))
    folder = train(make_config("BATCH=4", "STEPS=4", "NORM_BATCH=2", "ACCUMULATE=2"))
    assert state_of(folder)["step"] == 4


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["BATCH=6", "ACCUMULATE=4"], "BATCH 6 can't be shared out evenly .* BATCH=8 can"),
        (["BATCH=4", "NORM_BATCH=3"], "NORM_BATCH 3 does not divide the 4 samples"),
        (["BATCH=4", "ACCUMULATE=2", "NORM_BATCH=4"], "does not divide the 2 samples"),
    ],
)
def test_batches_that_can_not_be_shared_out(make_config, values, message):
    with pytest.raises(ConfigError, match=message):
        train(make_config(*values))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"RANK": "0", "WORLD_SIZE": "2"}, "RANK and WORLD_SIZE is set, and MASTER_ADDR is not"),
        ({"RANK": "0"}, "RANK is set, and WORLD_SIZE is not"),
        ({"RANK": "2", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, "RANK is 2"),
        ({"RANK": "x", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, "'x', not a"),
    ],
)
def test_half_of_a_launcher(make_config, environment, given, message):
    for name, value in given.items():
        environment.setenv(name, value)
    config = make_config()
    with pytest.raises(ConfigError, match=message):
        train(config)
    assert not config.output_dir.exists()


def test_a_backend_that_does_not_fit(environment):
    with pytest.raises(ConfigError, match="nccl joins CUDA GPUs"):
        distributed._fitting("nccl", 1)
    environment.setenv("ACCELERATE_USE_CPU", "false")
    environment.setattr(torch.cuda, "device_count", lambda: 2)
    assert distributed._fitting("auto", 2) == "nccl"
    assert distributed._fitting("gloo", 4) == "gloo"
    with pytest.raises(ConfigError, match="4 processes on this machine"):
        distributed._fitting("auto", 4)


def test_a_master_that_does_not_answer(make_config, environment):
    given = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    for name, value in given.items():
        environment.setenv(name, value)
    with pytest.raises(distributed.LostProcessError, match="process 1 of 2 can't reach the others"):
        train(make_config("TIMEOUT=0.01"))


def alone(rank, port, folder, check):
    """Run one of two processes of a check."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
                   "MASTER_PORT": port, "ACCELERATE_USE_CPU": "true"}  # fmt: skip
    with Processes.joined("gloo", 1) as processes:
        torch.save(check(processes), folder / f"{rank}.pt")


def both(tmp_path, check):
    """Return what two processes find."""
    arguments = free_port(), tmp_path, check
    torch.multiprocessing.start_processes(alone, arguments, nprocs=2, start_method="fork")
    return [torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in range(2)]


def talk(processes):
    def refuse():
        if processes.rank == 1:
            raise ConfigError("no such folder", "make it")

    found = [processes.share(processes.rank + 5), processes.gather(processes.rank),
             processes.totals([1.0, processes.rank])]  # fmt: skip
    for work in (refuse, lambda: processes.same(processes.rank, "config", "give one")):
        try:
            processes.agree(work)
        except RechromaError as error:
            found.append((type(error).__name__, error.what, int(error.exit_code)))
    return found


def test_processes_agree(tmp_path):
    main_one, other = both(tmp_path, talk)
    assert main_one[:3] == other[:3] == [5, [0, 1], [2.0, 1.0]]
    host = socket.gethostname()
    first = f"process 1 on {host}: no such folder"
    second = "process 1 has another config than process 0"
    assert main_one[3:] == [("ConfigError", first, 2), ("ConfigError", second, 2)]
    assert [(name, code) for name, _, code in other[3:]] == [("ToldElsewhereError", 2)] * 2


def norms():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 1, 1))
    return layers.double(), torch.randn(8, 2, 6, 6).double()


def share_norms(processes):
    layers, x = norms()
    shared = BatchNorms(layers, Split(8, 2, processes.rank), None, processes)
    layers(x[4 * processes.rank :][:4]).square().mean().backward()
    shared.commit()
    gradients = [parameter.grad for parameter in layers.parameters()]
    for gradient in gradients:
        dist.all_reduce(gradient)
    return [each / 2 for each in gradients], dict(layers.named_buffers())


def test_batch_norms_of_two_processes_are_those_of_one(tmp_path):
    layers, x = norms()
    layers(x).square().mean().backward()
    buffers = dict(layers.named_buffers())
    for gradients, others in both(tmp_path, share_norms):
        for mine, parameter in zip(gradients, layers.parameters(), strict=True):
            assert torch.allclose(mine, parameter.grad, atol=1e-10)
        assert others.keys() == buffers.keys()
        assert all(torch.allclose(others[name], each) for name, each in buffers.items())


def test_a_step_that_failed_leaves_the_running_averages():
    layers, x = norms()
    before = {name: each.clone() for name, each in layers.named_buffers()}
    shared = BatchNorms(layers, Split(8, parts=2), 2, Processes())
    layers(x[:4])
    shared.forget()
    shared.commit()
    assert all(torch.equal(each, before[name]) for name, each in layers.named_buffers())

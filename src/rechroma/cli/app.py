"""`rechroma`: the table of commands, and the way from errors to exit codes."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import signal
import sys
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import NoArgsIsHelpError, NoSuchCommand, NoSuchOption
from click.shell_completion import get_completion_class

from rechroma import __version__
from rechroma.cli.console import Console
from rechroma.errors import ExitCode, RechromaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = ["LazyCommand", "app", "completion", "main"]


class LazyCommand(click.Command):
    """Stands in the table of commands for one that lives in a module not yet imported.

    Args:
        name: What is typed.
        target: Where the command is, as `module:attribute`.
        short_help: The one line in the table of commands.
    """

    def __init__(self, name: str, target: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.target = target

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        return getattr(import_module(module), attribute)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 (click's own signature)
    ) -> click.Context:
        """Let the real command parse its arguments; from here on click sees only that one."""
        return self.load().make_context(info_name, args, parent, **extra)


# More than a command's modules define: from then on garbage is looked for this often.
_NEW_OBJECTS = 50_000

_COMMANDS = (
    LazyCommand("colorize", "rechroma.cli.colorize:colorize", "Give photographs their color back."),
    LazyCommand(
        "transfer", "rechroma.cli.transfer:transfer", "Give photographs the mood of another."
    ),
    LazyCommand("prepare", "rechroma.cli.prepare:prepare", "Make old prints ready."),
    LazyCommand("apply", "rechroma.cli.apply:apply", "Apply a .cube file or a saved look."),
    LazyCommand(
        "bulk", "rechroma.cli.bulk:bulk", "Do archives on a cluster (needs rechroma[cluster])."
    ),
    LazyCommand(
        "frames", "rechroma.cli.frames:frames", "A picture of each shot (needs rechroma[video])."
    ),
    LazyCommand("look", "rechroma.cli.look:look", "Save and list looks by name."),
    LazyCommand(
        "original", "rechroma.cli.original:original", "Give gray JPEGs back, byte for byte."
    ),
    LazyCommand("album", "rechroma.cli.album:album", "Pages of a batch, before and after."),
    LazyCommand(
        "compare", "rechroma.cli.compare:compare", "A page to choose the better of two folders."
    ),
    LazyCommand("serve", "rechroma.cli.serve:serve", "Open the page (needs rechroma[web])."),
    LazyCommand("models", "rechroma.cli.models:models", "List the models that are ready to use."),
    LazyCommand("shards", "rechroma.cli.shards:shards", "Pack a folder of pictures for training."),
    LazyCommand("train", "rechroma.cli.train:train", "Train a colorizer (needs rechroma[train])."),
    LazyCommand(
        "finetune",
        "rechroma.cli.finetune:finetune",
        "Tune the shipped model on your pictures (needs rechroma[train]).",
    ),
    LazyCommand(
        "evaluate",
        "rechroma.cli.evaluate:evaluate",
        "Measure a colorizer on color photographs (needs rechroma[train]).",
    ),
    LazyCommand(
        "experiments",
        "rechroma.cli.experiments:experiments",
        "Repeat the original's study on your pictures (needs rechroma[train]).",
    ),
    LazyCommand(
        "export",
        "rechroma.cli.export:export",
        "Make an ONNX model of a checkpoint (needs rechroma[train]).",
    ),
    LazyCommand("doctor", "rechroma.cli.doctor:doctor", "Check that everything works here."),
    LazyCommand("completion", "rechroma.cli.app:completion", "Print the completion of your shell."),
)


@click.group(
    commands={command.name or "": command for command in _COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="rechroma", message="%(prog)s %(version)s")
def app() -> None:
    """Give photographs their color back.

    \b
    Examples:
      rechroma colorize grandmother.jpg
      rechroma colorize album/ -o colored/
      rechroma doctor

    Exit codes: 0 all done, 1 some failed, 2 usage, 3 input unreadable, 4 model unavailable,
    5 out of memory, 130 interrupted.
    """  # noqa: D301 (\b is click's mark for lines that stay as they are)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code, a number of `rechroma.errors.ExitCode`.

    Args:
        arguments: What was typed after `rechroma`; from the command line if None.
    """
    # NumPy's BLAS starts a thread per core when it is loaded, for a few products of tiny matrices:
    # 0.10 s of CPU time of 0.42 for one picture, on 2 cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if arguments is None:
        # What modules define is no garbage: to look through it while they are loaded takes 20 ms.
        gc.set_threshold(_NEW_OBJECTS)
        ending: list[int] = []
        atexit.register(_leave, ending)
        code = _run(None)
        ending.append(code)
        if code == ExitCode.INTERRUPTED and current_thread() is main_thread():
            # Only the interpreter's own end is left, which would tell of another Ctrl-C at length.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return code
    with _handler_kept():
        return _run(list(arguments))


def _leave(ending: list[int]) -> None:
    """End the process as it stands: to take its modules apart takes 40 ms, and frees nothing more.

    This is the last to be called at the end: threads have ended, and what others have left to be
    done is done.

    Args:
        ending: The exit code; nothing where an error is on its way out.
    """
    if not ending:
        return
    # Where nobody reads any more, the interpreter's usual end says so.
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ending[0])


@contextmanager
def _handler_kept() -> Generator[None]:
    """Leave a caller's process as it was: an interrupted batch waits for no second Ctrl-C."""
    usual = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if usual is not None and signal.getsignal(signal.SIGINT) is not usual:
            signal.signal(signal.SIGINT, usual)


def _run(args: list[str] | None) -> int:
    console = Console()
    try:
        code = app.main(args, prog_name="rechroma", obj=console, standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        console.error(_usage_error(error))
        return ExitCode.USAGE
    except click.Abort:
        console.note("interrupted")
        return ExitCode.INTERRUPTED
    except RechromaError as error:
        console.error(error, _trace())
        return error.exit_code
    except OSError as error:
        _let_go_of_stdout()
        where = error.filename or _nameless(error)
        console.error(RechromaError(f"{where}: {error.strerror or error}", _mend(error)), _trace())
        return ExitCode.SOME_FAILED
    except KeyboardInterrupt:
        console.note("interrupted")
        return ExitCode.INTERRUPTED
    except MemoryError:
        console.error(RechromaError("out of memory", "free some, or work on smaller pictures"))
        return ExitCode.MEMORY
    except Exception as error:  # noqa: BLE001 (nobody above could make a clear line of it)
        if _is_interrupt(error):
            console.note("interrupted")
            return ExitCode.INTERRUPTED
        bug = RechromaError(
            f"unexpected {type(error).__name__}: {error}",
            "this is a bug; please report it with what -vv prints",
        )
        console.error(bug, _trace())
        return ExitCode.SOME_FAILED
    return ExitCode.OK if code is None else code


def _is_interrupt(error: BaseException) -> bool:
    """Tell whether Ctrl-C is behind an error: native modules make an `ImportError` of it."""
    seen = error.__cause__ or error.__context__
    return seen is not None and (isinstance(seen, KeyboardInterrupt) or _is_interrupt(seen))


def _nameless(error: OSError) -> str:
    closed = error.errno == errno.EPIPE
    return "standard output" if closed else "standard output or a temporary file"


def _mend(error: OSError) -> str:
    if error.errno == errno.EPIPE:
        return "nobody reads it any more"
    return "check the path, its permissions and the room on the disk"


def _let_go_of_stdout() -> None:
    """Send nowhere what stdout still holds: the interpreter would stumble over it at its end."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _trace() -> str:
    # Of no use to a command that goes well.
    import traceback

    return traceback.format_exc()


def _usage_error(error: click.ClickException) -> UsageError:
    match error:
        case NoSuchCommand(possibilities=[near, *_]) | NoSuchOption(possibilities=[near, *_]):
            return UsageError(error.message.rstrip("."), f"did you mean {near}?")
        case click.UsageError(ctx=click.Context() as context):
            command = context.command_path
        case _:
            command = "rechroma"
    return UsageError(error.format_message().rstrip("."), f"see {command} --help")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      eval "$(rechroma completion bash)"          # in ~/.bashrc
      eval "$(rechroma completion zsh)"           # in ~/.zshrc
      rechroma completion fish | source           # in ~/.config/fish/config.fish
    """  # noqa: D301
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"there is no completion for {shell}", "use bash, zsh or fish")
    script = kind(context.find_root().command, {}, "rechroma", "_RECHROMA_COMPLETE")
    click.echo(script.source())

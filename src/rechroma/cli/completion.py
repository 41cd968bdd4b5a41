"""`rechroma completion`: the script that makes a shell complete commands, options and paths."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from rechroma.errors import UsageError

__all__ = ["completion"]


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

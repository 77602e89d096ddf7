"""``posturio-iac completion``: the completion scripts of shells, from the tables of options."""

from __future__ import annotations

from posturio_iac.commands.output import to_stdout
from posturio_iac.commands.parser import HELP, Command, parse
from posturio_iac.config.option_table import Option, Shape
from posturio_iac.core import module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMAND = Command(
    "completion",
    "Prints the completion script for a shell, to load when it starts.",
    "SHELL",
    "The shell: bash, zsh or fish",
    most=1,
    choices=("bash", "zsh", "fish"),
)
RULES = ("select", "ignore")


def run(argv: Sequence[str]) -> int:
    to_stdout(SHELLS[parse(COMMAND, argv).words[0]]())
    return 0


def commands() -> dict[str, Command]:
    """The command line of each subcommand."""
    from posturio_iac.commands import COMMANDS

    return {name: module(place).COMMAND for name, (place, _) in COMMANDS.items()}


def _rules() -> tuple[str, ...]:
    from posturio_iac.rules import all_rules

    return tuple(rule.rpartition(".")[2] for rule in all_rules())


def _values(option: Option) -> tuple[str, ...]:
    return _rules() if option.name in RULES else option.choices


def _words(command: Command) -> tuple[str, ...]:
    return _rules() if command.name == "explain" else command.choices


def _function() -> str:
    cases = "".join(
        f"    {name}) flags='{' '.join([*command.flags(), *HELP])}' words='{' '.join(_words(command))}' ;;\n"
        for name, command in commands().items()
    )
    values = "".join(
        f"    '{name} {flag}') values='{' '.join(found)}' ;;\n"
        for name, command in commands().items()
        for flag, option in command.flags().items()
        if (found := _values(option))
    )
    return f"""\
_posturio_iac() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}} flags='' words='' values=''
  case $command in
{cases}  esac
  case "$command $previous" in
{values}  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    values='{" ".join(commands())} --help --version'
  elif [ -z "$values" ]; then
    case $current in -*) values=$flags ;; *) values=$words ;; esac
  fi
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}}
complete -o default -F _posturio_iac posturio-iac
"""


def _fish() -> str:
    from posturio_iac.commands import COMMANDS

    lines = [
        "# Completion of posturio-iac for fish: posturio-iac completion fish > ~/.config/fish/completions/posturio-iac.fish",
        *(
            f"complete -c posturio-iac -n __fish_use_subcommand -f -a {name} -d {_fish_text(summary)}"
            for name, (_, summary) in COMMANDS.items()
        ),
    ]
    for name, command in commands().items():
        within = f"complete -c posturio-iac -n '__fish_seen_subcommand_from {name}'"
        if words := _words(command):
            lines.append(f"{within} -f -a '{' '.join(words)}'")
        lines += [f"{within}{_fish_option(option)}" for option in command.options]
        lines.append(f"{within} -s h -l help -d 'Print this help'")
    return "\n".join(lines) + "\n"


def _fish_option(option: Option) -> str:
    short = f" -s {option.short[1:]}" if option.short else ""
    if option.shape == Shape.SWITCH:
        value = ""
    else:
        values = _values(option)
        value = f" -x -a '{' '.join(values)}'" if values else " -r"
    return f"{short} -l {option.flag[2:]}{value} -d {_fish_text(option.help)}"


def _fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_BASH = "# Completion of posturio-iac for bash: posturio-iac completion bash > /etc/bash_completion.d/posturio-iac\n"
_ZSH = "# Completion of posturio-iac for zsh, in .zshrc after compinit: source <(posturio-iac completion zsh)\n"
_ZSH += "autoload -Uz bashcompinit && bashcompinit\n"
SHELLS: dict[str, Callable[[], str]] = {"bash": lambda: _BASH + _function(), "zsh": lambda: _ZSH + _function(), "fish": _fish}

"""The command line (docs/contract.md, "Running"): reads arguments and settings, and runs one command.

- `serving`: `nexus serve`: the port, the database, the banner, the demo
- `preparing`: its database: waited for, filled, and kept up
- `workers`: its processes, under uvicorn
- `users`: accounts; `commands`: the other commands; `databases`: the database that both work on
- `token` is apart, since it needs no database
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence

from nexus.errors import NexusError, OperatorError, Unavailable
from nexus.runtime.lan import ALL_IPV4
from nexus.runtime.logs import begin_logging
from nexus.settings import SETTINGS, Settings
from nexus.settings.setting import Setting

Command = Callable[[argparse.Namespace, Settings], int]

REFUSED = 2
"""The exit status of a command that was refused; argparse uses it too."""
LONGEST_ROLE = 64
"""Characters of a role of a token."""
INTERRUPTED = 130
"""The exit status after Ctrl-C, as a shell has it: 128 + SIGINT."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command of `argv` and return the exit status. An error is one line on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.load({**os.environ, **_flags(arguments)})
        begin_logging(settings.log)
        return _command(arguments.command)(arguments, settings)
    except Unavailable as error:
        return _refuse(f"DATABASE_URL: {error} {error.__cause__ or ''}")
    except (OperatorError, NexusError, ValueError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # its reader has seen enough, as head(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # otherwise the exit flushes, and fails again
        return 0


def _role(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_ROLE:
        raise argparse.ArgumentTypeError(f"must have 1 to {LONGEST_ROLE} characters")
    return text


def _command(name: str) -> Command:
    """The command that `name` stands for. Only it is loaded: help and a wrong setting are answered at once."""
    if name == "serve":
        gc.disable()  # what is loaded stays, so looking for garbage in it is wasted; `workers` turns it on again
        from nexus.cli.serving import serve

        return serve
    if name == "token":
        from nexus.cli.token import mint_token

        return mint_token
    from nexus.cli import commands, users

    return {
        "migrate": commands.migrate,
        "user add": users.add_user,
        "user list": users.list_users,
        "user password": users.set_password,
        "user disable": users.disable_user,
        "user enable": users.enable_user,
        "user delete": users.delete_user,
        "verify": commands.verify,
    }[name]


def _refuse(why: str) -> int:
    """Say why, in one line."""
    print(f"nexus: {' '.join(why.split())}", file=sys.stderr)
    return REFUSED


def _flags(arguments: argparse.Namespace) -> dict[str, str]:
    """Flags of the command line as the variables they stand for."""
    given = {one.name: getattr(arguments, one.name, None) for one in SETTINGS if one.flag}
    return {name: str(text) for name, text in given.items() if text is not None}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nexus", description="Real-time voting: one command, every screen.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    _serve_parser(parsers)
    migrate = parsers.add_parser("migrate", help="bring the database to the current schema")
    migrate.set_defaults(command="migrate")
    _user_parsers(parsers)
    _token_parser(parsers)
    verify = parsers.add_parser(
        "verify", help="recount every vote; exit status 1 and the differences if counts disagree"
    )
    verify.add_argument("--repair", action="store_true", help="mend the counts and the events that disagree")
    verify.set_defaults(command="verify")
    return parser


def _serve_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = parsers.add_parser(
        "serve",
        help="run the server; `nexus serve --help` lists every setting",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_settings_table(),
    )
    for one in SETTINGS:
        if one.flag and one.flag != "--host":
            serve.add_argument(one.flag, dest=one.name, metavar=one.flag.removeprefix("--").upper(), help=one.help)
    listening = serve.add_mutually_exclusive_group()
    for one in SETTINGS:
        if one.flag == "--host":
            listening.add_argument(one.flag, dest=one.name, metavar="HOST", help=one.help)
    listening.add_argument(
        "--lan", dest="NEXUS_HOST", action="store_const", const=ALL_IPV4, help="let phones in: listen on every address"
    )
    serve.add_argument("--demo", action="store_true", help="add a sample event with a simulated audience")
    serve.set_defaults(command="serve")


def _user_parsers(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = parsers.add_parser("user", help="accounts")
    actions = user.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, about: str, *, of_one: bool = True) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=about)
        made.set_defaults(command=f"user {name}")
        if of_one:
            made.add_argument("name", metavar="NAME")
        return made

    add = action("add", "add an account; its password is asked for, read from a pipe, or generated")
    add.add_argument("--admin", action="store_true", help="an administrator: may do whatever any host may")
    action("list", "list all accounts, and whether each is active, invited or disabled", of_one=False)
    password = action("password", "give an account a new password, as with add; all its logins end")
    for one in (add, password):
        one.add_argument("--generate", action="store_true", help="make a password, without asking for one")
    action("disable", "end an account's sessions and refuse it from now on")
    action("enable", "let a disabled account log in again")
    delete = action("delete", "delete an account and its polls")
    delete.add_argument("--to", metavar="NAME", help="hand its polls over to this account instead of deleting them")
    delete.add_argument("--yes", action="store_true", help="do not ask whether to do it")


def _token_parser(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    token = parsers.add_parser("token", help="make an access token")
    token.add_argument("subject", metavar="SUB", help="user:<id>, guest:<uuid> or ext:<name>")
    token.add_argument(
        "--role", action="append", default=[], type=_role, help="a role of its bearer; may be given more than once"
    )
    token.add_argument("--ttl", type=int, metavar="SECONDS", help="its lifetime")
    token.add_argument(
        "--poll", type=int, action="append", help="the only poll it gives access to; may be given more than once"
    )
    token.set_defaults(command="token")


def _settings_table() -> str:
    lines = [f"  {one.name:34}{one.default or '(unset)':15}{one.values:17}{_meaning(one)}" for one in SETTINGS]
    return "Settings, from the environment; limits are per worker:\n\n" + "\n".join(lines)


def _meaning(one: Setting) -> str:
    return f"{one.help} ({one.flag})" if one.flag else one.help

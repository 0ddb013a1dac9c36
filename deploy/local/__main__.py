"""`python -m deploy.local up|down|status|logs|hold NAME|release NAME|supervise`: the stack by command."""

import sys
from collections.abc import Callable, Sequence

from deploy.local import control, supervisor
from deploy.local.ports import PortInUse
from deploy.local.state import AlreadySupervised
from deploy.local.surroundings import read

COMMANDS: dict[str, Callable[..., None]] = {
    "up": control.up,
    "down": control.down,
    "status": control.status,
    "logs": control.logs,
    "hold": control.hold,
    "release": control.release,
    "supervise": supervisor.supervise,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command on the stack of this environment; 1 after a line that says what is wrong."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        command(read().folder, *arguments[1:])
    except (control.StackProblem, supervisor.DidNotStart, PortInUse, AlreadySupervised, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

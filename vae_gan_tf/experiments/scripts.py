"""What stands around the main function of every script."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from vae_gan_tf.errors import UserError


def run(main: Callable[[Sequence[str]], None]) -> None:
    """Runs a script's ``main(sys.argv)``; a user's mistake is one sentence and exit code 1."""
    try:
        main(sys.argv)
    except UserError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from the last checkpoint.", file=sys.stderr)
        sys.exit(130)


def stop(signal_number: int) -> NoReturn:
    """Ends the program after a run that a signal interrupted.

    The exit code is the one that a shell expects: 130 after Ctrl-C, 143 after SIGTERM.
    """
    print("The run was interrupted; the same command goes on where it stopped.")
    sys.exit(128 + signal_number)

"""The command ``vae-gan-tf``, and what the scripts in ``reproduce/`` call.

    vae-gan-tf                           lists the scripts
    vae-gan-tf figure7 --preset=quick    does what python reproduce/figure7.py --preset=quick does

It stands beside the package and imports it late, so that Ctrl-C ends in one sentence while
TensorFlow is loaded, too.
"""

import _thread
import errno
import os
import sys
import threading
from collections.abc import Sequence


def main() -> None:
    """Runs the script that the command line names, or lists all."""
    name, *flags = sys.argv[1:] or ["--help"]
    run(name, [f"vae-gan-tf {name}", *flags])


def run(name: str, argv: Sequence[str] | None = None) -> None:
    """Runs a script and ends the program where it fails.

    Args:
        name: of the script; "--help" for a list of all.
        argv: its name for sentences, and its flags; ``sys.argv`` by default.
    """
    sys.unraisablehook = _unraisable
    os.environ.pop("MPLBACKEND", None)  # pictures are written to files alone
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for stream in ("stdout", "stderr"):  # closed by ">&-"
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w"))
    # Errors are shown; what TensorFlow tells of the processor at its start is not.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        from vae_gan_tf.experiments import scripts

        scripts.run(name, sys.argv if argv is None else argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(
            "Stopped; what is in files is kept, and the same command does the rest.",
            file=sys.stderr,
        )
        sys.exit(130)
    except BrokenPipeError:  # of "| head", which has read enough
        print("Nobody reads the output any more; the same command goes on.", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes out the rest when it ends
        sys.exit(141)
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print("The disk of the output is full; the same command goes on.", file=sys.stderr)
        sys.exit(1)


def _unraisable(what: "sys.UnraisableHookArgs") -> None:
    """Interrupts anew where Ctrl-C came while an object was deleted, which Python would ignore."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        threading.Timer(0.1, _thread.interrupt_main).start()
    else:
        sys.__unraisablehook__(what)


if __name__ == "__main__":
    main()

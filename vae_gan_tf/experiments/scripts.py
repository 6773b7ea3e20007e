"""What stands around the main function of every script."""

import contextlib
import difflib
import importlib
import inspect
import io
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import keras
import tensorflow as tf

from vae_gan_tf import experiments
from vae_gan_tf.errors import UserError
from vae_gan_tf.training import workers


def run(name: str, argv: Sequence[str]) -> None:
    """Runs a script; a user's mistake is one sentence and exit code 1.

    Args:
        name: of the script, a module of `experiments`; "--help" for a list of all.
        argv: what stands for the program's name, and the script's flags.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # "±" in a terminal of ASCII
    # What a user may have set for other programs, in keras.json.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    # Each run compiles a step of its own, of which TensorFlow warns where there are several.
    tf.get_logger().addFilter(lambda record: "tf.function retracing" not in str(record.msg))
    with mistakes(Path(argv[0]).name), workers.attended():
        if name in ("--help", "-h", "help"):
            print(contents())
        else:
            script(name).main(argv)


@contextlib.contextmanager
def mistakes(program: str) -> Iterator[None]:
    """Ends the program with one sentence and exit code 1 after a user's mistake.

    Args:
        program: what the sentence begins with.
    """
    try:
        yield
    except UserError as error:
        print(f"{program}: {error}", file=sys.stderr)
        sys.exit(1)


def names() -> list[str]:
    """The names of all scripts: the modules of `experiments` that have a main function."""
    return [name for name in _modules() if hasattr(_module(name), "main")]


def script(name: str) -> ModuleType:
    """The module of a script.

    Raises:
        UserError: there is no script of that name.
    """
    if name not in _modules() or not hasattr(_module(name), "main"):
        near = difflib.get_close_matches(name, names(), 1)
        meant = f"; {near[0]} is one" if near else ""
        raise UserError(f"there is no script {name!r}{meant}; --help lists all")
    return _module(name)


def contents() -> str:
    """The list of all scripts, each with the first line of its help."""
    lines = [
        "vae-gan-tf SCRIPT [FLAGS] runs one of these; its --help tells its flags.",
        "",
    ]
    width = max(map(len, names()))
    for name in names():
        lines.append(f"  {name:{width}}  {(inspect.getdoc(_module(name)) or '').splitlines()[0]}")
    return "\n".join(lines)


def stop(signal_number: int) -> NoReturn:
    """Ends the program after a run that a signal interrupted.

    The exit code is the one that a shell expects: 130 after Ctrl-C, 143 after SIGTERM.
    """
    print("The run was interrupted; the same command goes on where it stopped.")
    sys.exit(128 + signal_number)


def _modules() -> list[str]:
    """The names of all modules, figure2 before figure10."""
    names = [each.name for each in pkgutil.iter_modules(experiments.__path__)]
    return sorted(names, key=lambda name: (name.rstrip("0123456789"), len(name), name))


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{experiments.__name__}.{name}")

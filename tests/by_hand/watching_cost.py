"""The share of a training's time that what TensorBoard shows of it takes.

    python tests/by_hand/watching_cost.py

trains an epoch of each model as in the report, on 2 cores in six minutes, and prints the percent of
its time in which event files were written, and in which what they show was made: pictures, codes in
use. On a machine that does nothing else.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from vae_gan_tf import datasets
from vae_gan_tf.experiments import run, watching
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.training.summaries import Summaries

MODELS = ("cvae", "cvae-gan", "draw", "semi-supervised")

WRITING = ("begin", "scalars", "validation", "images", "histograms", "text", "graph")
"""The methods of `Summaries` that the loop calls."""

spent = {"writing": 0.0, "making": 0.0}


def timed(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose time is added to what is spent."""

    def call(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[what] += time.perf_counter() - start

    return call


def main() -> None:
    """Prints a line a model."""
    for name in WRITING:
        setattr(Summaries, name, timed("writing", getattr(Summaries, name)))
    for name in ("each_epoch", "measures"):
        make = getattr(watching, name)
        setattr(watching, name, lambda *given, make=make: timed("making", make(*given)))
    data = datasets.load("mnist")
    for model in sys.argv[1:] or MODELS:
        spent.update(dict.fromkeys(spent, 0.0))
        with tempfile.TemporaryDirectory() as folder:
            flags = ["script", "--epochs=1", f"--runs_dir={folder}"]
            result = run.train(parse(Script("", (model,)), flags), model, data)
        seconds = result.record["wall_seconds"]
        shares = ", ".join(f"{what} {spent[what] / seconds:.2%}" for what in spent)
        print(f"{model}: {shares} of {seconds} s")


if __name__ == "__main__":
    main()

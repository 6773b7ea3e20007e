"""Kills scripts at random operations on their files, and lets each go on: a table of what survived.

    python tests/by_hand/kills.py 200
    python tests/by_hand/kills.py 200 "figure10, DRAW"

The first takes two hours on 2 cores, the second is the share of one script. Needs Linux and a C
compiler. Each chain of a script is killed until it ends; then its results are compared with those
of a run that was never killed. Prints a line a script: kills, chains, chains that ended with the
same results, and what was left over or damaged. Writes figures/kills.json, in which the entries of
other scripts stay.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.kills import Kills

from vae_gan_tf import schema
from vae_gan_tf.experiments.record import made_with

FIGURES = Path(__file__).parents[2] / "figures"

SMALL = ("--preset=smoke", "--deterministic", "--units=16", "--latent_size=4")

SCRIPTS = {
    "figure7, CVAE-GAN": ("figure7", *SMALL, "--architecture=fully_connected"),
    "figure9, simple CVAE": ("figure9", "--preset=smoke", "--deterministic"),
    "figure10, DRAW": ("figure10", "--preset=smoke", "--deterministic", "--draw_steps=2"),
    "table 1, two cells": (
        *("table1", *SMALL, "--row=Fully connected", "--row=Convolutional with GAN"),
        *("--column=100", "--seeds=1", "--batch_size=50", "--labelled_batch=20"),
    ),
    "ablations, a cell each": (
        *("ablations", "--preset=smoke", "--deterministic", "--latent_size=4"),
        *("--seeds=1", "--model=cvae"),
    ),
    "figure7, two devices": (
        *("figure7", *SMALL, "--architecture=fully_connected", "--devices=2"),
    ),
    "figure10, two devices": (
        *("figure10", "--preset=smoke", "--deterministic", "--draw_steps=2", "--devices=2"),
    ),
    "table 1, a cell, two devices": (
        *("table1", *SMALL, "--row=Fully connected", "--column=100", "--seeds=1"),
        *("--batch_size=50", "--labelled_batch=20", "--devices=2"),
    ),
    "figure9, fresh data folder": ("figure9", "--preset=smoke", "--deterministic"),
}
"""Each script that is killed, with its flags; on a few digits, but for the fresh data folder."""

FRESH = "figure9, fresh data folder"


def results(folder: Path) -> dict[str, str]:
    """What a chain is compared by: the SHA-256 of the weights of each of its runs."""
    return {
        str(path.parent.relative_to(folder)): json.loads(path.read_text())["weights"]["sha256"]
        for path in sorted(folder.rglob("record.json"))
    }


def left_over(folder: Path) -> list[str]:
    """Files and folders that a write which was cut off left, and damaged files in their places."""
    found = []
    for path in folder.rglob("*"):
        if any(mark in path.name for mark in (".tmp", "_temp", "incomplete")):
            found.append(str(path.relative_to(folder)))
        elif path.suffix in (".npz", ".keras") and not zipfile.is_zipfile(path):
            found.append(f"{path.relative_to(folder)} damaged")
    return found


def killed(name: str, wanted: int, random: np.random.Generator) -> dict:
    """Kills a script so often; gives the entry of the table."""
    script, *flags = SCRIPTS[name]
    root = Path(tempfile.mkdtemp(prefix="kills"))
    if script.startswith("figure"):
        flags.append("--dataset=mnist")
    with Kills(root, digits=name != FRESH) as program:

        def run(folder: str, at: int = 0, half: bool = False) -> tuple[int, int, str]:
            below = root / folder
            folders = [f"--{each}_dir={below}/{each}" for each in ("runs", "figures", "data")]
            return program.run(
                *(script, *flags, *folders),
                **{"below": below, "at": at, "half": half},
                devices=2 if "--devices=2" in flags else 1,
            )

        code, operations, output = run("whole")
        assert code == 0, output
        expected, kills, chains, same, faults = results(root / "whole"), 0, 0, 0, []
        while kills < wanted:
            code, lives, chains = -9, 0, chains + 1
            while code == -9:
                # After some lives later operations, which a run that goes on may not reach.
                at = random.integers(1, operations * (1 + lives // 4))
                code, _, output = run("chain", int(at), bool(random.integers(2)))
                lives, kills = lives + 1, kills + (code == -9)
            left = left_over(root / "chain")
            same += code == 0 and results(root / "chain") == expected and not left
            faults += [output.splitlines()[-1]] * (code != 0) + left
            shutil.rmtree(root / "chain")
    shutil.rmtree(root)
    return {
        "script": name,
        "operations": operations,
        "kills": kills,
        "chains": chains,
        "same": same,
        "faults": faults,
        "made_with": made_with(),
    }


def main(wanted: int, *names: str) -> None:
    """Prints the table and writes it."""
    path = FIGURES / "kills.json"
    kept = json.loads(path.read_text())["scripts"] if path.exists() else []
    rows = {row["script"]: row for row in kept}
    for number, name in enumerate(SCRIPTS):
        if name in (names or SCRIPTS):
            random = np.random.default_rng(number)
            rows[name] = killed(name, -(-wanted // len(SCRIPTS)), random)
            print(rows[name], flush=True)
            schema.write(path, {"scripts": [rows[it] for it in SCRIPTS if it in rows]})


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])

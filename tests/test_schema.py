"""The schema of the json of results: what it takes, and what it refuses."""

import copy
import json
from pathlib import Path

import pytest

from vae_gan_tf import schema
from vae_gan_tf.errors import UserError

FIGURES = Path(__file__).parents[1] / "figures"
COMMITTED = sorted([*FIGURES.glob("*.json"), *FIGURES.glob("other/*.json")])


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_what_is_committed_fits(path):
    assert schema.read(path, "restore it")


def changed(record, way, value):
    """A record with another value at the end of a way through it, or without one for `None`."""
    found = copy.deepcopy(record)
    inner = found
    for key in way[:-1]:
        inner = inner[key]
    if value is None:
        del inner[way[-1]]
    else:
        inner[way[-1]] = value
    return found


DAMAGES = [
    ("figure6", ["runs", 0, "epochs"], "31"),
    ("figure6", ["runs", 0, "epochs"], -1.0),
    ("figure6", ["runs", 0, "steps"], 100.5),
    ("figure6", ["runs", 0, "losses"], None),
    ("figure6", ["runs", 0, "images", "train"], "55000"),
    ("figure6", ["runs"], {}),
    ("side_by_side-pretrained", ["runs", 0, "source"], 0),
    ("figure6", ["figure"], None),
    ("figure6", ["versions"], ["3.11"]),
    ("table1", ["runs", 0, "row"], None),
    ("table1", ["runs", 0, "wall_seconds"], -3.0),
    ("claims", ["claims", 0, "verdict"], 1),
    ("scores", ["rows", 0, "scores", "accepted"], "0.9"),
    ("classifier", ["test_accuracy"], 1.01),
    ("step_time", ["rows", 0, "milliseconds"], "12"),
    ("kills", ["scripts", 0, "kills"], -1),
]


@pytest.mark.parametrize(("name", "way", "value"), DAMAGES)
def test_what_does_not_fit_is_neither_read_nor_written(name, way, value, tmp_path):
    record = json.loads((FIGURES / f"{name}.json").read_text())
    path = tmp_path / "record.json"
    schema.write(path, record)
    assert schema.read(path, "restore it") == record
    damaged = changed(record, way, value)
    with pytest.raises(ValueError, match="does not fit"):
        schema.write(path, damaged)
    path.write_text(json.dumps(damaged))
    with pytest.raises(UserError, match=r"record\.json is damaged: .*; restore it"):
        schema.read(path, "restore it")

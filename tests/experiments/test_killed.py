"""Scripts that are killed at any operation on their files."""

import json
import zipfile

import pytest
from support.kills import Kills, compiler
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not compiler(), reason="needs a C compiler, on Linux"),
]

SMALL = (
    "--preset=smoke",
    "--deterministic",
    "--architecture=fully_connected",
    "--units=16",
    "--latent_size=4",
)

OPERATIONS = (1, 2, 3, 5, 8, 60, 75, 100, 200, 350)
"""Where it is killed: as it makes its folder, in its first checkpoint, its second, as it ends."""


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    with Kills(tmp_path_factory.mktemp("program")) as program:
        yield program


@pytest.fixture
def run(kills, tmp_path):
    """Runs a small script in a folder of a name; gives its exit code and its output."""

    def run(name, script, *flags, **options):
        folder = tmp_path / name
        folders = (f"--runs_dir={folder}/runs", f"--figures_dir={folder}/figures")
        code, _, output = kills.run(script, *SMALL, *flags, *folders, below=folder, **options)
        return code, output

    return run


def record(folder):
    (run,) = (folder / "runs").iterdir()
    return run, json.loads((run / "record.json").read_text())


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def assert_whole(folder):
    for path in folder.rglob("*"):
        if path.parent.suffix == ".tmp":
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        if path.suffix in (".npz", ".keras"):
            assert zipfile.ZipFile(path).testzip() is None


def test_a_run_goes_on_wherever_it_was_killed(tmp_path, run):
    code, output = run("whole", "figure7")
    assert code == 0, output
    for number, at in enumerate(OPERATIONS):
        code, output = run("killed", "figure7", at=at, half=number % 2 == 0)
        assert code == -9, (at, output)
        assert_whole(tmp_path / "killed")
    code, output = run("killed", "figure7")
    assert code == 0, output
    (whole, its), (killed, again) = (record(tmp_path / name) for name in ("whole", "killed"))
    assert its["weights"] == again["weights"]
    assert len(files(killed)) == len(files(whole))  # the names of event files hold the time
    assert files(tmp_path / "killed" / "figures") == files(tmp_path / "whole" / "figures")
    assert not [path for path in killed.rglob("*") if ".tmp" in path.name or "_temp" in path.name]
    events = EventAccumulator(str(killed / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    assert [point.step for point in events.Tensors("validation/elbo")] == [5, 10]


def test_a_run_on_two_devices_goes_on_to_the_bit(tmp_path, run):
    asked = ("figure6", "--devices=2")
    assert run("whole", *asked, devices=2)[0] == 0
    assert run("killed", *asked, devices=2, at=130)[0] == -9
    code, output = run("killed", *asked, devices=2)
    assert code == 0 and "Going on from step 5" in output, output
    (_, its), (_, again) = (record(tmp_path / name) for name in ("whole", "killed"))
    assert its["weights"] == again["weights"]
    assert its["settings"]["devices"] == "2"
    # The bound of one device after as many steps.
    assert run("one", "figure6")[0] == 0
    _, alone = record(tmp_path / "one")
    assert its["scores"]["test/elbo"] == pytest.approx(alone["scores"]["test/elbo"], rel=0.1)

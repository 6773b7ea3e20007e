"""Scripts that are killed at any operation on their files, or find no room for them."""

import json
import zipfile

import pytest
from support.events import steps
from support.kills import Kills, compiler

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

OPERATIONS = (1, 2, 3, 4, 5, 7, 9, 70, 200, 350)
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
        code, _, output = kills.run(script, *SMALL, *folders, *flags, below=folder, **options)
        return code, output

    return run


def record(folder):
    (run,) = (folder / "runs").iterdir()
    return run, json.loads((run / "record.json").read_text())


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def assert_whole(folder):
    for path in folder.rglob("*"):
        if any(".tmp" in part for part in path.relative_to(folder).parts):
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
    # The names of event files hold the time. A checkpoint that was not listed any more is gone.
    left, wanted = ({name for name in files(it) if "step-5" not in name} for it in (killed, whole))
    assert len(left) == len(wanted)
    assert files(tmp_path / "killed" / "figures") == files(tmp_path / "whole" / "figures")
    assert not [path for path in killed.rglob("*") if ".tmp" in path.name or "_temp" in path.name]
    assert steps(killed / "tensorboard" / "validation", "2 elbo/elbo") == [5, 10]


def test_a_run_on_two_devices_goes_on_to_the_bit(tmp_path, run):
    asked = ("figure6", "--devices=2")
    assert run("whole", *asked, devices=2)[0] == 0
    assert run("killed", *asked, devices=2, at=450)[0] == -9
    code, output = run("killed", *asked, devices=2)
    assert code == 0 and "Going on from step 5" in output, output
    (_, its), (_, again) = (record(tmp_path / name) for name in ("whole", "killed"))
    assert its["weights"] == again["weights"]
    assert its["settings"]["devices"] == "2"
    # The bound of one device after as many steps: about 518 nats.
    assert 470 < -its["scores"]["test/elbo"] < 570


def test_a_full_disk_and_a_read_only_one(tmp_path, run, disk):
    """Each time the disk is full the run ends in a sentence, and it goes on when there is room."""
    assert run("whole", "figure6")[0] == 0
    its, record_there = record(tmp_path / "whole")
    size = sum(path.stat().st_size for path in its.rglob("*") if path.is_file())
    for share in (0.4, 0.8):
        assert disk(f"size={int(share * size)}")
        code, output = run("disk", "figure6")
        sentence = output.splitlines()[-1]
        assert code == 1 and "No space left on device" in sentence, output
        assert "Traceback" not in output
        assert_whole(tmp_path / "disk")
        assert not [path for path in files(tmp_path / "disk") if ".tmp" in path or "_temp" in path]
    assert "Going on from step" in output  # the last good checkpoint was kept
    assert disk(f"size={10 * size}")
    assert run("disk", "figure6")[0] == 0
    assert record(tmp_path / "disk")[1]["weights"] == record_there["weights"]
    assert disk("ro")
    code, output = run("disk", "figure6")
    assert code == 1 and "is read-only" in output.splitlines()[-1]
    code, output = run("disk", "figure6", f"--figures_dir={tmp_path}")
    assert code == 0, output
    code, output = run("disk", "figure6", "--seed=1")
    assert code == 1 and "is read-only" in output.splitlines()[-1], output

import pytest
import tensorflow as tf
from support.events import curve

from vae_gan_tf.training.events import EventFiles


def write(files, step, value):
    with files.points(step):
        tf.summary.scalar("loss", value)


def test_a_point_without_a_file_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="begin"):
        write(EventFiles(tmp_path), 1, 4.0)


@pytest.mark.parametrize("resumed", [0, 3, 9])
def test_each_step_is_there_once_after_a_kill_and_a_resume(tmp_path, resumed):
    # Twelve files within a second or two: the order cannot come from the time in their names.
    killed = EventFiles(tmp_path)  # never closed, as when a process is killed
    for step in range(12):
        if step % 3 == 0:
            killed.begin(step)
        write(killed, step + 1, step + 1)
    files = EventFiles(tmp_path)
    for step in range(resumed, 15):
        if step % 3 == 0:
            files.begin(step)
        write(files, step + 1, 100 + step + 1)
    files.close()
    assert curve(tmp_path, "loss") == [
        (step, step if step <= resumed else 100 + step) for step in range(1, 16)
    ]
    killed.close()


def test_the_order_of_the_files_does_not_depend_on_the_clock(tmp_path):
    files = EventFiles(tmp_path)
    for step in range(120):  # the counter in TensorFlow's names passes 9 and 99: "10" < "9"
        files.begin(step)
        write(files, step + 1, step)
    files.close()
    assert curve(tmp_path, "loss") == [(step + 1, step) for step in range(120)]


def test_what_another_program_wrote_is_left_alone(tmp_path):
    names = ("events.out.tfevents.1700000000.host.1.0.v2", "events.out.tfevents.mine", "notes.txt")
    for name in names:
        (tmp_path / name).write_bytes(b"theirs")
    files = EventFiles(tmp_path)
    for step in (5, 0):
        files.begin(step)
    files.close()
    own = [path for path in tmp_path.iterdir() if path.name not in names]
    assert [path.name[:29] for path in own] == ["events.out.tfevents.00000000."]
    assert all((tmp_path / name).read_bytes() == b"theirs" for name in names)


def test_what_a_process_that_died_left_of_a_new_file_goes(tmp_path):
    (tmp_path / "new.tmp").mkdir()
    (tmp_path / "new.tmp" / "events.out.tfevents.1700000000.host.1.0.v2").write_bytes(b"")
    files = EventFiles(tmp_path)
    files.begin(0)
    files.close()
    assert len(list(tmp_path.iterdir())) == 1

import json

import pytest
from support.records import runs_table

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import comparison


def run(row, seed, error, **more):
    return {"row": row, "settings": {"seed": seed}, "scores": {"test/error": error}} | more


def test_measured_numbers_are_found_by_what_tells_them_apart():
    content = {
        "table": "table1",
        "runs": [run("a", 0, 0.5, wall_seconds=3), run("a", 1, 0.25, steps=7)],
        "made_with": {"machine": {"cores": 2}},
        "scores": {"sharpness": [1, 0.125], "flag": True},
    }
    assert dict(comparison.numbers(content)) == {
        "runs/a, 0/scores/test/error": 0.5,
        "runs/a, 1/scores/test/error": 0.25,
        "scores/sharpness/0": 1,
        "scores/sharpness/1": 0.125,
    }


@pytest.fixture
def fresh(tmp_path):
    """Writes the json that was there and the fresh one; gives the path of the latter."""

    def write(there, now):
        (tmp_path / "fresh").mkdir()
        if there is not None:
            (tmp_path / "a.json").write_text(there)
        (tmp_path / "fresh" / "a.json").write_text(json.dumps(now))
        return tmp_path / "fresh" / "a.json"

    return write


def test_what_differs_is_printed(fresh, capsys):
    there = json.dumps(runs_table(run("a", 0, 0.5), run("b", 0, 0.25), run("c", 0, 1)))
    comparison.compare(fresh(there, runs_table(run("b", 0, 0.375), run("a", 0, 0.5))))
    first, lacking, second = capsys.readouterr().out.splitlines()
    assert first.startswith("1 of 2 numbers are those of")
    assert lacking.startswith("1 numbers of ") and lacking.endswith("were not measured now")
    assert second == "  runs/b, 0/scores/test/error  0.25 there, 0.375 now, +0.125"


def test_nothing_to_compare_with(fresh, capsys):
    comparison.compare(fresh(None, {}))
    assert "There is no " in capsys.readouterr().out


def test_a_damaged_json_is_one_sentence(fresh):
    with pytest.raises(UserError, match=r"a\.json is damaged"):
        comparison.compare(fresh("[", {}))


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((6, 3, "figures/table1", 1, 2), "3 of 6 taken from figures/table1, 1 measured now, "),
        ((2, 2, "runs"), "2 of 2 taken from runs\n"),
        ((1, 0, "runs", 0, 1), "0 of 1 taken from runs, 1 trained now\n"),
    ],
)
def test_where_results_come_from(numbers, sentence, capsys):
    comparison.tell(*numbers)
    assert capsys.readouterr().out.startswith(sentence)

"""The layout: who may import whom, read from the code."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "vae_gan_tf"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(path: Path) -> set[str]:
    """All modules that a file imports when it is run, inside of functions too."""
    tree = ast.parse(path.read_text())
    skipped = {id(it) for node in ast.walk(tree) if is_type_checking(node) for it in ast.walk(node)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} has a relative import"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in FILES else node.module for name in inside}
    return names


IMPORTS = {name: imported(path) for name, path in FILES.items()}


def room(module: str) -> str:
    """The package below vae_gan_tf, or the module that stands alone there."""
    return ".".join(module.split(".")[:2])


def test_everything_is_read():
    assert "vae_gan_tf.models.vae" in IMPORTS["vae_gan_tf"]
    assert "keras" in IMPORTS["vae_gan_tf.models.vae"]
    assert len(FILES) > 40


@pytest.mark.parametrize(
    ("rooms", "forbidden"),
    [
        (("models", "conditions", "checks", "likelihoods"), ("networks", "datasets", "plotting")),
        (("models",), ("evaluation", "training", "pretrained")),
        (("networks", "datasets"), ("models", "evaluation", "training", "plotting")),
        (("plotting",), ("datasets", "evaluation", "training")),
        (("training",), ("models", "networks", "evaluation")),
        (("evaluation",), ("training", "plotting")),
    ],
)
def test_what_a_room_does_not_import(rooms, forbidden):
    for module, names in IMPORTS.items():
        if room(module).removeprefix("vae_gan_tf.") in rooms:
            for name in names:
                assert room(name).removeprefix("vae_gan_tf.") not in forbidden, (module, name)


def test_only_the_experiments_know_the_experiments_and_flags():
    for module, names in IMPORTS.items():
        if room(module) != "vae_gan_tf.experiments":
            for name in names:
                assert name.split(".")[0] != "absl", module
                assert room(name) != "vae_gan_tf.experiments", module


@pytest.mark.parametrize("level", [room, lambda module: module], ids=["rooms", "modules"])
def test_no_imports_in_a_circle(level):
    graph: dict[str, set[str]] = {}
    for module, names in IMPORTS.items():
        # The package itself is imported with each of its modules.
        inside = {level(name) for name in names if name in FILES and name != "vae_gan_tf"}
        graph.setdefault(level(module), set()).update(inside - {level(module)})
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError


def test_a_script_is_a_docstring_and_a_call():
    scripts = sorted((ROOT / "reproduce").glob("*.py"))
    assert len(scripts) > 20
    for path in scripts:
        docstring, imports, call = ast.parse(path.read_text()).body
        assert ast.get_docstring(ast.parse(path.read_text())), path
        assert isinstance(docstring, ast.Expr) and isinstance(imports, ast.ImportFrom), path
        assert ast.unparse(call) == (f"if __name__ == '__main__':\n    run('{path.stem}')"), path

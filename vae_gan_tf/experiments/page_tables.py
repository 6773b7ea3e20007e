"""What the tables of README and docs hold: their heads, and their rows with numbers of the json.

How a number is written, "{file > key > ... | format}", stands at `pages.filled`.
"""

import itertools
from collections.abc import Sequence

from vae_gan_tf.experiments.scale import problems
from vae_gan_tf.experiments.step_time import TIMED
from vae_gan_tf.experiments.table1 import AS_WITH_GAN, REPORT
from vae_gan_tf.pretrained.catalogue import SHIPPED

Table = Sequence[Sequence[str]]
"""The cells of each line, the heads first."""

SCORES = {
    "label_accuracy": ("read as asked, %", "%"),
    "accepted": ("accepted, %", "%"),
    "sharpness_gradient": ("sharpness, gradient", ""),
    "sharpness_laplacian": ("sharpness, Laplacian", ""),
    "diversity_worst_class": ("diversity, worst class", ""),
    "frechet_distance": ("Frechet distance", ""),
    "precision": ("precision", ""),
    "recall": ("recall", ""),
    "colour_variety": ("variety of colours", ""),
    "colour_variety_worst_axis": ("variety of colours, worst axis", ""),
    "reconstruction_accuracy": ("reconstructions read rightly, %", "%"),
    "squared_error": ("reconstructions, squared error", ""),
    "rarest_class": ("rarest class, % of accepted", "%"),
    "commonest_class": ("commonest class, % of accepted", "%"),
}
"""The head and the format of each score."""

COLOURS = ("colour_variety", "colour_variety_worst_axis")

LACKING = {
    "real": ("reconstruction_accuracy", "squared_error", "rarest_class", "commonest_class"),
    "mnist": COLOURS,
}
"""The scores that files do not have whose names have a word."""

TRIED = "scores-mnist-weights/mnist-"
CHANGES = {
    f"{TRIED}cvae-gan-earlier-seed-1": "none, seed 1",
    f"{TRIED}cvae-gan-earlier-seed-2": "none, seed 2",
    f"{TRIED}cvae-gan-beta_1-0.9": "beta_1 0.9",
    f"{TRIED}cvae-gan-constant-rate": "learning rate constant",
    f"{TRIED}cvae-gan-size-5": "convolutions of size 5",
    f"{TRIED}cvae-gan-relus": "ReLUs in the discriminator",
    f"{TRIED}cvae-gan-normalised-by-batches": "discriminator normalised by batches",
}
"""The scores of CVAE-GAN on MNIST, and what its networks change in the preset as it was."""

SVHN_CHANGES = {
    "scores/svhn_small-cvae-gan-improved": "none, seed 0",
    "scores-svhn_small-weights/svhn_small-cvae-gan-seed-1": "none, seed 1",
}
"""The same on svhn_small."""

TENTH = f"{TRIED}draw-gan-tenth-"
DRAW_CHANGES = {
    "scores/mnist-draw-gan-improved": "none, seed 0",
    f"{TRIED}draw-gan-seed-1": "none, seed 1",
    f"{TRIED}draw-gan-seed-2": "none, seed 2",
    f"{TRIED}draw-gan-three-glimpses": "three windows for the discriminator besides, seed 0",
    f"{TRIED}draw-gan-ten-canvases": "one of the last ten canvases for the discriminator, seed 0",
    f"{TRIED}draw-gan-no-penalty": "no penalty on the discriminator's gradient, seed 0",
    f"{TRIED}draw-gan-no-information": "no information, seed 0",
    **{
        f"{TENTH}seed-{seed}": f"reconstructions at a tenth of their weight, seed {seed}"
        for seed in range(3)
    },
    f"{TENTH}without-labels": "the same, without labels, seed 0",
    f"{TENTH}from-initial-weights": "the same, from initial weights, seed 0",
}
"""The files of scores of DRAW-GAN, and what its networks change in the preset improved."""

REPORTED = f"{TRIED}draw-gan-as-reported-other-discriminator"
REPORTED_CHANGES = {
    REPORTED: "none",
    f"{REPORTED}-three-glimpses": "three windows for the discriminator besides",
    f"{REPORTED}-ten-canvases": "one of the last ten canvases for the discriminator",
}
"""The same, of runs with the preset report and the discriminator of the preset improved."""

ERRORS = " > scores > test/error | %2"
"""Mean and deviation of the test errors of runs."""


def score(file: str, name: str, form: str = "") -> str:
    """A score of a file of scores, with its error unless the form is "v"."""
    unit = SCORES[name][1] + form
    return f"{{{file} > scores > {name}{' | ' + unit if unit else ''}}}"


def beside(names: Sequence[str], columns: dict[str, str], form: str = "") -> Table:
    """Scores as rows, files as columns.

    Args:
        names: of the scores.
        columns: the head of each file.
        form: "v" for scores without their errors.
    """
    return [
        ["", *columns.values()],
        *(
            [
                SCORES[name][0],
                *(
                    ""
                    if any(word in file and name in lacking for word, lacking in LACKING.items())
                    else score(file, name, form)
                    for file in columns
                ),
            ]
            for name in names
        ),
    ]


def changes(names: Sequence[str], rows: dict[str, str]) -> Table:
    """Files as rows, scores as columns.

    Args:
        names: of the scores.
        rows: the head of each file.
    """
    return [
        ["change", *(SCORES[name][0] for name in names)],
        *([head, *(score(file, name) for name in names)] for file, head in rows.items()),
    ]


def bounds(runs: dict[str, str]) -> Table:
    """Length and bound of runs, a row each.

    Args:
        runs: the head of each run, by the path to it.
    """
    return [
        [
            *("", "epochs", "steps", "negative bound, test", "of this, KL"),
        ],
        *(
            [
                head,
                f"{{{run} > epochs | 0}}",
                f"{{{run} > steps | 0}}",
                f"{{{run} > scores > test/elbo | -1}}",
                f"{{{run} > scores > test/kl | 1}}",
            ]
            for run, head in runs.items()
        ),
    ]


STEP = {
    "ms a step": "milliseconds | 0",
    "images/s": "images_per_second | 0",
    "waiting for input, %": "input_share | %1",
    "share of the product's rate, %": "ceiling_share | %0",
    "product, GFLOP/s": "ceiling_gigaflop_per_second | 0",
    "peak GB": "peak_gigabytes | 2",
}
"""What is told of a step, and its number in the json."""


def speed() -> Table:
    """The time of a step of each model in each precision."""
    rounds = ", ".join(f"rounds > 0 > {place} | 0" for place in range(3))
    first = {"first step, s": "first_step_seconds | 1", "ms a step, in each round": rounds}
    columns = first | STEP
    rows = [["model", "precision", *columns]]
    for model, precision in itertools.product(TIMED, ("float32", "mixed_bfloat16")):
        row = f"step_time > rows > model={model} > precision={precision}"
        numbers = (
            ", ".join(f"{{{row} > {number}}}" for number in numbers.split(", "))
            for numbers in columns.values()
        )
        rows.append([model, precision, *numbers])
    return rows


def scale() -> Table:
    """Time and memory of a step against the size of the problem."""
    rows = [["", "", "model", "million weights", "ms a step", "peak GB"]]
    for place, problem in enumerate(problems()):
        step = f"scale > steps > {place}"
        rows.append(
            [
                problem.axis,
                problem.value,
                problem.model,
                f"{{{step} > weights | M2}}",
                f"{{{step} > milliseconds | 0}}",
                f"{{{step} > peak_gigabytes | 2}}",
            ]
        )
    return rows


def gradients() -> Table:
    """The bytes of the gradients of a step of each model."""
    rows = [["model", "gradients of a step, MB"]]
    for name in GRADIENTS:
        rows.append([name, f"{{scale > gradients > model={name} > bytes | M1}}"])
    return rows


def disk() -> Table:
    """What the files of a run take."""
    kinds = ("checkpoints", "tensorboard", "saved_model", "all")
    rows = [["a finished run on MNIST, MB", "checkpoints", "TensorBoard", "SavedModel", "all"]]
    for name in ("cvae", "cvae-gan", "semi-supervised", "draw"):
        run = f"scale > disk > model={name}"
        rows.append([name, *(f"{{{run} > {kind} | M0}}" for kind in kinds)])
    return rows


def kills() -> Table:
    """What became of scripts that were killed."""
    heads = ["script", "operations on files", "kills", "chains", "ended with the same results"]
    rows = [[*heads, "left over or damaged"]]
    for name in KILLED:
        entry = f"kills > scripts > script={name}"
        numbers = [f"{{{entry} > {key} | 0}}" for key in ("operations", "kills", "chains", "same")]
        rows.append([name, *numbers, f"{{{entry} > 0 > faults | n}}"])
    return rows


def fashion() -> Table:
    """The figures of Fashion-MNIST beside those of MNIST."""
    rows = [["figure", "model", "epochs", *(what for what, _ in FASHION_SCORES.values())]]
    for figure, model in FASHION.items():
        runs = (f"other/{figure}-fashion_mnist > runs > 0", f"{figure} > runs > 0")
        scored = [
            " (".join(f"{{{run} > scores > {name} | {form}}}" for run in runs) + ")"
            if not (name == "label_accuracy" and model == "DRAW")
            else ""
            for name, (_, form) in FASHION_SCORES.items()
        ]
        rows.append([figure, model, f"{{{runs[0]} > epochs | 0}}", *scored])
    return rows


FASHION = {"figure6": "CVAE", "figure7": "CVAE-GAN", "figure9": "CVAE, simple", "figure10": "DRAW"}
"""The model of each figure that was made of Fashion-MNIST."""

FASHION_SCORES = {
    "label_accuracy": ("read as asked, %", "%1"),
    "accepted": ("accepted, %", "%1"),
    "reconstruction_accuracy": ("reconstructions read rightly, %", "%1"),
    "test/elbo": ("negative bound, nats", "-1"),
}
"""The head and the format of each of their scores."""

GRADIENTS = ("vae", "cvae", "semi-supervised", "draw", "vae-gan", "cvae-gan", "draw-gan")
"""Models whose gradients are in a table; those of the others are nearly as large."""

MNIST, SVHN = "MNIST", "svhn_small"

READ, TAKEN, BOUND = "read as asked, %", "accepted, %", "negative bound, nats"
"""What models are measured by in the table of the project."""

PIXELS = "{figure8 > runs > %d > missing_pixels > importance_weighted}"
STYLE = "{figure9 > runs > %d > style > %s > correlation}"
LATENT = "latent_space-mnist > runs > 1"
NATS = "draw_likelihood-mnist_binarised > runs > 0"
IMPROVED, GIVEN = " --preset=improved", " --conditional --dataset=mnist"


def one(
    title: str, name: str, what: str, command: str, run: str, obtained: str | None = None
) -> Sequence[str]:
    """A row of the table of the project, of one run.

    Args:
        title: of the model.
        name: of its weights, if they ship: that of the model and of the data set.
        what: is measured.
        command: without its folder.
        run: the path to it in the json.
        obtained: the number; None for the one of `READ`, `TAKEN` or `BOUND`.
    """
    model, _, data = name.rpartition("-")
    scores = f"scores/{data}-{model}"
    numbers = {
        READ: score(scores, "label_accuracy"),
        TAKEN: score(scores, "accepted"),
        BOUND: f"{{{run} > scores > test/elbo | -1}}",
    }
    return [
        title,
        {"mnist": MNIST, "mnist_binarised": "MNIST of 0 and 1"}.get(data, data),
        what,
        obtained or numbers[what],
        "1",
        "",
        f"`{command}`",
        f"{{{run} > all_seconds | h2}}",
        f"`{name}`" if name in SHIPPED else "",
    ]


ROWS_OF_TABLE_1 = (
    ("table1", "Fully connected", "fully connected"),
    ("table1", "Convolutional", "convolutional"),
    ("table1", "Convolutional with GAN", "convolutional with GAN"),
    ("table1-improved", "Convolutional", "convolutional, `improved`"),
    ("table1-improved", "Convolutional, as with GAN", "convolutional, `improved`, as with GAN"),
    ("table1-improved", "Convolutional with GAN", "convolutional with GAN, `improved`"),
)
"""The json, its row, and the row here."""


def reported(file: str, name: str, labels: int) -> str:
    """The report's number of a row, which has none of the preset improved."""
    return str(REPORT[name][labels]) if file == "table1" else ""


WEIGHTS = {
    ("table1-improved", "Convolutional"): "`semi-supervised-improved-mnist`",
    ("table1-improved", "Convolutional with GAN"): "`semi-supervised-gan-improved-mnist`",
}
"""The weights of rows of table 1, with 1000 labels."""


def few_labels() -> Table:
    """Table 1, and how long each row was trained."""
    heads = ["", "epochs", "steps", "images a step, labelled + other", "hours"]
    rows = [[*heads, "1000 labels", "runs", "report", "600 labels", "runs", "report"]]
    for file, name, head in ROWS_OF_TABLE_1:
        runs = f"{file} > runs > row={name}"
        first = f"{runs} > labels=1000 > 0"
        batch = f"{first} > settings > "
        row = [
            head,
            f"{{{first} > epochs | 0}}",
            f"{{{first} > steps | 0}}",
            f"{{{batch}labelled_batch | 0}} + {{{batch}batch_size | 0}}",
            f"{{{runs} > labels=1000 > wall_seconds | hv2}}",
        ]
        for labels in (1000, 600):
            cell = f"{runs} > labels={labels}"
            row += [f"{{{cell}{ERRORS}}}", f"{{{cell} | n}}", reported(file, name, labels)]
        rows.append(row)
    return rows


def errors() -> Table:
    """The rows of table 1 in the table of the project, without heads."""
    return [
        [
            f"semi-supervised, {title}",
            f"{MNIST}, {labels} labels",
            "test error, %",
            f"{{{runs}{ERRORS}}}",
            f"{{{runs} | n}}",
            reported(file, name, labels),
            f'`table1.py{flag} --row="{name}" --column={labels} --seeds={{{runs} | n}}`',
            f"{{{runs} > wall_seconds | hv2}}",
            WEIGHTS.get((file, name), "") if labels == 1000 else "",
        ]
        for file, name, title in ROWS_OF_TABLE_1
        for labels in (1000, 600)
        for runs in [f"{file} > runs > row={name} > labels={labels}"]
        for flag in [IMPROVED if file == "table1-improved" else ""]
    ]


PROJECT: Table = [
    ["model", "data", "score", "obtained", "seeds", "report", "command", "hours", "weights"],
    one("VAE", "vae-mnist", BOUND, "vae_gan.py", "vae_gan > runs > 0"),
    one("VAE", "vae-svhn_small", BOUND, "vae_gan.py", "vae_gan > runs > 2"),
    one("VAE-GAN", "vae-gan-mnist", TAKEN, "vae_gan.py", "vae_gan > runs > 1"),
    one("VAE-GAN", "vae-gan-svhn_small", TAKEN, "vae_gan.py", "vae_gan > runs > 3"),
    one(
        "VAE-GAN, `improved`",
        "vae-gan-improved-mnist",
        TAKEN,
        "vae_gan.py" + IMPROVED,
        "vae_gan-improved > runs > 0",
    ),
    one(
        "VAE-GAN, `improved`",
        "vae-gan-improved-svhn_small",
        TAKEN,
        "vae_gan.py" + IMPROVED,
        "vae_gan-improved > runs > 1",
    ),
    one("VAE, code of 2 numbers", "vae-2d-mnist", BOUND, "latent_space.py", LATENT),
    one("CVAE", "cvae-mnist", READ, "figure6.py", "figure6 > runs > 0"),
    one("CVAE", "cvae-svhn_small", READ, "figure6.py", "figure6 > runs > 1"),
    one("CVAE-GAN", "cvae-gan-mnist", READ, "figure7.py", "figure7 > runs > 0"),
    one("CVAE-GAN", "cvae-gan-svhn_small", READ, "figure7.py", "figure7 > runs > 1"),
    *(
        one(
            "CVAE-GAN, `improved`",
            f"cvae-gan-improved-{data}",
            READ,
            "figure7.py" + IMPROVED,
            f"figure7-improved > runs > {place}",
        )
        for place, data in enumerate(("mnist", "svhn_small"))
    ),
    *(
        one(
            "CVAE of halves",
            f"cvae-left-{data}",
            "missing half, nats",
            "figure8.py",
            f"figure8 > runs > {place}",
            PIXELS % place,
        )
        for place, data in enumerate(("mnist", "svhn_small"))
    ),
    *(
        one(
            "CVAE, simple",
            f"cvae-simple-{data}",
            f"{what.replace('_', ' ')} kept, correlation",
            "figure9.py",
            f"figure9 > runs > {place}",
            STYLE % (place, what),
        )
        for place, data, what in ((0, "mnist", "slant"), (1, "svhn_small", "mean_colour"))
    ),
    one("DRAW", "draw-mnist", TAKEN, "figure10.py", "figure10 > runs > 0"),
    one("DRAW", "draw-svhn_small", BOUND, "figure10.py", "figure10 > runs > 1"),
    one(
        "DRAW of 64 steps",
        "draw-mnist_binarised",
        BOUND,
        "draw_likelihood.py",
        NATS,
        f"{{{NATS} > nats > test > bound}}",
    ),
    one(
        "conditional DRAW",
        "cdraw-mnist",
        READ,
        "figure10.py" + GIVEN,
        "figure10-conditional-mnist > runs > 0",
    ),
    one("DRAW-GAN", "draw-gan-mnist", TAKEN, "figure11.py", "figure11 > runs > 0"),
    one("DRAW-GAN", "draw-gan-svhn_small", BOUND, "figure11.py", "figure11 > runs > 1"),
    one(
        "DRAW-GAN, `improved`",
        "draw-gan-improved-mnist",
        TAKEN,
        "figure11.py" + IMPROVED,
        "figure11-improved > runs > 0",
    ),
    one(
        "conditional DRAW-GAN",
        "cdraw-gan-mnist",
        READ,
        "figure11.py" + GIVEN,
        "figure11-conditional-mnist > runs > 0",
        score("scores-mnist-weights/mnist-cdraw-gan", "label_accuracy"),
    ),
    *errors(),
]
"""A row for each model and data set."""

CVAES = {
    "scores/mnist-cvae": "CVAE",
    "scores/mnist-cvae-gan": "CVAE-GAN",
    "scores/mnist-cvae-gan-improved": "improved",
    "scores/mnist-real-test-images": "real",
    "scores/svhn_small-cvae": "CVAE, SVHN",
    "scores/svhn_small-cvae-gan": "CVAE-GAN, SVHN",
    "scores/svhn_small-cvae-gan-improved": "improved, SVHN",
    "scores/svhn_small-real-test-images": "real, SVHN",
}
"""The columns of the comparison."""

SHOWN = (
    "label_accuracy",
    "sharpness_gradient",
    "sharpness_laplacian",
    "diversity_worst_class",
    "frechet_distance",
    "precision",
    "recall",
)
"""The scores of the comparison."""

SHOWN_WITHOUT_LABEL = (
    "accepted",
    "rarest_class",
    "commonest_class",
    *SHOWN[2:],
    "reconstruction_accuracy",
)
"""The scores of models that are given no label."""

VAES = {
    "scores/mnist-vae": "VAE",
    "scores/mnist-vae-gan": "VAE-GAN",
    "scores/mnist-vae-gan-improved": "improved",
    "scores/mnist-real-test-images": "real",
    "scores/svhn_small-vae": "VAE, SVHN",
    "scores/svhn_small-vae-gan": "VAE-GAN, SVHN",
    "scores/svhn_small-vae-gan-improved": "improved, SVHN",
    "scores/svhn_small-real-test-images": "real, SVHN",
}
"""The columns of VAE-GAN."""

DRAWS = {
    "scores/mnist-draw": "DRAW",
    "scores/mnist-draw-gan": "DRAW-GAN",
    "scores/mnist-draw-gan-improved": "improved",
    "scores/mnist-real-test-images": "real",
}
"""The columns of DRAW-GAN."""

FAILURES = (
    (
        "CVAE-GAN draws weird images of SVHN",
        "its discriminator is normalised by batches, and so blind to the checkerboard that all "
        "generated images share",
        "a discriminator that is normalised image by image, and not at all in its first layer; "
        "convolutions of stride 2 and size 4; a discriminator that sees images moved and cut",
        "sharpness, Laplacian (real 1); of `improved` two runs",
        score("scores/svhn_small-cvae-gan", "sharpness_laplacian"),
        ", ".join(score(file, "sharpness_laplacian") for file in SVHN_CHANGES),
    ),
    (
        "a GAN makes the semi-supervised model worse",
        "here, a discriminator beside the classifier teaches it nothing, and there were fewer "
        "epochs at a smaller learning rate",
        "the classifier is the discriminator too; other networks, moved images, the same epochs",
        "test error, %, 1000 labels: without, with (of `improved` at the same settings)",
        ", ".join(
            f"{{table1 > runs > row={row} > labels=1000{ERRORS}}}"
            for row in ("Convolutional", "Convolutional with GAN")
        ),
        ", ".join(
            f"{{table1-improved > runs > row={row} > labels=1000{ERRORS}}}"
            for row in (AS_WITH_GAN, "Convolutional with GAN")
        ),
    ),
    (
        "DRAW-GAN draws winding strokes",
        "the blindness of CVAE-GAN's discriminator",
        "the discriminator of the improved CVAE-GAN, with a softmax that knows the classes of real "
        "images, and a penalty on its gradient",
        "accepted, %",
        score("scores/mnist-draw-gan", "accepted"),
        score("scores/mnist-draw-gan-improved", "accepted"),
    ),
    (
        "VAE-GAN reconstructs another digit (the report shows none of its images)",
        "with the weights of its losses the feature loss asks for little of the image in the code",
        "the cross-entropy on pixels, and the discriminator of DRAW-GAN",
        "reconstructions read rightly, %: MNIST, svhn_small",
        ", ".join(
            score(f"scores/{data}-vae-gan", "reconstruction_accuracy")
            for data in ("mnist", "svhn_small")
        ),
        ", ".join(
            score(f"scores/{data}-vae-gan-improved", "reconstruction_accuracy")
            for data in ("mnist", "svhn_small")
        ),
    ),
)
"""Failure, cause, remedy, score, the score before and after."""

KILLED = (
    "figure7, CVAE-GAN",
    "figure9, simple CVAE",
    "figure10, DRAW",
    "table 1, two cells",
    "ablations, a cell each",
    "figure7, two devices",
    "figure10, two devices",
    "table 1, a cell, two devices",
    "figure9, fresh data folder",
)
"""The scripts that tests/by_hand/kills.py kills."""

TABLES: dict[str, Table] = {
    "kills": kills(),
    "project": PROJECT,
    "table 1": few_labels(),
    "CVAE and CVAE-GAN": beside((*SHOWN, *COLOURS), CVAES, "v"),
    "figure 6": bounds({"figure6 > runs > 0": MNIST, "figure6 > runs > 1": SVHN}),
    "figure 7": bounds(
        {
            "figure7 > runs > 0": MNIST,
            "figure7-improved > runs > 0": f"{MNIST}, `improved`",
            "figure7 > runs > 1": SVHN,
            "figure7-improved > runs > 1": f"{SVHN}, `improved`",
        }
    ),
    "changes of improved": changes(SHOWN, CHANGES),
    "changes of improved, SVHN": changes((*SHOWN, *COLOURS), SVHN_CHANGES),
    "changes of DRAW-GAN": changes(SHOWN_WITHOUT_LABEL, DRAW_CHANGES),
    "changes of DRAW-GAN as reported": changes(SHOWN_WITHOUT_LABEL, REPORTED_CHANGES),
    "scores of VAE": beside((*SHOWN_WITHOUT_LABEL, "squared_error", *COLOURS), VAES, "v"),
    "scores of DRAW": beside(SHOWN_WITHOUT_LABEL, DRAWS, "v"),
    "failures": [
        ["failure", "cause", "mended by", "score", "`report`", "`improved`"],
        *FAILURES,
    ],
    "VAE and VAE-GAN": bounds(
        {
            "vae_gan > runs > 0": f"VAE, {MNIST}",
            "vae_gan > runs > 1": f"VAE-GAN, {MNIST}",
            "vae_gan-improved > runs > 0": f"VAE-GAN, {MNIST}, `improved`",
            "vae_gan > runs > 2": f"VAE, {SVHN}",
            "vae_gan > runs > 3": f"VAE-GAN, {SVHN}",
            "vae_gan-improved > runs > 1": f"VAE-GAN, {SVHN}, `improved`",
        }
    ),
    "figure 8": [
        ["", "epochs", "negative bound, test", "missing half, nats", "without z"],
        *(
            [
                data,
                f"{{figure8 > runs > {place} > epochs | 0}}",
                f"{{figure8 > runs > {place} > scores > test/elbo | -1}}",
                f"{{figure8 > runs > {place} > missing_pixels > importance_weighted}}",
                f"{{figure8 > runs > {place} > missing_pixels > deterministic}}",
            ]
            for place, data in enumerate((MNIST, SVHN))
        ),
    ],
    "figure 9": [
        ["", "correlation", "shuffled pairs"],
        *(
            [
                f"{what.replace('_', ' ')}, {data}",
                f"{{figure9 > runs > {place} > style > {what} > correlation}}",
                f"{{figure9 > runs > {place} > style > {what} > shuffled}}",
            ]
            for place, data, what in (
                (0, MNIST, "thickness"),
                (0, MNIST, "slant"),
                (1, SVHN, "mean_colour"),
                (1, SVHN, "contrast"),
            )
        ),
    ],
    "figures 10 and 11": [
        [
            *("", "epochs", "negative bound, test", "of this, KL"),
            *("accepted, %", "reconstructions read rightly, %"),
        ],
        *(
            [
                head,
                f"{{{run} > epochs | 0}}",
                f"{{{run} > scores > test/elbo | -1}}",
                f"{{{run} > scores > test/kl | 1}}",
                *(
                    f"{{{run} > scores > {name} | %1}}" if data == MNIST else ""
                    for name in ("accepted", "reconstruction_accuracy")
                ),
            ]
            for run, head, data in (
                ("figure10 > runs > 0", "DRAW", MNIST),
                ("figure10-conditional-mnist > runs > 0", "conditional DRAW", MNIST),
                ("figure11 > runs > 0", "DRAW-GAN", MNIST),
                ("figure11-improved > runs > 0", "DRAW-GAN, `improved`", MNIST),
                ("figure11-mnist-custom > runs > 0", "DRAW-GAN, authors' weights", MNIST),
                ("figure11-conditional-mnist > runs > 0", "conditional DRAW-GAN", MNIST),
                ("figure10 > runs > 1", "DRAW, svhn_small", SVHN),
                ("figure11 > runs > 1", "DRAW-GAN, svhn_small", SVHN),
            )
        ),
    ],
    "likelihood of DRAW": [
        ["", "nats"],
        *(
            [head, f"{{draw_likelihood-mnist_binarised > runs > 0 > nats > test > {name}}}"]
            for name, head in (
                ("bound", "negative bound, test"),
                ("reconstruction", "of this, reconstruction"),
                ("log_likelihood", "importance-weighted, 20 codes"),
            )
        ),
        ["Gregor et al., negative bound, with attention", "80.97"],
        ["without attention", "87.40"],
    ],
    "speed": speed(),
    "scale": scale(),
    "Fashion-MNIST": fashion(),
    "gradients": gradients(),
    "disk": disk(),
}
"""All tables, by their names in the pages."""

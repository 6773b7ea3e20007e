"""What the tables of README and docs hold: their heads, and their rows with numbers of the json.

How a number is written, "{file > key > ... | format}", stands at `pages.filled`.
"""

from collections.abc import Sequence

Table = Sequence[Sequence[str]]
"""The cells of each line, the heads first."""

SCORES = {
    "label_accuracy": ("read as asked, %", "%"),
    "accepted": ("accepted, %", "%"),
    "sharpness_gradient": ("sharpness, gradient", ""),
    "sharpness_laplacian": ("sharpness, Laplacian", ""),
    "diversity_worst_class": ("diversity, worst class", ""),
    "frechet_distance": ("Frechet distance", ""),
    "recall": ("recall", ""),
}
"""The head and the format of each score."""

CHANGES = {
    "mnist-improved-seed-1": "none, seed 1",
    "mnist-improved-seed-2": "none, seed 2",
    "mnist-beta_1-0.9": "beta_1 0.9",
    "mnist-constant-rate": "learning rate constant",
    "mnist-size-5": "convolutions of size 5",
    "mnist-relus": "ReLUs in the discriminator",
    "mnist-normalised-by-batches": "discriminator normalised by batches",
}
"""What the networks in scores-mnist-weights change in the preset improved."""

ERRORS = " > scores > test/error | %2"


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
        *([SCORES[name][0], *(score(file, name, form) for file in columns)] for name in names),
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


def few_labels() -> Table:
    """Table 1, and how long each row was trained."""
    heads = ["", "epochs", "steps", "images a step, labelled + other", "hours"]
    rows = [[*heads, "1000 labels", "runs", "report", "600 labels", "runs", "report"]]
    for file, name, head, report in (
        ("table1", "Fully connected", "fully connected", ("5.1", "12.0")),
        ("table1", "Convolutional", "convolutional", ("4.8", "6.2")),
        ("table1", "Convolutional with GAN", "convolutional with GAN", ("8.1", "9.2")),
        ("table1-improved", "Convolutional", "convolutional, `--preset=improved`", ("", "")),
        ("table1-improved", "Convolutional with GAN", "the same with GAN", ("", "")),
    ):
        runs = f"{file} > runs > row={name}"
        first = f"{runs} > labels=1000 > 0"
        row = [
            head,
            f"{{{first} > epochs | 0}}",
            f"{{{first} > steps | 0}}",
            f"{{{first} > settings > labelled_batch | 0}} + "
            f"{{{first} > settings > batch_size | 0}}",
            f"{{{runs} > labels=1000 > wall_seconds | hv2}}",
        ]
        for labels, theirs in zip((1000, 600), report, strict=True):
            cell = f"{runs} > labels={labels}"
            row += [f"{{{cell}{ERRORS}}}", f"{{{cell} | n}}", theirs]
        rows.append(row)
    return rows


def speed() -> Table:
    """The time of a step of each model."""
    heads = ["model", "precision", "ms a step", "images/s", "waiting for input, %"]
    models = ("vae", "cvae", "vae-gan", "cvae-gan", "semi-supervised/fully_connected")
    rows = [[*heads, "share of the product's rate, %", "product, GFLOP/s", "peak GB"]]
    for model in (*models, "semi-supervised", "draw", "draw-gan"):
        for precision in ("float32", "mixed_bfloat16"):
            row = f"step_time > rows > model={model} > precision={precision}"
            rows.append(
                [
                    model,
                    precision,
                    f"{{{row} > milliseconds | 0}}",
                    f"{{{row} > images_per_second | 0}}",
                    f"{{{row} > input_share | %1}}",
                    f"{{{row} > ceiling_share | %0}}",
                    f"{{{row} > ceiling_gigaflop_per_second | 0}}",
                    f"{{{row} > peak_gigabytes | 2}}",
                ]
            )
    return rows


PROJECT_HEADS = (
    *("model", "data", "score", "obtained", "seeds", "report", "command", "hours", "weights"),
)

MNIST, SVHN = "MNIST", "svhn_small"
READ, BOUND, TAKEN = "read as asked, %", "negative bound, nats", "accepted, %"


def one(
    model: str, data: str, what: str, obtained: str, command: str, run: str, weights: str = ""
) -> Sequence[str]:
    """A row of the table of the project, of one run."""
    weights = f"`{weights}`" if weights else ""
    hours = f"{{{run} > wall_seconds | h2}}"
    return [model, data, what, obtained, "1", "", f"`{command}`", hours, weights]


def test_errors() -> list[Sequence[str]]:
    """The rows of table 1 in the table of the project."""
    rows: list[Sequence[str]] = []
    for file, name, model, flag, report, weights in (
        ("table1", "Fully connected", "fully connected", "", ("5.1", "12.0"), ""),
        ("table1", "Convolutional", "convolutional", "", ("4.8", "6.2"), ""),
        ("table1", "Convolutional with GAN", "convolutional, GAN", "", ("8.1", "9.2"), ""),
        (
            *("table1-improved", "Convolutional", "convolutional, `improved`"),
            *(" --preset=improved", ("", ""), "semi-supervised-improved-mnist"),
        ),
        (
            *("table1-improved", "Convolutional with GAN", "convolutional, GAN, `improved`"),
            *(" --preset=improved", ("", ""), "semi-supervised-gan-improved-mnist"),
        ),
    ):
        for labels, theirs in zip((1000, 600), report, strict=True):
            runs = f"{file} > runs > row={name} > labels={labels}"
            seeds = 5 if file == "table1-improved" and labels == 1000 else 3
            rows.append(
                [
                    f"semi-supervised, {model}",
                    f"{MNIST}, {labels} labels",
                    "test error, %",
                    f"{{{runs}{ERRORS}}}",
                    f"{{{runs} | n}}",
                    theirs,
                    f"`table1.py{flag} --column={labels} --seeds={seeds}`",
                    f"{{{runs} > wall_seconds | hv2}}",
                    f"`{weights}`" if weights and labels == 1000 else "",
                ]
            )
    return rows


def project() -> Table:
    """A row for each model and data set."""

    def sampled(file: str, name: str) -> str:
        return score(f"scores/{file}", name)

    def bound(run: str) -> str:
        return f"{{{run} > scores > test/elbo | -1}}"

    pixels = " > missing_pixels > importance_weighted"
    style = "figure9 > runs > {} > style > {} > correlation"
    vae, left = "vae_gan > runs > {}", "figure8 > runs > {}"
    six, seven, better = (
        "figure6 > runs > {}",
        "figure7 > runs > {}",
        "figure7-improved > runs > {}",
    )
    nine, ten, eleven = "figure9 > runs > {}", "figure10 > runs > {}", "figure11 > runs > {}"
    read, taken = "label_accuracy", "accepted"
    draw_gan = "figure11-improved > runs > 0"
    cdraw, cdraw_gan = (
        "figure10-conditional-mnist > runs > 0",
        "figure11-conditional-mnist > runs > 0",
    )
    nats = "draw_likelihood-mnist_binarised > runs > 0"
    improved, conditional = " --preset=improved", " --conditional --dataset=mnist"
    return [
        PROJECT_HEADS,
        one("VAE", MNIST, BOUND, bound(vae.format(0)), "vae_gan.py", vae.format(0), "vae-mnist"),
        one(
            "VAE", SVHN, BOUND, bound(vae.format(2)), "vae_gan.py", vae.format(2), "vae-svhn_small"
        ),
        one(
            *("VAE-GAN", MNIST, TAKEN, sampled("mnist-vae-gan", taken), "vae_gan.py"),
            *(vae.format(1), "vae-gan-mnist"),
        ),
        one(
            *("VAE-GAN", SVHN, TAKEN, sampled("svhn_small-vae-gan", taken), "vae_gan.py"),
            *(vae.format(3), "vae-gan-svhn_small"),
        ),
        one(
            *("CVAE", MNIST, READ, sampled("mnist-cvae", read), "figure6.py"),
            *(six.format(0), "cvae-mnist"),
        ),
        one(
            *("CVAE", SVHN, READ, sampled("svhn_small-cvae", read), "figure6.py"),
            *(six.format(1), "cvae-svhn_small"),
        ),
        one(
            *("CVAE-GAN", MNIST, READ, sampled("mnist-cvae-gan", read), "figure7.py"),
            *(seven.format(0), "cvae-gan-mnist"),
        ),
        one(
            *("CVAE-GAN", SVHN, READ, sampled("svhn_small-cvae-gan", read), "figure7.py"),
            *(seven.format(1), "cvae-gan-svhn_small"),
        ),
        one(
            *("CVAE-GAN, `improved`", MNIST, READ, sampled("mnist-cvae-gan-improved", read)),
            *("figure7.py" + improved, better.format(0), "cvae-gan-improved-mnist"),
        ),
        one(
            *("CVAE-GAN, `improved`", SVHN, READ, sampled("svhn_small-cvae-gan-improved", read)),
            *("figure7.py" + improved, better.format(1), "cvae-gan-improved-svhn_small"),
        ),
        one(
            *("CVAE of halves", MNIST, "missing half, nats", f"{{{left.format(0)}{pixels}}}"),
            *("figure8.py", left.format(0), "cvae-left-mnist"),
        ),
        one(
            *("CVAE of halves", SVHN, "missing half, nats", f"{{{left.format(1)}{pixels}}}"),
            *("figure8.py", left.format(1)),
        ),
        one(
            *("CVAE, simple", MNIST, "slant kept, correlation"),
            *(f"{{{style.format(0, 'slant')}}}", "figure9.py", nine.format(0), "cvae-simple-mnist"),
        ),
        one(
            *("CVAE, simple", SVHN, "mean colour kept, correlation"),
            *(f"{{{style.format(1, 'mean_colour')}}}", "figure9.py", nine.format(1)),
            "cvae-simple-svhn_small",
        ),
        one(
            *("DRAW", MNIST, TAKEN, sampled("mnist-draw", taken), "figure10.py"),
            *(ten.format(0), "draw-mnist"),
        ),
        one("DRAW", SVHN, BOUND, bound(ten.format(1)), "figure10.py", ten.format(1)),
        one(
            *("DRAW of 64 steps", "MNIST of 0 and 1", BOUND, f"{{{nats} > nats > test > bound}}"),
            *("draw_likelihood.py", nats),
        ),
        one(
            *("conditional DRAW", MNIST, READ, sampled("mnist-cdraw", read)),
            *("figure10.py" + conditional, cdraw, "cdraw-mnist"),
        ),
        one(
            *("DRAW-GAN", MNIST, TAKEN, sampled("mnist-draw-gan", taken), "figure11.py"),
            *(eleven.format(0), "draw-gan-mnist"),
        ),
        one("DRAW-GAN", SVHN, BOUND, bound(eleven.format(1)), "figure11.py", eleven.format(1)),
        one(
            *("DRAW-GAN, `improved`", MNIST, TAKEN, f"{{{draw_gan} > scores > accepted | %1}}"),
            *("figure11.py" + improved, draw_gan),
        ),
        one(
            *("conditional DRAW-GAN", MNIST, READ),
            score("scores-mnist-weights/mnist-cdraw-gan", read),
            *("figure11.py" + conditional, cdraw_gan),
        ),
        *test_errors(),
    ]


CVAES = {
    "scores/mnist-cvae": "CVAE",
    "scores/mnist-cvae-gan": "CVAE-GAN",
    "scores/mnist-cvae-gan-improved": "improved",
    "scores/svhn_small-cvae": "CVAE, SVHN",
    "scores/svhn_small-cvae-gan": "CVAE-GAN",
    "scores/svhn_small-cvae-gan-improved": "improved",
    "scores/mnist-real-test-images": "real, MNIST",
    "scores/svhn_small-real-test-images": "real, SVHN",
}

SHOWN = (
    *("label_accuracy", "sharpness_gradient", "sharpness_laplacian"),
    *("diversity_worst_class", "frechet_distance", "recall"),
)

TABLES: dict[str, Table] = {
    "project": project(),
    "table 1": few_labels(),
    "CVAE and CVAE-GAN": beside(SHOWN, CVAES, "v"),
    "figure 6": bounds({"figure6 > runs > 0": MNIST, "figure6 > runs > 1": SVHN}),
    "figure 7": bounds(
        {
            "figure7 > runs > 0": MNIST,
            "figure7-improved > runs > 0": f"{MNIST}, `improved`",
            "figure7 > runs > 1": SVHN,
            "figure7-improved > runs > 1": f"{SVHN}, `improved`",
        }
    ),
    "changes of improved": [
        ["change", *(SCORES[name][0] for name in SHOWN)],
        ["none", *(score("scores/mnist-cvae-gan-improved", name) for name in SHOWN)],
        *(
            [head, *(score(f"scores-mnist-weights/{file}", name) for name in SHOWN)]
            for file, head in CHANGES.items()
        ),
    ],
    "VAE and VAE-GAN": bounds(
        {
            "vae_gan > runs > 0": f"VAE, {MNIST}",
            "vae_gan > runs > 1": f"VAE-GAN, {MNIST}",
            "vae_gan > runs > 2": f"VAE, {SVHN}",
            "vae_gan > runs > 3": f"VAE-GAN, {SVHN}",
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
                ("figure11-mnist-custom > runs > 0", "DRAW-GAN, originals' weights", MNIST),
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
}
"""All tables, by their names in the pages."""

"""The numbers in the prose of README and docs/results.md, and where each comes from."""

import re

NUMBERS = {
    "README.md": [
        "7 took {figure7 > runs > 0 > wall_seconds | m0} minutes,",
        "minutes, and {scores/mnist-cvae-gan > scores > label_accuracy | %v} %",
        "has it: {step_time > rows > model=cvae-gan > precision=mixed_bfloat16"
        " > milliseconds | 0} ms",
        "ms for {step_time > rows > model=cvae-gan > precision=float32 > milliseconds | 0}",
        "on , {figure6 > runs > 1 > images > train | 0} images",
    ],
    "docs/improved.md": [],
    "docs/results.md": [
        "errs on {classifier-svhn_small > validation_accuracy | e1} %",
        "test images ({classifier-svhn_small > test_accuracy | e1} %).",
        "has {figure6 > runs > 1 > images > train | 0} training,",
        "training, {figure6 > runs > 1 > images > validation | 0} validation",
        "validation and {figure6 > runs > 1 > images > test | 0} test",
        "It reads {classifier > test_accuracy | %2} %",
        "or broken. {scores/mnist-cvae > scores > label_accuracy | %v} %",
        "more often: {scores/mnist-cvae-gan > scores > label_accuracy | %v} %",
        "% against {scores/mnist-cvae > scores > label_accuracy | %v} %.",
        "diversity is {scores/mnist-cvae-gan > diversity_of_classes > 2 | 2} of",
        "another digit: {scores/mnist-vae-gan > scores > reconstruction_accuracy | %v} %",
        "code has {vae_gan > runs > 1 > scores > test/kl | 1} nats,",
        "of VAE {vae_gan > runs > 0 > scores > test/kl | 1}. VAE-GAN",
        "estimate with {figure8 > runs > 0 > missing_pixels > importance_weighted"
        " > samples | 0} codes",
        "authors' programs: {figure8 > runs > 0 > originals_training_loss | 1} (MNIST)",
        "(MNIST) and {figure8 > runs > 1 > originals_training_loss | 1} (full",
        "SVHN); here {figure8 > runs > 0 > training_bound > elbo/elbo | -1} and",
        "and {figure8 > runs > 1 > training_bound > elbo/elbo | -1} (svhn_small).",
        "Measured on {figure9 > runs > 0 > style > images | 0} test",
        "report says; {figure9 > runs > 0 > style > label_accuracy | %v} %",
        "digit in {scores/mnist-cdraw > scores > label_accuracy | %v} %.",
        "DRAW-GAN reaches {scores-mnist-weights/mnist-cdraw-gan > scores > label_accuracy | %v} %,",
        "kinds: recall {scores-mnist-weights/mnist-cdraw-gan > scores > recall | v} against",
        "against {scores/mnist-cdraw > scores > recall | v}.",
        "KL is {figure11-mnist-custom > runs > 0 > scores > test/kl | 0} nats,",
        "then {draw_likelihood-mnist_binarised > runs > 0 > epochs | 0} epochs with",
        "Training ({draw_likelihood-mnist_binarised > runs > 0 > losses > loss | 1}) and",
        "validation images ({draw_likelihood-mnist_binarised > runs > 0 > validation"
        " > elbo/elbo | -1}) are",
        "images is {latent_space-mnist > runs > 1 > scores > test/elbo | -1}, that",
        "50 numbers {latent_space-mnist > runs > 0 > scores > test/elbo | -1}.",
        "(2014) have {table1 > kingma > Kingma et al., M2 > 1000 | 2} and",
        "and {table1 > kingma > Kingma et al., M2 > 600 | 2} by",
        "by M2, {table1 > kingma > Kingma et al., M1+M2 > 1000 | 2} and",
        "and {table1 > kingma > Kingma et al., M1+M2 > 600 | 2} by",
        "consistency one has {table1-improved > runs > row=Convolutional, no image moved > scores"
        " > test/error | %2} %.",
        "run has {table1-improved > runs > row=With GAN, adversarial weight 0 > scores"
        " > test/error | %2} %.",
        "pictures: {table1-improved > runs > row=Convolutional with GAN > labels=1000 > scores"
        " > label_accuracy | %1} %",
        "without it {table1-improved > runs > row=Convolutional, as with GAN > labels=1000 > scores"
        " > label_accuracy | %1} %",
        "gradients are {scores/mnist-cvae > scores > sharpness_gradient | v} of",
        "its Laplacian {scores/mnist-cvae > scores > sharpness_laplacian | v}.",
        "Laplacian is {scores/svhn_small-cvae-gan > scores > sharpness_laplacian | v} times",
        "at 0.001: {ablations > runs"
        " > row=CVAE, as in section 4.3, learning rate 0.001 > measured > bound | 1} with",
        "with it, {ablations > runs > row=CVAE, without batch normalisation, learning rate 0.001"
        " > measured > bound | 1} without",
    ],
}
"""By page, each with the words around it: "{file > key > ... | format}", see `pages.filled`."""

OTHERS = {
    "README.md": [
        "the 2016 report",
        "TensorFlow 2 and",
        "with 1000 labels",
        "knew 1000 labels",
        "on 2 cores",
        "10 000 drawn images",
        "VAE; [2]",
        "CVAE; [3]",
        "VAE; [4]",
        "Python 3.11",
        "tests with 3.12 and 3.13",
        "1.47 GiB",
        "divided by 255",
        "[0, 1]",
        "Apache-2.0",
        "CC BY-SA 3.0",
    ],
    "docs/improved.md": [
        "of stride 2 have size 4",
        "one of size 5 ends",
        "beta_1 is 0.5",
        "rate and beta_1 are",
        "a beta_1 of 0.9",
        "rate is 0.0005",
        "sigma^2 is 10",
        "KL weight 3.",
        "a KL weight of 4",
        "for 8 000 are few",
        'nearly the same "2" always',
        "softmax of k + 1 classes",
    ],
    "docs/results.md": [
        # counts and sizes
        "on 2 cores",
        "10 000 drawn images",
        "10 000 images",
        "5000 drawn images",
        "probability over 0.9",
        "float16",
        "compute in bfloat16",
        "one in float32",
        "A diversity above 1",
        'The "2" does',
        "loss (2)",
        "with 600 labels",
        "1000 labels",
        "with 50 numbers",
        "from 0 and 1, those",
        "once with seed 0:",
        ": 6 epochs with",
        "T = 16",
        "and 12 with",
        "T = 32",
        "epochs with 64.",
        "rate is 0.003, and falls to 0 with",
        "a norm of 10.",
        # settings
        "T = 10 steps",
        "windows of 5 x 5",
        "codes of 10 numbers",
        "T = 64",
        "windows of 2 x 2 read and 5 x 5 written",
        "codes of 100",
        "learning rate 0.001.",
        "Learning rate 0.0001",
        "KL weight 10",
        "adversarial weight 100",
        "sigma^2 of the feature loss 50",
        "sigma^2: 10, 100 and 50 on MNIST, 1, 1 and 1 on",
        "adversarial weight of 0",
        # other work
        "et al. (2014)",
        "et al. (2015)",
        "et al. 2016",
        "M1+M2",
        "M2",
        # p of table 1, which test_pages.py computes from the runs
        "1000 labels: p = 0.07; 600: p = 0.02",
        # p of section 6, which test_claims.py computes from the runs
        "p = 0.004 at 0.0001, 0.003 at 0.001",
        "(p = 0.001)",
        "0.0001 (p = 0.06)",
        "0.01 (p = 0.6)",
        "0.001 is better than 0.0001 (p = 0.02)",
        "(p = 0.1)",
        "than 0.01 is",
        "0.001 is better than 0.0001 for",
        "distance, p = 0.2",
        "bound, p = 0.3",
        "distance, p = 0.5",
        "worse at 0.001:",
    ],
}
"""By page, the numbers that no json holds: settings, sizes, counts, and those of other work."""

NAMES = r"[Ff]igures? \d+(?: and \d+)?|[Ss]ections? \d(?:\.\d)?|[Tt]able ?1|seed 0"
"""What names a part of the report, or a run."""


def prose(page: str) -> str:
    """A page without tables, code, comments, targets of links and stress, its words in a line."""
    page = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    page = re.sub(r"(?m)^(?: {4}\S.*|\|.*|<!--.*)$", "", page)
    page = re.sub(r"`[^`]*`|\*\*", "", page)
    page = re.sub(r"\]\([^)]*\)", "]", page)
    return " ".join(page.split())

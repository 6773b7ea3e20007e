"""Scores of generated images, as the judge sees them beside real ones.

`judged` passes images through the judge once; every score takes what it gives. The features are
those that the judge's last layer reads its classes from, so distances in them are of digits, and
are not those of the Inception network in the literature. A score comes with a standard error: how
far it would vary with other generated images, and for recall and coverage, which are shares of the
real ones, with other real images. Else these are taken as given, for they are the same for all that
is compared with them.
"""

from vae_gan_tf.evaluation.score import Score, mean_score
from vae_gan_tf.evaluation.scores.distances import Neighbours, frechet_distance, neighbours
from vae_gan_tf.evaluation.scores.fidelity import (
    ClassShares,
    ColourVariety,
    Diversity,
    Sharpness,
    accepted,
    class_shares,
    colour_variety,
    diversity,
    label_accuracy,
    sharpness,
)
from vae_gan_tf.evaluation.scores.judged_images import Judged, judged
from vae_gan_tf.evaluation.scores.sampled import Reconstructions, reconstructions, samples
from vae_gan_tf.evaluation.scores.summary import all_scores, sample_scores

__all__ = [
    "ClassShares",
    "ColourVariety",
    "Diversity",
    "Judged",
    "Neighbours",
    "Reconstructions",
    "Score",
    "Sharpness",
    "accepted",
    "all_scores",
    "class_shares",
    "colour_variety",
    "diversity",
    "frechet_distance",
    "judged",
    "label_accuracy",
    "mean_score",
    "neighbours",
    "reconstructions",
    "sample_scores",
    "samples",
    "sharpness",
]

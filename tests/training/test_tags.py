import pytest
from support import models

from vae_gan_tf.training.tags import GROUPS, comparable, renamed, tag, tagged


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", "1 loss"),
        ("loss/generator", "1 loss/generator"),
        ("elbo/kl", "2 elbo/kl"),
        ("generator/kl", "2 elbo/kl"),
        ("unlabelled/entropy", "2 elbo/entropy"),
        ("discriminator/labelled_real", "4 discriminator/labelled_real"),
        ("learning_rate/optimizer", "9 learning_rate/optimizer"),
        ("total_correlation/mine", "total_correlation/mine"),
    ],
)
def test_tags(name, expected):
    assert tag(name) == expected


@pytest.mark.slow
@pytest.mark.every_kind
@pytest.mark.parametrize("kind", models.KINDS)
def test_each_term_of_each_model_has_a_tag_of_its_own_in_a_group(kind):
    model = models.KINDS[kind]()
    model.compile(run_eagerly=True)
    logs = model.train_step(models.arrays(kind, 4))
    tags = tagged(logs)
    assert len(tags) == len(logs)
    assert {name.split("/")[0] for name in tags} <= {f"{n + 1} {it}" for n, it in enumerate(GROUPS)}


@pytest.mark.parametrize("kind", models.KINDS)
def test_a_loss_of_the_validation_is_shown_where_it_is_that_of_training(kind):
    values = {"loss": 1.0, "elbo/kl": 2.0}
    alike = kind not in models.ADVERSARIAL + models.SEMI_SUPERVISED
    assert comparable(models.KINDS[kind](), values) == (values if alike else {"elbo/kl": 2.0})


def test_another_prefix():
    assert renamed("test", {"elbo/kl": 1.0, "error": 2.0}) == {"test/kl": 1.0, "test/error": 2.0}

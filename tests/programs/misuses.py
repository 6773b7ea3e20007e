"""Five misuses, each of which a type checker refuses; the program is not run."""

from vae_gan_tf import LabelCondition, datasets, export, networks

data = datasets.load(3)
networks.convolutional_encoder("28x28x1")
LabelCondition(classes="ten")
networks.discriminator(data.image_shape, logits="eleven")
export("cvae-mnist", "served")

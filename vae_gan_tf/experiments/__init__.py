"""The laboratory: settings, presets, the models by name, and the scripts of the figures."""

from vae_gan_tf.experiments import zoo  # it fills the catalogue of models

__all__ = ["zoo"]

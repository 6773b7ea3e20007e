"""One table of scores over the models that ship with the package, beside those of real images."""

from vae_gan_tf.experiments import scores, scripts

if __name__ == "__main__":
    scripts.run(scores.main)

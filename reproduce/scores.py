"""One table of scores over the models that ship with the package, beside those of real images."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("scores")

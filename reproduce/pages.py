"""The tables of README and docs, written from the json in figures/."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("pages")

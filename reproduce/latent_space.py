"""The space of the codes, beyond the report: paths between images, and a picture of all of it."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("latent_space")

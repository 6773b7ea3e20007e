"""CVAE, CVAE-GAN as reported and improved beside each other, one row a label (section 4.3)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("side_by_side")

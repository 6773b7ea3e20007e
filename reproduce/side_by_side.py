"""CVAE, CVAE-GAN as reported and improved beside each other, one row a label (section 4.3)."""

from vae_gan_tf.experiments import scripts, side_by_side

if __name__ == "__main__":
    scripts.run(side_by_side.main)

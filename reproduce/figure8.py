"""Figure 8: images completed by a CVAE that is given their left half (section 4.4.1)."""

from vae_gan_tf.experiments import figure8, scripts

if __name__ == "__main__":
    scripts.run(figure8.main)

"""Figure 9: the style of a test image transferred to all digits by a CVAE (section 4.4.2)."""

from vae_gan_tf.experiments import figure9, scripts

if __name__ == "__main__":
    scripts.run(figure9.main)

"""Figure 10: images drawn by DRAW, step by step (section 4.6)."""

from vae_gan_tf.experiments import figure10, scripts

if __name__ == "__main__":
    scripts.run(figure10.main)

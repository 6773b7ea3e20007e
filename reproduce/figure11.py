"""Figure 11: images drawn by DRAW-GAN, step by step (sections 3.4 and 4.6)."""

from vae_gan_tf.experiments import figure11, scripts

if __name__ == "__main__":
    scripts.run(figure11.main)

"""Figure 11: images drawn by DRAW-GAN, step by step (sections 3.4 and 4.6)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure11")

"""Figure 10: images drawn by DRAW, step by step (section 4.6)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure10")

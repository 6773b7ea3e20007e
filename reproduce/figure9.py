"""Figure 9: the style of a test image transferred to all digits by a CVAE (section 4.4.2)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure9")

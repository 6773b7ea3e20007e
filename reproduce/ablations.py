"""The lessons of section 6, tried: short trainings with one thing changed, three seeds each."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("ablations")

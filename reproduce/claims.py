"""What the report claims, beside what was measured."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("claims")

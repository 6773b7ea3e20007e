"""``python -m vae_gan_tf`` is the command ``vae-gan-tf``."""

from vae_gan_tf_command import main

if __name__ == "__main__":
    main()

"""Small records of results, as `vae_gan_tf.schema` has them."""


def trained(**more):
    """A run."""
    return {
        "settings": {"seed": 0},
        "images": {"train": 10},
        "source": "made by the test",
        "epochs": 1.0,
        "steps": 5,
        "losses": {"loss": 1.5},
        "validation": {},
        "wall_seconds": 2.0,
        **more,
    }


def runs_table(*rows, **more):
    """A table of runs, each a dict of what differs from `trained`."""
    return {"table": "table", "runs": [trained(**row) for row in rows], **more}


def claim(measured):
    """A claim with what was measured of it."""
    return {
        "claim": "It holds.",
        "section": "2.1",
        "tested_by": "figure6.py",
        "measured": measured,
        "verdict": "yes",
    }

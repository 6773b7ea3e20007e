"""Pictures: grids of images, structure diagrams, tables."""

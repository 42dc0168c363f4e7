"""Pictures in grids, cards and pairs."""

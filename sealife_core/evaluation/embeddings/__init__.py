"""Features of images: computed, stored, measured, searched for neighbours."""

"""Pictures of your own, one or many: asked for, followed, looked through, corrected and imported."""

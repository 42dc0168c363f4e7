"""Many pictures at once: asked for, followed, looked through, corrected and imported."""

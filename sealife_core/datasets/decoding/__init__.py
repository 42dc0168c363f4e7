"""Pictures as files hold them, decoded to squares of pixels; caches of these on disk."""

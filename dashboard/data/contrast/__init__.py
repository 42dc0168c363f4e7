"""What the Contrast page shows, as plain data."""

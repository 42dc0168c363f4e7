"""How many bytes, in words."""


def size(count: int) -> str:
    """ "340 kB", "1.2 MB", "340 MB", "1.2 GB"."""
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    if count >= 1e6:
        return f"{count / 1e6:.{0 if count >= 1e7 else 1}f} MB"
    return f"{max(1, round(count / 1e3))} kB" if count else "0 kB"

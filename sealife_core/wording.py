"""Numbers in sentences: singular and plural, and only the digits that a person reads; and the names of splits."""

from collections.abc import Sequence

SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 group", "1,903 groups"; ``many`` unless it is ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str], last: str = "and") -> str:
    """ "crab", "crab and ray", "crab, ray and eel"."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def short_number(value: float) -> str:
    """Four significant digits, or all before the point of a large number: "1.333", "0.0003", "12345"."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 with a space before the sign: "61.0 %", "< 0.1 %"; – if unknown."""
    if share is None:
        return "–"
    smallest = 10**-digits
    return f"< {smallest:.{digits}f} %" if 0 < 100 * share < smallest else f"{100 * share:.{digits}f} %"


def points(share: float, digits: int = 1) -> str:
    """A difference of shares in points, with its sign: "+1.2", "−1.2", "0.0"."""
    text = f"{100 * share:+z.{digits}f}".replace("-", "−")
    return text if text.strip("+−0.") else text.removeprefix("+")


def points_between(low: float, high: float, digits: int = 0) -> str:
    """ "−7 to +3 points": an interval of a difference of shares, with ``digits`` after the point or as many, up to
    three, as it takes to see on which side of 0 an end lies."""
    digits = max(digits, 1 if min(abs(low), abs(high)) < 0.01 else 0)
    while digits < 3 and any(end and not round(100 * end, digits) for end in (low, high)):
        digits += 1
    return f"{points(low, digits)} to {points(high, digits)} points"


def with_unit(title: str, unit: str) -> str:
    """ "Batch size (images)"; of "Epochs (epochs)" the title alone."""
    return title if unit.lower() in ("", *title.lower().split()) else f"{title} ({unit})"


def size(count: int) -> str:
    """Bytes as people say them: "340 kB", "1.2 MB", "340 MB", "1.2 GB"."""
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    if count >= 1e6:
        return f"{count / 1e6:.{0 if count >= 1e7 else 1}f} MB"
    return f"{max(1, round(count / 1e3))} kB" if count else "0 kB"


def duration(seconds: float | None) -> str:
    """A length of time as people say it: "40 s", "3 min", "1 h 20 min"; – if unknown."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def rate_said(images_per_s: float) -> str:
    """A rate as people write it, to three digits: "1,230 images/s"."""
    return f"{float(f'{images_per_s:.3g}'):,g} images/s"

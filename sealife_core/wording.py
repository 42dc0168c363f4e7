"""Numbers in sentences: one and many, and as few digits as a person reads."""


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 group", "1,903 groups"; ``many`` where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_number(value: float) -> str:
    """Four significant digits, of a large number all before the point: "1.333", "0.0003", "12345"."""
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 with a space before the sign: "61.0 %"."""
    return f"{100 * share:.{digits}f} %"

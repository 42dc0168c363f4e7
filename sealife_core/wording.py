"""Numbers in sentences: one and many, and as few digits as a person reads."""


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 group", "1,903 groups"; ``many`` where it is not ``one`` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short_number(value: float) -> str:
    """At most four significant digits: "1.333", "0.0003", "100"."""
    return f"{float(f'{value:.4g}'):g}" if abs(value) < 1e6 else f"{value:.4g}"


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 with a space before the sign: "61.0 %"."""
    return f"{100 * share:.{digits}f} %"

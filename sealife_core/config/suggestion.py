"""Where a search may begin to look for a better value of a setting."""

from math import inf

from sealife_core.config.search import Axis, Searched
from sealife_core.config.settings import Setting, flattened
from sealife_core.config.simclr import SimclrConfig

# On a scale of factors: half and double are equally far away.
BY_FACTORS = ("learning_rate", "weight_decay", "encoder_rate_factor", "temperature")


def suggested_axis(base: Searched, setting: Setting) -> Axis:
    """Where to look for a better value than that of ``base``, for a form to begin with.

    All choices there are; a tenth to ten times a rate (a quarter to four times a temperature), by factors; all of a
    probability and of what has few values; else half to double.
    """
    path = setting.path
    value = flattened(base.model_dump()).get(path, setting.default)
    if path == "learning_rate" and value is None and isinstance(base, SimclrConfig):
        value = base.peak_learning_rate(256 if base.rate_scaling == "linear" else 1)  # the recipe's own base rate
    if setting.choices or setting.type is bool:
        return Axis(path=path, choices=setting.choices or (False, True))
    if setting.type is str:
        return Axis(path=path, choices=(value,))
    middle = float(value or setting.step or 1.0)
    if path in BY_FACTORS:
        reach = 4 if path == "temperature" else 10
        low, high = (setting.clipped(float(f"{end:.2g}")) for end in (middle / reach, middle * reach))
        return Axis(path=path, low=low, high=high, log=True)
    least, most = setting.clipped(-inf), setting.clipped(inf)
    if most - least <= (1 if setting.type is float else 10):
        return Axis(path=path, low=least, high=most)
    low, high = setting.clipped(middle / 2), setting.clipped(middle * 2)
    if setting.type is float:
        return Axis(path=path, low=low, high=high)
    low, high = round(low), max(round(high), round(low) + 1)
    step = int(setting.step or 1)
    return Axis(path=path, low=low, high=high, step=step if 1 < step <= high - low else None)

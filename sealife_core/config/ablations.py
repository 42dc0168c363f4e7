"""What a run may break on purpose, to show what a part is for. Only the Contrast page launches such runs.

No form, flag or search reaches these: the field ``broken`` is no :func:`~sealife_core.config.settings.setting`.
"""

from typing import Literal

Broken = Literal[
    "", "no-jitter", "crops-only", "no-head", "temperature-0.01", "temperature-10", "no-normalisation", "batch-8",
    "identical-views", "unfrozen-probe", "validation-in-training", "one-background",
]  # fmt: skip
# In words, after the name of the method: "SimCLR, broken: no colour jitter".
BROKEN: dict[str, str] = {
    "no-jitter": "no colour jitter",
    "crops-only": "crops only",
    "no-head": "no projection head",
    "temperature-0.01": "temperature 0.01",
    "temperature-10": "temperature 10",
    "no-normalisation": "no normalisation of z",
    "batch-8": "batch of 8",
    "identical-views": "identical views",
    "unfrozen-probe": "encoder not frozen",
    "validation-in-training": "validation pictures in pre-training",
    "one-background": "one background a class",
}


def marked(name: str, broken: str) -> str:
    """``name`` of a method or a run, with what is ``broken`` in it, in words, unless that is "" or ``name`` says it."""
    return name if broken in name else f"{name}, broken: {broken}"

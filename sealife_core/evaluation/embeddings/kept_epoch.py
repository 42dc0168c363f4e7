"""Which epoch a run kept if it chose between its start and its epochs, in words. Imports neither torch nor pandas."""

from typing import Any

from sealife_core.wording import counted, percent


def kept_words(results: dict[str, Any]) -> str:
    """One or two sentences from a run's ``results``; "" if it kept its last epoch, as most runs do."""
    kept, start, gain = (results.get(key) for key in ("kept_epoch", "start", "gain"))
    if kept is None or not start or not gain:
        return ""
    pictures = counted(start["n"], "validation picture")
    began = percent(start["knn_accuracy"])
    if kept == 0:
        return (
            f"Kept the start: no epoch reached a higher k-NN accuracy than its {began} on {pictures}. The encoder is"
            " as it was before training."
        )
    low, high = 100 * gain["low"], 100 * gain["high"]
    said = (
        f"Kept epoch {kept}: k-NN accuracy on {pictures} is {percent(start['knn_accuracy'] + gain['value'])}, and was"
        f" {began} at the start, a gain of {100 * gain['value']:.1f} points (95 % interval {low:.1f} to {high:.1f})."
    ).replace(" -", " \u2212")
    if low <= 0:
        said += " Chance alone can make such a difference."
    return f"{said} The best of several measurements looks better than it is: train a probe to test it."

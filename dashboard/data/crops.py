"""What the crops of a recipe do to a picture, in sentences that follow from the crops drawn."""

from sealife_core.evaluation.contrast.crop_coverage import CropCoverage
from sealife_core.wording import percent

LITTLE = 0.1  # two crops that overlap less have next to nothing in common
WHOLE = 0.999


def crops_said(coverage: CropCoverage) -> str:
    """Where the crops fall, how large they are, and what the two of a pair have in common."""
    count, pairs = len(coverage.crops), len(coverage.overlap)
    if float(coverage.kept.min()) > WHOLE:
        return f"Each of {count} crops is the whole picture: the two views of a pair show the same."
    share, few = coverage.share, int((coverage.overlap < LITTLE).sum())
    middle, corners = share[len(share) // 2, share.shape[1] // 2], share[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
    said = (
        f"{percent(float(middle), 0)} of {count} crops contain the middle of the picture, {percent(float(corners), 0)}"
        f" a given corner. A crop keeps {percent(float(coverage.kept.mean()), 0)} of the picture on average."
    )
    little = f"less than {percent(LITTLE, 0)} of the area that they cover together"
    if few == 0:
        return f"{said} In none of {pairs} pairs do both crops share {little}."
    return f"{said} In {few} of {pairs} pairs, both crops share {little}: they show different parts."


def lost_said(lost: float) -> str:
    """``lost``: the share of crops that keep too little of what ImageNet's network responds to."""
    if lost == 0:
        return "No crop loses most of what an ImageNet network looks at."
    return f"An estimated {percent(lost, 0)} of the crops lose most of what an ImageNet network looks at."


def worth_said(precision: float, recall: float) -> str:
    """What the mark on a crop is worth, by how often it was right where that is known."""
    return (
        "Marked are crops that keep less than a quarter of what an ImageNet network looks at. A guess: on the drawn"
        f" reef, where the truth is known, {percent(precision, 0)} of the marked crops kept less than a quarter of the"
        f" animal, and {percent(recall, 0)} of all such crops were marked. Trust it less in a photograph without one"
        " clear animal."
    )

"""One picture taken apart: the steps from it to a view, or where many crops of it fall."""

from collections.abc import Sequence

import streamlit as st
from torch import Tensor

from dashboard import state
from dashboard.data.crops import crops_said, lost_said
from dashboard.data.previews import Preview
from dashboard.media import data_uri, thumb_url
from dashboard.parts.pictures.heat_view import heat_view
from dashboard.parts.pictures.large_pictures import told
from dashboard.parts.pictures.view_pairs import VIEW_NAMES, Named, strip_html
from dashboard.words import plain, unbroken
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.animal_share import LOST_BELOW, animal_share
from sealife_core.evaluation.contrast.crop_coverage import crop_coverage

LARGE_PX = 640
_RESPONSE = (
    "How strong the last feature maps of EfficientNet-Lite0 are, which learned from ImageNet's photographs. A crop that"
    " leaves the bright places out has probably lost the animal."
)


def steps(recipes: Sequence[Named], previews: Sequence[Preview], size_px: int) -> None:
    """From one of the pictures to a view of it. recipes: (name, recipe), one or two."""
    with st.container(horizontal=True):
        preview = previews[_place(previews)]
        view = st.segmented_control("View", (0, 1), default=0, required=True, format_func=VIEW_NAMES.__getitem__)
    for name, recipe in recipes:
        if len(recipes) > 1:
            st.markdown(f"**{plain(name)}**")
        st.html(strip_html(recipe, preview, size_px, state.views.DRAWING.number, view or 0))


def crops(
    dataset: Dataset, recipes: Sequence[Named], previews: Sequence[Preview], activations: Sequence[Tensor | None]
) -> None:
    """Where crops of one of the pictures fall. activations: of an ImageNet encoder; None: not asked for."""
    from sealife_core.evaluation.classification.gradcam import heat_png  # imports torchvision

    place = _place(previews)
    preview, activation = previews[place], activations[place]
    picture, original = thumb_url(dataset, preview.row, LARGE_PX), told(dataset, preview.row)
    places = iter(st.columns(max(2, len(recipes) + (activation is not None)), gap="medium"))
    for number, (name, recipe) in enumerate(recipes):
        coverage = crop_coverage(recipe, preview.aspect)
        said = crops_said(coverage)
        if activation is not None:
            lost = (animal_share(activation, coverage.crops) < LOST_BELOW).float().mean()
            said += f" {lost_said(float(lost))}"
        with next(places):
            st.markdown(f"**{plain(name)}**")
            heat_view(
                picture, data_uri(heat_png(coverage.share.numpy()), "image/png"), aspect=preview.aspect,
                alt=f"{preview.name}, with the share of crops that contain each place", label="Crops",
                says="The brighter a place, the more crops contain it.", opacity=90, key=state.views.HEAT.of(number),
                opens_as=original,
            )  # fmt: skip
            st.markdown(unbroken(said))
    if activation is not None:
        with next(places):
            st.markdown("**Where ImageNet looks**")
            heat_view(
                picture, data_uri(heat_png(activation.numpy()), "image/png"), aspect=preview.aspect,
                alt=f"{preview.name}, with what an ImageNet network looks at", label="Response",
                says="The brighter a place, the stronger the response.", key=state.views.HEAT.of("response"),
                opens_as=original,
            )  # fmt: skip
            st.markdown(_RESPONSE)


def _place(previews: Sequence[Preview]) -> int:
    place = st.segmented_control(
        "Picture", range(len(previews)), default=0, required=True, key=state.views.STEPS.of(len(previews)),
        format_func=lambda i: f"{i + 1}: {plain(previews[i].name)}",
    )  # fmt: skip
    return place or 0

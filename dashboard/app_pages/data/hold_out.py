"""Places as the test split: whether it is of new places now, and making it so, with a preview and an undo."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard.error_display import errors_shown
from dashboard.parts.notice import carry_out_button
from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.holding_out import PlacesTested, hold_out, places_of, places_tested, plan_holding_out
from sealife_core.wording import counted, listed

MOST_NAMED = 8


def hold_out_view(dataset: Dataset, by: str, places: Sequence[str]) -> None:
    """Whose pictures the test split has now, and the button that holds places out. places: of every row, as ``by``
    names them."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(plain(split_said(places_tested(dataset, places))), width="stretch")
        if st.button("Hold places out as the test split", icon=":material/pin_drop:"):
            hold_out_dialog(dataset, by)


def split_said(tested: PlacesTested) -> str:
    """Whether the test score of a run is its accuracy at new places, in one or two sentences."""
    new, known, unplaced = len(tested.new), len(tested.known), tested.unplaced
    if not (new or known or unplaced):
        return "The test split is empty."
    named = ", ".join(tested.new[:MOST_NAMED]) + (f" and {new - MOST_NAMED:,} more" if new > MOST_NAMED else "")
    parts = [
        f"{counted(new, 'place')} held out whole ({named})" if new else "",
        f"{counted(known, 'place')} that training or validation has too" if known else "",
        f"{counted(unplaced, 'picture')} without a place" if unplaced else "",
    ]
    means = (
        "The test score of a new run is its accuracy at places that it has not seen."
        if new and not (known or unplaced)
        else "The test score of a run is its accuracy on random pictures, not at new places."
        if not new
        else "The test score of a run mixes known and new places."
    )
    have = counted(tested.unlabelled, "picture of the held-out places has", "pictures of the held-out places have")
    seen = f" {have} no label: SimCLR learns from what has none." if tested.unlabelled else ""
    return f"The test split has {listed(list(filter(None, parts)))}. {means}{seen}"


@st.dialog("Hold places out", width="medium")
@errors_shown()
def hold_out_dialog(dataset: Dataset, by: str) -> None:
    """Asks for places, shows what would move, and moves it when asked to. by: as of ``places_of``."""
    places = places_of(dataset, by)
    labelled = dataset.labels >= 0
    names = sorted({place for place, has in zip(places, labelled.tolist(), strict=True) if place and has})
    held = list(places_tested(dataset, places).new)
    chosen = st.multiselect("Places to test on", names, held, placeholder="Choose places")
    st.caption(
        "Choose places that stand for those to come, not the ones with the best scores. Test pictures of other places"
        " become training pictures."
    )
    if not chosen:
        return
    plan = plan_holding_out(dataset, chosen, places)
    if not plan.moves:
        st.markdown("The test split is the pictures of these places already.")
        return
    for sentence in plan.moved:
        st.markdown(plain(sentence))
    if plan.warnings:
        st.warning("\n\n".join(map(plain, plan.warnings)))
    st.caption("Nothing is deleted, and you can undo it. Earlier runs were tested on a different set of pictures.")
    tested = counted(len(plan.places), "place")
    said = f"The test split of **{plain(dataset.name)}** is {tested} now. {plain(' '.join(plan.sentences))}"
    carry_out_button("Hold them out", "pin_drop", partial(hold_out, dataset, plan, places_by=by), said)

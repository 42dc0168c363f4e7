"""Pictures that are there twice: which, whether they leak between splits, and the button that mends it."""

import streamlit as st

from dashboard import background, cache, state
from dashboard.components.image_grid import class_of, image_grid
from dashboard.components.job_progress import job_error, job_progress
from dashboard.errors import plain
from dashboard.theme import SPLIT_WORDS
from sealife_core.datasets.checks import Checks, DuplicateGroup, check, mend_leak
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.wording import counted

A_PAGE = 8
QUICK_S = 0.6  # a check that was done before is over by then, and no progress bar blinks
MOST_PICTURES = 12  # of one group
KINDS = {
    "leaks": ("Across splits", "The same picture is trained on and tested on: the scores come out too good."),
    "labels": ("Two labels", "The same picture under two names: at most one of them is right."),
    "exact": ("Same file", "The same file more than once. It counts twice and teaches nothing new."),
    "near": ("Nearly the same", "Copies that were saved again, cropped a little or brightened; frames of one scene."),
}


def checks_view(dataset: Dataset) -> None:
    """Begins the check if it was not done since the data changed, and shows what it found."""
    key = f"check {dataset.name} {dataset.content_hash}"
    job = background.find(key)
    if job is None:
        job = background.start(key, f"Comparing the pictures of {dataset.name}", lambda tell: check(dataset, tell))
        job.wait(QUICK_S)
    if job.running:
        job_progress(job)
        return
    if job.error is not None:
        job_error(job)
        st.button("Try again", on_click=background.forget, args=(key,))
        return
    _found(dataset, job.result)


def groups_by_kind(checks: Checks) -> dict[str, list[DuplicateGroup]]:
    """A key of KINDS → its groups; one group may be of several kinds."""
    both = [*checks.exact, *checks.near]
    return {
        "leaks": [group for group in both if group.straddles],
        "labels": [group for group in both if group.labels_differ],
        "exact": checks.exact,
        "near": checks.near,
    }


def _found(dataset: Dataset, checks: Checks) -> None:
    if checks.notes:
        st.warning("\n".join(f"- {plain(note)}" for note in checks.notes))
    groups = groups_by_kind(checks)
    if not groups["exact"] and not groups["near"]:
        st.success(
            f"No duplicates: {counted(len(dataset), 'picture')} compared, file by file and by how they look.",
            icon=":material/check_circle:",
        )
        return
    there = [kind for kind in KINDS if groups[kind]]
    kind = st.segmented_control(
        "Which",
        there,
        format_func=lambda kind: KINDS[kind][0],
        default=there[0],
        required=True,
        key=state.DUPLICATES,
        bind="query-params",
        label_visibility="collapsed",
    )
    kind = kind if kind in there else there[0]
    count = len(groups[kind])
    st.markdown(f"**{counted(count, 'group')}.** {KINDS[kind][1]}")
    if kind == "leaks":
        st.button(
            "Put every group into one split",
            icon=":material/healing:",
            key="mend_all",
            on_click=mend,
            args=(dataset.name, [group.rows for group in groups[kind]]),
            help="All pictures of each group become training pictures; nothing is deleted",
        )
    _page(dataset, groups[kind], kind)


def mend(name: str, groups: list[tuple[int, ...]]) -> None:
    """Put each of ``groups`` (rows) into training, and say what changed."""
    try:
        dataset = cache.dataset(name)
        before = len(dataset.rows("test"))
        rows = sorted({row for group in groups for row in group})
        moved = sum(split != "train" for split in dataset.manifest["split"].iloc[rows])
        dataset = mend_leak(dataset, rows, "train")
    except SealifeError as error:
        state.say(plain(str(error)))
        return
    test = len(dataset.rows("test"))
    now = counted(test, "picture")
    changed = f" Test has {now} now: earlier runs were tested on other pictures." if test != before else ""
    went = counted(moved, "picture")
    state.say(f"Mended {counted(len(groups), 'group')} of **{plain(name)}**: {went} went into training.{changed}")


def _page(dataset: Dataset, groups: list[DuplicateGroup], kind: str) -> None:
    place = st.container()
    pages, page = -(-len(groups) // A_PAGE), 1
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            page = min(st.pagination(pages, key=state.DUPLICATES_PAGE, bind="query-params"), pages)
    with place:
        if pages > 1:
            first = (page - 1) * A_PAGE + 1
            last = min(len(groups), first + A_PAGE - 1)
            st.caption(f"Groups {first:,} to {last:,} of {len(groups):,}")
        with st.grid(2, min_column_width=360, gap="small"):
            for number, group in enumerate(groups[(page - 1) * A_PAGE : page * A_PAGE]):
                with st.container(border=True):
                    _group(dataset, group, f"{kind}.{number}")


def _group(dataset: Dataset, group: DuplicateGroup, key: str) -> None:
    splits = dataset.manifest["split"]
    shown = list(group.rows[:MOST_PICTURES])
    words = [f"{class_of(dataset, row)}, {SPLIT_WORDS[splits.iat[row]]}" for row in shown]
    image_grid(dataset, shown, key=f"group.{key}", captions=words, files=True)
    if len(group.rows) > len(shown):
        st.caption(f"{len(shown)} of {len(group.rows)} shown")
    if group.straddles:
        st.button(
            "Put into training", key=f"mend.{key}", type="tertiary", icon=":material/healing:", on_click=mend,
            args=(dataset.name, [group.rows]),
        )  # fmt: skip

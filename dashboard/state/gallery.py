"""Gallery: whose predictions, of which pictures."""

from collections.abc import Sequence

from dashboard.state import runs
from dashboard.state.keys import Key, UrlKey, UrlRuns, UrlValue, turn

RUN = UrlRuns("run", "gallery")
MODEL = Key("gallery.run")
SHOW = UrlValue("show", "gallery", "pictures")
AGAINST = UrlValue("against", "gallery")
TRUTH = UrlValue("truth", "gallery")
PREDICTED = UrlValue("predicted", "gallery")
OUTCOME = UrlValue("outcome", "gallery")
SURE = UrlValue("sure", "gallery", "0-100")
SET = UrlValue("set", "gallery", "test")
FILE = UrlValue("file", "gallery")  # part of a file name
ORDER = UrlValue("order", "gallery", "mistakes")
LEAF = UrlValue("leaf", "gallery", "1")
PICTURE = UrlValue("picture", "gallery")
EVIDENCE = UrlValue("evidence", "gallery")
LAYER = UrlValue("layer", "gallery")
SHARES = UrlValue("shares", "gallery")
SEED = UrlValue("seed", "gallery", "1")
GUESSES = UrlValue("guesses", "gallery")
TURN = UrlValue("turn", "gallery")
FILTERS = (TRUTH, PREDICTED, OUTCOME, SURE, SET, FILE)

CARDS = Key("gallery_cards")
BARS = Key("gallery_bars")
HEAT = Key("gallery_heat")
TURNER = Key("gallery_turner")
PILE = Key("pile")
NEIGHBOURS = Key("neighbours")
CORRECT = Key("correct_picture")
CONFUSION = Key("confusion_matrix")
CLASS_TABLE = Key("class_table")
RELIABILITY = Key("reliability")
GUESS = Key("guess")
# A person's own pictures are not in a URL: nobody else has them.
OWN_PICTURES = Key("own_pictures")
OWN_FOLDER = Key("own_folder")
OWN_LARGE = Key("own_large")  # which is shown large; "": all of them
OWN_PAGE = UrlKey("own_page")
# Many of them, predicted by a process of their own and stored with the run.
JOB = UrlValue("classified", "gallery")
WRONG = UrlValue("wrong", "gallery", "0")  # % of those named; 0: every picture is named
FOUND = UrlValue("found", "gallery", "all")
LABEL = UrlValue("label", "gallery")
SORTED = UrlValue("sorted", "gallery", "listed")
NAMED = UrlValue("named", "gallery")  # part of a file name
ROWS_PAGE = UrlKey("rows")
ROWS = Key("classified_rows")
SOURCE = Key("classified_source")
FROM = Key("classified_from")
TASK = Key("classified_task")
GIVEN = Key("classified_given")
IMPORTED = Key("classified_import")
ADDED = Key("classified_added")


def looked_at(run_ids: Sequence[str]) -> str:
    """The run that is looked at, one of ``run_ids``: of the URL, the last, the last of Runs, or the first."""
    of_runs = next((run_id for run_id in runs.RUN.last.held(()) if run_id in run_ids), run_ids[0])
    return RUN.one_of(run_ids, of_runs)


def choose_run(run_id: str) -> None:
    """Look at the predictions of another run, with the same filters."""
    RUN.choose([run_id])
    turn({LEAF: "", AGAINST: "" if AGAINST.value == run_id else AGAINST.value})


def swap(run_id: str, against: str) -> None:
    """Look at ``run_id`` with ``against`` beside it."""
    RUN.choose([run_id])
    AGAINST.set(against)


def open_job(job_id: str) -> None:
    """Show what was found in many pictures, or ("") the form that asks for more."""
    turn({JOB: job_id, FOUND: "", LABEL: "", NAMED: ""})
    ROWS_PAGE.write("")
    OWN_LARGE.hold("")


def look_for(key: UrlValue, value: str) -> None:
    """Filter or order many pictures; from the first page on."""
    key.set(value)
    ROWS_PAGE.write("")


def choose_own_picture(picture: str) -> None:
    """Show one of a person's own pictures large, or ("") all."""
    OWN_LARGE.hold(picture)
    EVIDENCE.set("")

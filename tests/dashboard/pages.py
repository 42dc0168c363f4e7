"""What tests that look at every page of the dashboard share."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, settings

FRAME = Path(__file__).resolve().parents[2] / "dashboard" / "frame.py"
PAGES = ("home", "data", "views", "train", "runs", "studies", "embeddings", "compare", "gallery")
# A look at all pages takes seconds: one is drawn each time, not the simplest, and none is looked for that is simpler.
FEW = settings(
    max_examples=1,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

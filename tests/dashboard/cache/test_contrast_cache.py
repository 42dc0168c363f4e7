"""What the encoders that views are looked at through make of pictures; kept."""

from dashboard.cache import contrast
from sealife_core.datasets.dataset import Dataset


def test_animal_activation__is_computed_once_a_picture(tiny_reef: Dataset, monkeypatch) -> None:
    found = contrast.animal_activation(tiny_reef, 0)
    assert found.shape == (7, 7)
    assert float(found.max()) == 1
    assert (found == 0).sum() >= 24, "half of the cells, and the median"
    monkeypatch.delattr(contrast, "view_encoder")
    assert contrast.animal_activation(tiny_reef, 0) is found

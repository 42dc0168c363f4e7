import pytest
import torch

from sealife_core.models.losses import nt_xent


def test_ntxent__reaches_the_golden_values():
    torch.manual_seed(33)
    shapes = [(3, 5), (3, 125), (33, 5), (33, 125)]
    found = [nt_xent(torch.rand(shape), torch.rand(shape), 0.5).item() for shape in shapes]
    assert found == pytest.approx([1.7518, 1.6376, 4.1944, 4.1754], abs=5e-5)

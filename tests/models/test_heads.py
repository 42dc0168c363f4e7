import pytest
import torch
from torch import nn

from sealife_core.models.heads import classification_head, projection_head


@pytest.mark.parametrize(("kind", "out"), [("none", 12), ("linear", 6), ("nonlinear", 6)])
def test_projection_head__has_the_size_asked_for(kind: str, out: int):
    assert projection_head(kind, 12, hidden=9, out=6)(torch.rand(4, 12)).shape == (4, out)


def test_projection_head__none_passes_features_on():
    h = torch.rand(4, 12)
    assert torch.equal(projection_head("none", 12)(h), h)


def test_projection_head__only_the_nonlinear_one_bends():
    x, y = torch.randn(2, 4, 12).unbind()
    for kind, bends in (("linear", False), ("nonlinear", True)):
        head = projection_head(kind, 12, hidden=9, out=6).eval()
        middle, mean = head((x + y) / 2), (head(x) + head(y)) / 2
        assert torch.allclose(middle, mean, atol=1e-5) is not bends


def test_projection_head__has_no_bias_that_batch_norm_would_cancel():
    head = projection_head("nonlinear", 12, hidden=9, out=6)
    assert [m.bias for m in head.modules() if isinstance(m, nn.Linear)] == [None, None]


def test_projection_head__names_a_kind_there_is_not():
    with pytest.raises(ValueError, match="'deep'"):
        projection_head("deep", 12)


def test_classification_head__drops_features_in_training_only():
    head = classification_head(512, 3, dropout=0.5)
    h = torch.ones(1, 512)
    assert not torch.equal(head(h), head(h))
    head.eval()
    assert torch.equal(head(h), head(h))
    assert head(h).shape == (1, 3)


def test_classification_head__names_its_parameters_alike_whatever_the_dropout():
    assert classification_head(4, 3).state_dict().keys() == classification_head(4, 3, 0.9).state_dict().keys()

import pytest

from sealife_core.models.known import facts
from sealife_core.runs.costs.stage_work import gmac_an_image

# The published cost of a forward pass at 224 px, in 10⁹ multiply-adds, and 10⁶ parameters without the classifier
# (torchvision's model pages: 11.69, 21.80 and 25.56 million with the 1,000-class layer of 0.51 and 2.05).
PUBLISHED = {"resnet18": (1.81, 11.18), "resnet34": (3.66, 21.28), "resnet50": (4.09, 23.51)}


@pytest.mark.parametrize("encoder", PUBLISHED)
def test_stages__add_up_to_the_published_cost(encoder: str):
    gmac, parameters = PUBLISHED[encoder]
    assert gmac_an_image(encoder, "imagenet", 224, forward_only=True) == pytest.approx(gmac, rel=0.005)
    assert facts(encoder).parameters == pytest.approx(parameters, rel=0.005)


def test_gmac__counts_the_way_back_only_where_something_learns():
    def cost(trained: int) -> float:
        return gmac_an_image("resnet18", "imagenet", 224, trained_stages=trained)

    forward = gmac_an_image("resnet18", "imagenet", 224, forward_only=True)
    assert cost(0) == forward
    assert cost(5) == pytest.approx(3 * forward)
    assert cost(1) == pytest.approx(forward + 2 * 0.411)
    assert gmac_an_image("resnet18", "imagenet", 224, views=2) == pytest.approx(6 * forward)
    assert gmac_an_image("resnet18", "imagenet", 112) == pytest.approx(cost(5) / 4)


def test_gmac__the_small_stem_at_a_quarter_of_the_side_costs_about_the_same():
    small = gmac_an_image("resnet18", "small", 56, forward_only=True)
    assert small == pytest.approx(gmac_an_image("resnet18", "imagenet", 224, forward_only=True), rel=0.07)

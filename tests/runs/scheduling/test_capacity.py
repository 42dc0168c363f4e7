"""How many runs go on at the same time."""

from collections.abc import Callable

from sealife_core.config import AnyConfig
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.capacity import at_once
from tests.runs.fake_ray import FakeRay


def test_at_once__is_what_fits(make: Callable[..., Run], cluster: FakeRay):
    def there(cores: int) -> AnyConfig:
        return make(where=f"ray:{cluster.address}", cluster_cores=cores).config()

    assert at_once(make().config()) == 1
    assert at_once(there(1)) == 4
    cluster.gpus = 2
    assert at_once(there(1)) == 2
    assert at_once(there(9)) == 1
    cluster.fall_silent()
    assert at_once(there(1)) == 1

import numpy as np
import pytest
import torch

from sklearn_ae._training.random import RandomStreams

DRAWS = {
    "numpy": lambda streams, name: streams.numpy(name).integers(2**62),
    "integer": lambda streams, name: streams.integer(name),
    "torch": lambda streams, name: torch.randint(
        2**62, (1,), generator=streams.torch(name)
    ).item(),
}


@pytest.fixture(params=DRAWS)
def draw(request):
    return DRAWS[request.param]


def test_seed_and_name_decide_the_numbers(draw):
    assert draw(RandomStreams(3), "split") == draw(RandomStreams(3), "split")


def test_streams_differ_by_name(draw):
    streams = RandomStreams(3)
    assert draw(streams, "split") != draw(streams, "weights")


def test_streams_differ_by_seed(draw):
    assert draw(RandomStreams(3), "split") != draw(RandomStreams(4), "split")


def test_one_stream_never_shifts_another(draw):
    streams = RandomStreams(3)
    draw(streams, "split")
    assert draw(streams, "weights") == draw(RandomStreams(3), "weights")


def test_instances_move_on_with_use(draw):
    random_state = np.random.RandomState(0)
    first, second = RandomStreams(random_state), RandomStreams(random_state)
    assert draw(first, "split") != draw(second, "split")


def test_seeds_leave_global_generators_alone(draw):
    numpy_state, torch_state = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    draw(RandomStreams(3), "split")
    np.testing.assert_equal(np.random.get_state(), numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_none_follows_numpys_global_seed(draw):
    drawn = []
    for _ in range(2):
        np.random.seed(0)  # noqa: NPY002
        drawn.append(draw(RandomStreams(None), "split"))
    assert drawn[0] == drawn[1]


def test_streams_can_be_left_untouched():
    streams = RandomStreams(3)
    generator = streams.torch("noise")
    state = streams.state()
    with streams.untouched():
        torch.rand(3, generator=generator)
        streams.torch("finish")
    np.testing.assert_equal(streams.state(), state)


def test_streams_go_on_from_a_state():
    streams, other = RandomStreams(0), RandomStreams(0)
    noise, later = streams.torch("noise"), other.torch("noise")
    torch.rand(3, generator=noise)
    other.restore(streams.state())
    assert torch.equal(torch.rand(3, generator=noise), torch.rand(3, generator=later))


@pytest.mark.parametrize("random_state", ["seed", -1])
def test_an_impossible_seed_is_refused(random_state):
    with pytest.raises(ValueError, match="eed"):
        RandomStreams(random_state)

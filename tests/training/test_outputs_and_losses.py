import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from rechroma.color.bins import bin_centers
from rechroma.training.bins import class_weights, smoothed_prior
from rechroma.training.config import NetworkConfig
from rechroma.training.losses import Criterion, evenness
from rechroma.training.outputs import AB_RANGE, build_output, truth_of


@pytest.fixture
def pixels():
    return torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)


def output_of(kind):
    return build_output(NetworkConfig(output=kind))


def perfect_ab(truth, stride):
    return truth.chroma(stride) / (2 * AB_RANGE)


def test_truth_agrees_with_scikit_image(pixels):
    truth = truth_of(pixels)
    plain = rgb2lab(pixels.movedim(1, -1).numpy())
    # The white points differ by their rounding.
    assert np.abs(truth.lab.movedim(1, -1).numpy() - plain).max() < 0.02
    blocks = plain[..., 1:].reshape(2, 16, 4, 16, 4, 2).mean((2, 4))
    assert np.abs(truth.chroma(4).movedim(1, -1).numpy() - blocks).max() < 0.02


def test_a_perfect_answer_costs_nothing(pixels):
    truth = truth_of(pixels)
    for kind, raw in {"rgb": truth.rgb, "ab": perfect_ab(truth, 1)}.items():
        terms = {"l2": 1.0, "st_lpips": 1.0} | ({"evenness": 1.0} if kind == "ab" else {})
        total, values = Criterion(terms, output_of(kind))(raw, truth)
        assert values.keys() == terms.keys()
        assert float(total) < 1e-4


def test_l2_on_ab_is_the_originals_normalization(pixels):
    truth = truth_of(pixels)
    _, values = Criterion({"l2": 1.0}, output_of("ab"))(torch.zeros(2, 2, 64, 64), truth)
    normalized = (truth.lab[:, 1:] + 110) / 220
    assert float(values["l2"]) == pytest.approx(float((normalized - 0.5).square().mean()), rel=1e-5)


def test_terms_add_up_with_their_weights(pixels):
    truth = truth_of(pixels)
    raw = torch.zeros(2, 2, 16, 16)
    total, values = Criterion({"l2": 2.0, "st_lpips": 3.0}, output_of("ab"))(raw, truth)
    assert float(total) == pytest.approx(2 * float(values["l2"]) + 3 * float(values["st_lpips"]))


@pytest.mark.parametrize(("share", "looked_at"), [(0.5, 1), (0.51, 2), (1.0, 2)])
def test_perceptual_terms_look_at_a_share_of_the_batch_and_the_others_at_all(
    pixels, share, looked_at
):
    raw, truth = torch.zeros(2, 2, 64, 64), truth_of(pixels)
    terms = {"l2": 1.0, "st_lpips": 1.0}
    _, values = Criterion(terms, output_of("ab"), perceptual_share=share)(raw, truth)
    criterion = Criterion(terms, output_of("ab"))
    _, of_all = criterion(raw, truth)
    _, of_some = criterion(raw[:looked_at], truth_of(pixels[:looked_at]))
    assert torch.allclose(values["st_lpips"], of_some["st_lpips"])
    assert torch.allclose(values["l2"], of_all["l2"])


def test_gradients_reach_colors_out_of_gamut(pixels):
    """A clip inside of the loss would leave these pixels without a gradient."""
    truth = truth_of(pixels)
    raw = torch.full((2, 2, 16, 16), 0.45, requires_grad=True)
    total, _ = Criterion({"st_lpips": 1.0}, output_of("ab"))(raw, truth)
    total.backward()
    assert raw.grad is not None
    assert raw.grad.isfinite().all()
    assert (raw.grad != 0).float().mean() > 0.99


def test_bins_learn_to_answer(pixels):
    truth = truth_of(pixels[:1] // 2 + 60)
    output = output_of("bins")
    weights = class_weights(smoothed_prior(np.ones(len(bin_centers()))), 1.0)
    criterion = Criterion({"cross_entropy": 1.0}, output, weights)
    raw = torch.zeros(1, output.channels, 16, 16, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.5)
    for _ in range(150):
        optimizer.zero_grad()
        criterion(raw, truth)[0].backward()
        optimizer.step()
    error = (output.answer(raw) - truth.chroma(4)).abs().mean()
    assert error < 3.0


def test_evenness_compares_differences_between_cells():
    rng = np.random.default_rng(0)
    found, truth = rng.normal(0, 4, (2, 1, 2, 5, 10))
    costs = []
    for axis, size in ((1, 5), (2, 10)):
        for apart in (1, 2, 4, 8):
            cost = []
            for i in range(5):
                for j in range(10):
                    other = (i + apart, j) if axis == 1 else (i, j + apart)
                    if other[axis - 1] >= size:
                        continue
                    wanted = truth[0, :, *other] - truth[0, :, i, j]
                    change = found[0, :, *other] - found[0, :, i, j] - wanted
                    weight = 0.1 + np.exp(-(wanted @ wanted) / 18)
                    cost.append(weight * (np.sqrt(change @ change + 0.01) - 0.1))
            if cost:
                costs.append(np.mean(cost))
    assert len(costs) == 7
    value = evenness(torch.from_numpy(found), torch.from_numpy(truth))
    assert float(value) == pytest.approx(np.mean(costs) / 110)


def test_evenness_forgives_another_color_but_not_two():
    truth = torch.zeros(1, 2, 16, 16)
    truth[:, :, 8:] = torch.tensor([30.0, 40.0])[:, None, None]
    shifted, split = truth + 20, truth.clone()
    split[:, 0, :8, 8:] += 20
    assert float(evenness(truth, truth)) == 0
    assert float(evenness(shifted, truth)) < 1e-6
    assert float(evenness(split, truth)) > 1e-3
    # An edge where the truth has one, too, may be weaker or stronger: it weighs a tenth.
    weaker = truth.clone()
    weaker[:, :, 8:] *= 0.6
    assert 0 < float(evenness(weaker, truth)) < float(evenness(split, truth)) / 3


def test_evenness_has_a_finite_slope_where_all_is_even_and_where_it_is_not():
    truth = torch.zeros(1, 2, 16, 16)
    found = truth.clone().requires_grad_()
    evenness(found, truth).backward()
    assert found.grad.isfinite().all()
    split = truth.clone()
    split[:, 0, :, 8:] = 20
    split.requires_grad_()
    evenness(split, truth).backward()
    # Both sides are drawn to each other.
    assert split.grad[0, 0, :, 8].min() > 0 > split.grad[0, 0, :, 7].max()

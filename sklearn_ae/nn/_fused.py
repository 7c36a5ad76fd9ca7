"""A stack of ReLU layers as one operation, for training."""

import torch
from torch import Tensor, nn

from ._activation_range import ActivationClamp

_HIDDEN = (nn.Linear, ActivationClamp, nn.ReLU)


def can_fuse(path: nn.Sequential) -> bool:
    """Tell whether a stack is what :func:`add_fused` computes, and nobody watches it.

    Parameters
    ----------
    path : torch.nn.Sequential
        As :func:`mlp` builds it, or what was made of that: other layers, hooks.

    Returns
    -------
    can : bool
        False in ``eval()``, and under autocast, which chooses dtypes one by one.

    Examples
    --------
    >>> from sklearn_ae.nn._fused import can_fuse
    >>> from sklearn_ae.nn._mlp import mlp
    >>> can_fuse(mlp(4, (8,), 2)), can_fuse(mlp(4, (8,), 2, "tanh"))
    (True, False)
    """
    *hidden, last = path
    built = tuple(map(type, path)) == _HIDDEN * (len(hidden) // 3) + (nn.Linear,)
    if not built or last.bias is not None or any(x.bias is None for x in hidden[::3]):
        return False
    watched = any(
        part._forward_hooks
        or part._forward_pre_hooks
        or part._backward_hooks
        or part._backward_pre_hooks
        for part in path.modules()
    )
    trains = all(part.training for part in path.modules())
    return trains and not watched and not torch.is_autocast_enabled("cpu")


def add_fused(
    base: Tensor, path: nn.Sequential, x: Tensor, dtype: torch.dtype
) -> Tensor:
    r"""Return ``base + path(x)`` for a stack of ReLU layers in ``train()``.

    Under autocast every layer casts its input and its weights by itself, forwards and
    backwards; here units stay in `dtype` from layer to layer, and autograd sees one
    operation. It can be differentiated once.

    Parameters
    ----------
    base : Tensor of shape (n_rows, n_outputs)
        What to add to.

    path : torch.nn.Sequential
        For which :func:`can_fuse` is true.

    x : Tensor of shape (n_rows, n_inputs)
        What the first layer sees.

    dtype : torch.dtype
        Of the products; gradients and the result are as weights and `base`.

    Returns
    -------
    output : Tensor of shape (n_rows, n_outputs)
        The sum.

    Examples
    --------
    >>> import torch
    >>> from sklearn_ae.nn._fused import add_fused
    >>> from sklearn_ae.nn._mlp import mlp
    >>> path, x = mlp(4, (8,), 2), torch.randn(3, 4)
    >>> sum_ = add_fused(torch.zeros(3, 2), path, x, torch.float32)
    >>> torch.allclose(sum_, path(x))
    True
    """
    *hidden, last = path
    weights = [tensor for layer in hidden[::3] for tensor in (layer.weight, layer.bias)]
    return _ReLULayers.apply(base, x, hidden[1::3], dtype, *weights, last.weight)


class _ReLULayers(torch.autograd.Function):
    @staticmethod
    def forward(ctx, base, x, holds, dtype, *weights):
        inputs, weights = [x.to(dtype)], [tensor.to(dtype) for tensor in weights]
        for weight, bias, hold in zip(
            weights[:-1:2], weights[1::2], holds, strict=True
        ):
            units = torch.addmm(bias, inputs[-1], weight.t())
            hold.record(units)
            inputs.append(units.relu_())
        ctx.save_for_backward(*inputs, *weights[::2])
        return base + inputs[-1] @ weights[-1].t()

    @staticmethod
    def backward(ctx, gradient):
        if torch.is_grad_enabled():  # by create_graph=True
            raise RuntimeError(
                "Fused layers can be differentiated once; build the network with "
                "fuse=False."
            )
        n_layers = len(ctx.saved_tensors) // 2
        inputs, weights = ctx.saved_tensors[:n_layers], ctx.saved_tensors[n_layers:]
        above = gradient.to(inputs[0].dtype)
        found = [above.t() @ inputs[-1]]
        for layer in reversed(range(n_layers - 1)):
            below = above @ weights[layer + 1]
            # A mask takes several times as long.
            above = torch.ops.aten.threshold_backward(below, inputs[layer + 1], 0)
            found += [above.sum(dim=0), above.t() @ inputs[layer]]
        into_x = above @ weights[0] if ctx.needs_input_grad[1] else None
        # Autograd casts each to the dtype of what it is the gradient of.
        return gradient, into_x, None, None, *reversed(found)

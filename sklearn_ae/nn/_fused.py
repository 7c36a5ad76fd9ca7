"""Stack of ReLU layers as one autograd operation, for training."""

import torch
from torch import Tensor, nn

from ._activation_range import ActivationClamp

_HIDDEN_LAYER = (nn.Linear, ActivationClamp, nn.ReLU)


def can_fuse(path: nn.Sequential) -> bool:
    """Tell whether :func:`add_fused` computes what the layers of a stack do.

    Parameters
    ----------
    path : torch.nn.Sequential
        Built by :func:`mlp`; a caller may have replaced layers or registered hooks.

    Returns
    -------
    can_fuse : bool
        False in ``eval()``, and under autocast, which chooses the dtype of each layer.

    Examples
    --------
    >>> from sklearn_ae.nn._fused import can_fuse
    >>> from sklearn_ae.nn._mlp import mlp
    >>> can_fuse(mlp(4, (8,), 2)), can_fuse(mlp(4, (8,), 2, "tanh"))
    (True, False)
    """
    return (
        _is_relu_stack(path)
        and all(part.training for part in path.modules())
        and not _has_hooks(path)
        and not torch.is_autocast_enabled("cpu")
    )


def _is_relu_stack(path: nn.Sequential) -> bool:
    *hidden, last = path
    kinds = _HIDDEN_LAYER * (len(hidden) // 3) + (nn.Linear,)
    if tuple(map(type, path)) != kinds or last.bias is not None:
        return False
    return all(layer.bias is not None for layer in hidden[::3])


def _has_hooks(path: nn.Sequential) -> bool:
    return any(
        part._forward_hooks
        or part._forward_pre_hooks
        or part._backward_hooks
        or part._backward_pre_hooks
        for part in path.modules()
    )


def add_fused(
    base: Tensor, path: nn.Sequential, x: Tensor, dtype: torch.dtype
) -> Tensor:
    r"""Return ``base + path(x)`` for a stack of ReLU layers in ``train()``.

    Under autocast each layer casts its input and its weights, forwards and backwards.
    Here units stay in `dtype` from layer to layer, and autograd sees one operation. Its
    gradients can't be differentiated again.

    Parameters
    ----------
    base : Tensor of shape (n_rows, n_outputs)
        Added to the path's output.

    path : torch.nn.Sequential
        For which :func:`can_fuse` is true.

    x : Tensor of shape (n_rows, n_inputs)
        Input of the path.

    dtype : torch.dtype
        Of the products. Gradients have the dtype of weights, and the sum that of
        `base`.

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
    >>> output = add_fused(torch.zeros(3, 2), path, x, torch.float32)
    >>> torch.allclose(output, path(x))
    True
    """
    *hidden, last = path
    weights = [tensor for layer in hidden[::3] for tensor in (layer.weight, layer.bias)]
    return _ReLULayers.apply(base, x, hidden[1::3], dtype, *weights, last.weight)


class _ReLULayers(torch.autograd.Function):
    @staticmethod
    def forward(ctx, base, x, clamps, dtype, *weights):
        inputs, weights = [x.to(dtype)], [tensor.to(dtype) for tensor in weights]
        for weight, bias, clamp in zip(
            weights[:-1:2], weights[1::2], clamps, strict=True
        ):
            units = torch.addmm(bias, inputs[-1], weight.t())
            clamp.record(units)
            inputs.append(units.relu_())
        ctx.save_for_backward(*inputs, *weights[::2])
        return base + inputs[-1] @ weights[-1].t()

    @staticmethod
    def jvp(ctx, *tangents):
        raise RuntimeError(
            "Fused layers can't be differentiated forwards. Build the network with "
            "fuse=False."
        )

    @staticmethod
    def backward(ctx, gradient):
        if torch.is_grad_enabled():  # by create_graph=True
            raise RuntimeError(
                "The gradients of fused layers can't be differentiated again, got "
                "create_graph=True. Build the network with fuse=False."
            )
        n_layers = len(ctx.saved_tensors) // 2
        inputs, weights = ctx.saved_tensors[:n_layers], ctx.saved_tensors[n_layers:]
        above = gradient.to(inputs[0].dtype)
        gradients = [above.t() @ inputs[-1]]  # of weights, the last layer's first
        for layer in reversed(range(n_layers - 1)):
            below = above @ weights[layer + 1]
            # A mask takes several times as long.
            above = torch.ops.aten.threshold_backward(below, inputs[layer + 1], 0)
            gradients += [above.sum(dim=0), above.t() @ inputs[layer]]
        of_x = above @ weights[0] if ctx.needs_input_grad[1] else None
        # Autograd casts each gradient to the dtype of its tensor.
        return gradient, of_x, None, None, *reversed(gradients)

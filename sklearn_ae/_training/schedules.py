"""Schedules of learning rate, noise and penalty."""

from skorch.callbacks import Callback

_RISING_SHARE = 0.1  # of the steps: the learning rate rises over these


class OneCycle(Callback):
    """Sets the learning rates of every step, see :func:`one_cycle`.

    skorch's LRScheduler calls a scheduler of torch, which takes as long as a small
    layer. The user's callbacks come after this one, so a scheduler among them overrides
    it.

    Parameters
    ----------
    n_steps : int
        Number of steps of the whole schedule.
    """

    def __init__(self, n_steps):
        self.n_steps = n_steps

    def on_train_begin(self, net, **kwargs):
        self.peaks_ = [group["lr"] for group in net.optimizer_.param_groups]
        self.step_ = net.flat_.n_steps
        self._set_rates(net)

    def on_batch_end(self, net, training, **kwargs):
        if not training:
            return
        net.history.record_batch("event_lr", net.optimizer_.param_groups[0]["lr"])
        self.step_ += 1
        self._set_rates(net)

    def _set_rates(self, net):
        share = one_cycle(self.step_, self.n_steps)
        for group, peak in zip(net.optimizer_.param_groups, self.peaks_, strict=True):
            group["lr"] = share * peak


def one_cycle(step: int, n_steps: int) -> float:
    """Return a step's learning rate as a share of the peak.

    It rises linearly over the first tenth of the steps and falls linearly to zero over
    the others.
    """
    n_rising = max(_RISING_SHARE * n_steps, 1)
    return min((step + 1) / n_rising, (n_steps - step) / (n_steps - n_rising + 1))


class ShrinkingNoise(Callback):
    """Sets the level of noise in each epoch by the training loss of the one before.

    The level is the root of that loss, times the share of epochs that are left. So
    noise vanishes where the network fits closely, and where it does not, details
    smaller than the noise are not learned. Before and after training the level is 0.

    Parameters
    ----------
    noise : Corruption
        Noise of the training rows.

    start_loss : float
        Training loss of the start.
    """

    def __init__(self, noise, start_loss):
        self.noise, self.start_loss = noise, start_loss

    def on_epoch_begin(self, net, **kwargs):
        n_done = len(net.history) - 1
        loss = net.history[-2, "train_loss"] if n_done else self.start_loss
        share_left = 1 - n_done / net.max_epochs
        deviation = net.module_.residual_deviation(min(loss, self.start_loss))
        self.noise.set_level(deviation * share_left)

    def on_train_end(self, net, **kwargs):
        self.noise.set_level(0.0)


class WarmUp(Callback):
    """Raises the weight of an objective's penalty linearly from 0 to 1.

    Parameters
    ----------
    objective : object
        Multiplies its penalty by its attribute `warmth`.

    n_epochs : int
        Number of epochs until `warmth` is 1. In the first epoch it is 0.
    """

    def __init__(self, objective, n_epochs):
        self.objective, self.n_epochs = objective, n_epochs

    def on_epoch_begin(self, net, **kwargs):
        self.objective.warmth = min((len(net.history) - 1) / self.n_epochs, 1.0)

    def on_train_end(self, net, **kwargs):
        self.objective.warmth = 1.0

"""Schedules of a training: learning rate, noise and penalty, step by step."""

from skorch.callbacks import Callback

_RISING = 0.1  # share of the steps in which the learning rate rises


class OneCycle(Callback):
    """Sets the learning rates of every step, see :func:`one_cycle`.

    It is skorch's LRScheduler without torch's scheduler, which takes as long as a small
    layer. A scheduler among the user's callbacks comes later and has the last word.

    Parameters
    ----------
    n_steps : int
        Steps of the whole schedule.
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
    """Return the share of the learning rate at a step.

    It rises over the first tenth of the steps and falls to zero over the others, both
    in a straight line.
    """
    n_rising = max(_RISING * n_steps, 1)
    return min((step + 1) / n_rising, (n_steps - step) / (n_steps - n_rising + 1))


class ShrinkingNoise(Callback):
    """Sets the level of noise by what is still unexplained, epoch by epoch.

    It is the root of the last epoch's training loss, times the share of epochs that
    are left: where a network can get close, it is not kept from it, and where it can't,
    it learns no details below the noise. There is none before training and after it.

    Parameters
    ----------
    noise : Corruption
        Of the training rows.

    start_loss : float
        Training loss of the start.
    """

    def __init__(self, noise, start_loss):
        self.noise, self.start_loss = noise, start_loss

    def on_epoch_begin(self, net, **kwargs):
        n_done = len(net.history) - 1
        loss = net.history[-2, "train_loss"] if n_done else self.start_loss
        left = 1 - n_done / net.max_epochs
        deviation = net.module_.residual_deviation(min(loss, self.start_loss))
        self.noise.set_level(deviation * left)

    def on_train_end(self, net, **kwargs):
        self.noise.set_level(0.0)


class WarmUp(Callback):
    """Lets an objective's penalty grow to its full weight, in a straight line.

    Parameters
    ----------
    objective : object
        Weighs its penalty by an attribute `warmth`, from 0 to 1.

    n_epochs : int
        Epochs until it is 1; the first has 0.
    """

    def __init__(self, objective, n_epochs):
        self.objective, self.n_epochs = objective, n_epochs

    def on_epoch_begin(self, net, **kwargs):
        self.objective.warmth = min((len(net.history) - 1) / self.n_epochs, 1.0)

    def on_train_end(self, net, **kwargs):
        self.objective.warmth = 1.0

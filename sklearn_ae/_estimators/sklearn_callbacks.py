"""The tasks of a fit, as scikit-learn's own callbacks watch them."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from .._sklearn import CALLBACKS
from .mixins import fitted_attributes

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackMixin:
        """Nothing: scikit-learn has callbacks from 1.9 on."""

else:

    class CallbackMixin(CallbackSupportMixin):
        """Mixin of estimators whose fits scikit-learn's callbacks watch."""

        def set_callbacks(self, *callbacks):
            """Set scikit-learn's callbacks, which watch every fit.

            Parameters
            ----------
            *callbacks : callback instances
                Such as :class:`sklearn.callback.ProgressBar`. They take the place of
                those set before. None at all removes these.

            Returns
            -------
            self : object
                The estimator.

            Notes
            -----
            Each epoch is a task of the fit; where a small table takes several
            trainings, each epoch of each. So is the fit of an estimator that is held,
            with tasks of its own, and fine-tuning, whose tasks are epochs. Callbacks
            get X and y as `fit` did, and X in the place of y where that is None. Their
            ``fitted_estimator`` has the weights that the epoch ended with, whether or
            not they are kept in the end; it is made only for callbacks that take it.

            A true return at the end of an epoch makes it the last one: as ever, the
            best epoch so far is kept if validation rows confirm its gain, and the last
            one where there are none. Of several trainings, those that follow are no
            longer, and the best number of epochs is among those that all have run. At
            the end of other tasks what callbacks return has no effect.

            Otherwise a fit has the same bits as without callbacks. It may have a
            checkpoint: epochs before a cut are not told again, and a fit that was
            stopped goes on if it is called again. `partial_fit` has no tasks. Clones
            and pickles keep callbacks, `save` leaves them out, and skops asks whether
            to trust their classes.
            """
            return super().set_callbacks(*callbacks)


# Returns the fitted attributes of an estimator as it stands.
Attributes = Callable[[], dict[str, Any]]


class FitTasks:
    """The tasks of one fit, each within the one that was begun before it.

    Nothing is done where scikit-learn has no callbacks.

    Parameters
    ----------
    estimator : estimator
        What is fitted.

    X, y : object
        What it is fitted to, as given. X stands in for y where that is None.
    """

    def __init__(self, estimator, X, y=None) -> None:
        self._estimator = estimator
        self._data = {"X": X, "y": X if y is None else y}
        self._begun: list[Any] = []

    def begin(
        self, name: str, n_subtasks: int = 0, attributes: Attributes | None = None
    ) -> None:
        """Begin a task. The first one is the fit itself.

        Parameters
        ----------
        name : str
            Its name.

        n_subtasks : int, default=0
            Most tasks within it.

        attributes : callable, default=None
            Returns the fitted attributes of an estimator as it stands.
        """
        task = self._task(name, n_subtasks)
        if task is not None:
            task.call_on_fit_task_begin(**self._told(attributes))
            self._begun.append(task)

    def end(self, attributes: Attributes | None = None) -> bool:
        """End the latest task; tell whether a callback wants those beside it to stop.

        Parameters
        ----------
        attributes : callable, default=None
            Returns the fitted attributes of an estimator as it stands.
        """
        return self._begun.pop().call_on_fit_task_end(**self._told(attributes))

    def finish(self) -> None:
        """End all tasks, once everything learned is assigned."""
        while len(self._begun) > 1:
            self.end()
        if self._begun:
            self.end(partial(fitted_attributes, self._estimator))

    @contextlib.contextmanager
    def held(self, name: str, estimator) -> Iterator[None]:
        """Let the fit of an estimator that is held be a task, with tasks of its own.

        Parameters
        ----------
        name : str
            The task's name.

        estimator : estimator
            Gets the callbacks that go to all estimators within, if it takes any.
        """
        task = self._task(name)
        if task is None:
            yield
            return
        goes_on = contextlib.nullcontext()
        if hasattr(estimator, "set_callbacks"):
            goes_on = task.propagate_callback_context(estimator)
        with goes_on:
            task.call_on_fit_task_begin(**self._told())
            yield
            task.call_on_fit_task_end(**self._told())

    def observe(
        self,
        name: str,
        publish: Callable[[Any, Any], None],
        n_epochs: int,
        n_parts: int,
        learn: Callable[[Any], Any],
    ) -> "EpochTasks | None":
        """Begin a task whose subtasks are epochs.

        Parameters
        ----------
        name : str
            Its name.

        publish : callable
            ``publish(estimator, result)`` assigns the result of a fit.

        n_epochs : int
            Most epochs of a training.

        n_parts : int
            Parts of the validation rows. Several have a training each, and there is one
            more of all rows.

        learn : callable
            Returns the result of a training that ends in a state.

        Returns
        -------
        observer : EpochTasks or None
            Is told of epochs. None if there are no callbacks.
        """
        n_trainings = n_parts + 1 if n_parts > 1 else 1
        self.begin(name, n_epochs * n_trainings)
        if not getattr(self._estimator, CALLBACKS, None):
            return None

        def attributes(state):
            shown = type(self._estimator).__new__(type(self._estimator))
            vars(shown).update(vars(self._estimator))
            publish(shown, learn(state()))
            return fitted_attributes(shown)

        return EpochTasks(self, attributes)

    def _task(self, name, n_subtasks=0):
        """Return a new task, or None where there are no callbacks."""
        options = {"task_name": name, "max_subtasks": n_subtasks}
        if self._begun:
            return self._begun[-1].subcontext(**options)
        first = getattr(self._estimator, "_init_callback_context", None)
        return first and first(**options)

    def _told(self, attributes=None) -> dict[str, Any]:
        return {
            "estimator": self._estimator,
            **self._data,
            "reconstruction_attributes": attributes,
        }


class EpochTasks(NamedTuple):
    """Epochs as tasks; an observer of the engine.

    Attributes
    ----------
    tasks : FitTasks
        Those that they belong to.

    attributes : callable
        ``attributes(state)`` returns fitted attributes, if training ended in the state
        that ``state()`` returns.
    """

    tasks: FitTasks
    attributes: Callable[[Callable[[], Any]], dict[str, Any]]

    def begin(self, state: Callable[[], Any]) -> None:
        """Begin an epoch."""
        self.tasks.begin("epoch", attributes=partial(self.attributes, state))

    def end(self, state: Callable[[], Any]) -> bool:
        """End an epoch; return whether it shall be the last."""
        return self.tasks.end(partial(self.attributes, state))

"""Support of scikit-learn's callbacks: the tasks of a fit."""

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
        """Empty: scikit-learn has callbacks from 1.9 on."""

else:

    class CallbackMixin(CallbackSupportMixin):
        """Mixin of estimators that support scikit-learn's callbacks."""

        def set_callbacks(self, *callbacks):
            """Set scikit-learn's callbacks, which are called in every fit.

            Parameters
            ----------
            *callbacks : callback instances
                Such as :class:`sklearn.callback.ProgressBar`. They replace those set
                before. Without arguments all are removed.

            Returns
            -------
            self : object
                The estimator.

            Notes
            -----
            Each epoch is a task of the fit. A small table takes several trainings, and
            each epoch of each of them is a task. In a meta-estimator the fit of
            `estimator` is a task with its own subtasks, and so is fine-tuning.
            Callbacks get X and y as passed to `fit`, and X for y if that is None. Their
            ``fitted_estimator`` has the weights of the end of the epoch, whether or not
            they are kept in the end. It is made only for callbacks that take it.

            If a callback returns True at the end of an epoch, that epoch is the last
            one. The best epoch so far is kept if validation rows confirm its gain, and
            the last one if there are no validation rows. If there are several
            trainings, those that follow run for no more epochs, and the best number of
            epochs is one that all trainings have reached. What callbacks return at the
            end of other tasks has no effect.

            Otherwise callbacks change no bit of a fit. A fit may have a checkpoint:
            callbacks are not told again of epochs before a cut, and a fit that was
            stopped goes on if it is called again. `partial_fit` has no tasks. Clones
            and pickles keep callbacks, `save` leaves them out, and skops asks whether
            to trust their classes.
            """
            return super().set_callbacks(*callbacks)


# Returns the fitted attributes that an estimator would have if its fit ended now.
Attributes = Callable[[], dict[str, Any]]


class FitTasks:
    """Tasks of one fit, which scikit-learn's callbacks are told of.

    Each task is a subtask of the one that was begun before it and is not yet ended.
    Below scikit-learn 1.9 no task is made.

    Parameters
    ----------
    estimator : estimator
        The estimator that is fitted.

    X, y : object
        Arguments of `fit`. X takes the place of y if that is None.
    """

    def __init__(self, estimator, X, y=None) -> None:
        self._estimator = estimator
        y = X if y is None else y
        self._arguments = {"estimator": estimator, "X": X, "y": y}
        self._open_tasks: list[Any] = []

    def begin(
        self, name: str, n_subtasks: int = 0, attributes: Attributes | None = None
    ) -> None:
        """Begin a task. The first one is the fit itself.

        Parameters
        ----------
        name : str
            Name of the task.

        n_subtasks : int, default=0
            Largest number of its subtasks.

        attributes : callable, default=None
            Returns the fitted attributes as they are now.
        """
        task = self._make_task(name, n_subtasks)
        if task is not None:
            task.call_on_fit_task_begin(
                **self._arguments, reconstruction_attributes=attributes
            )
            self._open_tasks.append(task)

    def end(self, attributes: Attributes | None = None) -> bool:
        """End the latest task; return whether a callback wants its siblings to stop.

        Parameters
        ----------
        attributes : callable, default=None
            Returns the fitted attributes as they are now.
        """
        return self._open_tasks.pop().call_on_fit_task_end(
            **self._arguments, reconstruction_attributes=attributes
        )

    def finish(self) -> None:
        """End all tasks, once the fitted attributes are assigned."""
        while len(self._open_tasks) > 1:
            self.end()
        if self._open_tasks:
            self.end(partial(fitted_attributes, self._estimator))

    @contextlib.contextmanager
    def sub_estimator_fit(self, name: str, estimator) -> Iterator[None]:
        """Make the fit of a sub-estimator a task, whose subtasks are those of the fit.

        Parameters
        ----------
        name : str
            Name of the task.

        estimator : estimator
            Sub-estimator. It gets the callbacks that propagate, if it takes any.
        """
        task = self._make_task(name)
        if task is None:
            yield
            return
        with contextlib.ExitStack() as stack:
            if hasattr(estimator, "set_callbacks"):
                stack.enter_context(task.propagate_callback_context(estimator))
            task.call_on_fit_task_begin(**self._arguments)
            yield
            task.call_on_fit_task_end(**self._arguments)

    def observe(
        self,
        name: str,
        assign: Callable[[Any, Any], None],
        n_epochs: int,
        n_parts: int,
        make_result: Callable[[Any], Any],
    ) -> "EpochTasks | None":
        """Begin a task whose subtasks are epochs.

        Parameters
        ----------
        name : str
            Name of the task.

        assign : callable
            ``assign(estimator, result)`` assigns the result of a fit.

        n_epochs : int
            Largest number of epochs of a training.

        n_parts : int
            Number of parts of the validation rows. With several there is one training
            for each, and one on all rows.

        make_result : callable
            Returns the result of a fit from the state in which training ends.

        Returns
        -------
        observer : EpochTasks or None
            Observer for the engine. None if there are no callbacks.
        """
        n_trainings = n_parts + 1 if n_parts > 1 else 1
        self.begin(name, n_epochs * n_trainings)
        if not getattr(self._estimator, CALLBACKS, None):
            return None

        def attributes(state):
            copy = type(self._estimator).__new__(type(self._estimator))
            vars(copy).update(vars(self._estimator))
            assign(copy, make_result(state()))
            return fitted_attributes(copy)

        return EpochTasks(self, attributes)

    def _make_task(self, name, n_subtasks=0):
        """Return a new task, or None below scikit-learn 1.9."""
        options = {"task_name": name, "max_subtasks": n_subtasks}
        if self._open_tasks:
            return self._open_tasks[-1].subcontext(**options)
        make_first = getattr(self._estimator, "_init_callback_context", None)
        return make_first and make_first(**options)


class EpochTasks(NamedTuple):
    """Observer that makes a task of every epoch.

    Attributes
    ----------
    tasks : FitTasks
        Tasks of the fit.

    attributes : callable
        ``attributes(state)`` returns the fitted attributes that follow from the state
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

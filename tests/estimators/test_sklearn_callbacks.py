"""Fits as scikit-learn's callbacks see them."""

import copy
import importlib.util
import pickle
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from skorch.callbacks import Callback

import sklearn_ae
from sklearn_ae import (
    AutoencoderTransformer,
    CodeCompressor,
    DenoisingAutoencoder,
    EncoderDecoderRegressor,
    PretrainedClassifier,
    PretrainedRegressor,
    ReconstructionOutlierDetector,
)
from sklearn_ae._estimators import sklearn_callbacks

try:
    from sklearn.callback import ScoringMonitor
except ImportError:
    ScoringMonitor = None

from_1_9 = pytest.mark.skipif(ScoringMonitor is None, reason="scikit-learn below 1.9")
ONE_TRAINING = {"validation_fraction": 0.2}  # of 300 rows: enough to judge by
BRIEF = {"max_epochs": 1, "early_stopping": False}


class Watch:
    """Takes down every task, and does something at their ends."""

    max_propagation_depth = None

    def __init__(self, at_end=None):
        self.at_end, self.begun, self.ended = at_end, [], []
        self.is_set_up, self.data = False, []

    def setup(self, estimator, context):
        self.is_set_up = True

    def teardown(self, estimator, context):
        self.is_set_up = False

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.estimator_name, context.task_name))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None):
        self.ended.append((context.estimator_name, context.task_name))
        self.data.append((X, y))
        return self.at_end and self.at_end(estimator, context)

    @property
    def n_epochs(self):
        return self.ended.count((self.ended[-1][0], "epoch"))


class Shows(Watch):
    """Looks at the estimator as it stands at both ends of every epoch."""

    def __init__(self, look=lambda estimator, shown: None):
        super().__init__()
        self.look, self.shown = look, []

    def on_fit_task_begin(self, estimator, context, *, fitted_estimator=None):
        if context.task_name == "epoch":
            self.look(estimator, fitted_estimator)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name == "epoch":
            self.look(estimator, fitted_estimator)
            self.shown.append(fitted_estimator)


@pytest.fixture
def few(X):
    """Return rows that are no more than it takes."""
    return X[:60]


def small(estimator_class=AutoencoderTransformer, **parameters):
    sizes = {"hidden_layer_sizes": (8,), "batch_size": 32, "learning_rate": 0.02}
    parameters = sizes | {"max_epochs": 4, "random_state": 0} | parameters
    return estimator_class(2, **parameters)


def after(n_epochs):
    """Return what stops every training after some epochs."""
    seen = []

    def at_end(estimator, context):
        seen.append(context.task_name)
        return seen.count("epoch") >= n_epochs

    return at_end


def assert_same_answers(case, first, second, X):
    for name, answer in case.answers(first, X).items():
        np.testing.assert_array_equal(answer, case.answers(second, X)[name])


def losses(estimator):
    """Return the losses of an estimator's epochs, and those of the one it holds."""
    both = estimator, getattr(estimator, "estimator_", None)
    return [getattr(one, "loss_curve_", None) for one in both]


def fails(estimator, context):
    raise RuntimeError("a callback failed")


def fails_last(estimator, context):
    if context.parent is None:
        fails(estimator, context)


def test_set_callbacks_needs_recent_scikit_learn(case):
    assert hasattr(case.make(), "set_callbacks") == (ScoringMonitor is not None)


@from_1_9
def test_every_task_ends_with_its_data(case, few):
    watch = Watch()
    case.fit(case.make(max_epochs=1).set_callbacks(watch), few)
    assert len(watch.begun) == len(watch.ended)
    assert not watch.is_set_up
    assert watch.ended[-1] == (case.estimator_class.__name__, "fit")
    assert "epoch" in {name for _, name in watch.ended}
    told_X, told_y = watch.data[-1]
    assert told_X is few
    np.testing.assert_array_equal(
        told_y, few if case.make_targets is None else case.make_targets(few)
    )


@from_1_9
def test_callbacks_change_no_bits(case, few):
    watch = Shows(lambda estimator, shown: shown.transform(few[:9]))
    watched = case.fit(case.make(max_epochs=2).set_callbacks(watch), few)
    assert watch.shown
    plain = case.fit(case.make(max_epochs=2), few)
    assert_same_answers(case, watched, plain, few)
    assert losses(watched) == losses(plain)
    assert not [name for name in vars(watched) if "_ctx" in name]


@from_1_9
def test_callbacks_get_the_given_y(X):
    watch = Watch()
    y = np.arange(300)
    small(max_epochs=1).set_callbacks(watch).fit(X, y)
    assert all(told is y for _, told in watch.data)


@from_1_9
@pytest.mark.parametrize("at_end", [fails, fails_last])
def test_callback_errors_leave_the_former_fit(case, few, at_end):
    estimator = case.fit(case.make(**BRIEF), few)
    before = dict(vars(estimator))
    watch = Watch(at_end)
    with pytest.raises(RuntimeError, match="a callback failed"):
        case.fit(estimator.set_callbacks(watch), 2 * few)
    assert not watch.is_set_up
    assert vars(estimator.set_callbacks()) == before


@from_1_9
def test_estimators_pickle_at_any_time(case, few):
    pickles = []

    def keep(estimator, shown):
        pickles.append(pickle.dumps((estimator, shown)))

    watch = Shows(keep)
    watch.__class__ = type("Plain", (Shows,), {"__reduce__": lambda self: (list, ())})
    estimator = case.make(**BRIEF).set_callbacks(watch)
    assert pickle.loads(pickle.dumps(estimator)).set_callbacks() is not None
    case.fit(estimator, few)
    for way in (pickle.dumps, lambda one: pickle.dumps(copy.deepcopy(one))):
        assert_same_answers(case, pickle.loads(way(estimator)), estimator, few)
    midst, shown = pickle.loads(pickles[-1])
    assert not midst.__sklearn_is_fitted__()
    if case.prefix:  # what the held estimator's epochs showed is no detector's
        return
    assert_same_answers(case, shown, watch.shown[-1], few)


@from_1_9
def test_refits_on_other_tables_are_shown(X):
    estimator = small(max_epochs=2).partial_fit(X)
    frame = pd.DataFrame(X[:200, :4], columns=list("abcd"))
    watch = Shows(lambda estimator, shown: shown.transform(frame))
    estimator.set_callbacks(watch).fit(frame)
    assert not hasattr(watch.shown[-1], "_stream")
    np.testing.assert_array_equal(watch.shown[-1].feature_names_in_, list("abcd"))


@from_1_9
def test_last_epoch_shows_the_unvalidated_result(X):
    watch = Shows()
    fitted = small(DenoisingAutoencoder, early_stopping=False).set_callbacks(watch)
    codes = fitted.fit_transform(X)
    assert [shown.n_epochs_ for shown in watch.shown] == [1, 2, 3, 4]
    np.testing.assert_array_equal(watch.shown[-1].transform(X), codes)
    assert watch.shown[-1].loss_curve_ == fitted.loss_curve_


@from_1_9
def test_true_stops_training(X):
    watch = Watch(after(2))
    stopped = small(**ONE_TRAINING).set_callbacks(watch).fit(X)
    whole = small(**ONE_TRAINING).fit(X)
    assert watch.n_epochs == stopped.n_epochs_ == 2
    assert stopped.loss_curve_ == whole.loss_curve_[:3]
    assert stopped.best_epoch_ == np.argmin(whole.validation_loss_curve_[:3]) > 0


@from_1_9
def test_true_without_validation_keeps_last_epoch(X):
    watch = Watch(after(2))
    stopped = small(early_stopping=False).set_callbacks(watch).fit(X)
    assert stopped.best_epoch_ == stopped.n_epochs_ == watch.n_epochs == 2


@from_1_9
@pytest.mark.parametrize("kind", [AutoencoderTransformer, EncoderDecoderRegressor])
def test_true_shortens_later_trainings(X, kind):
    watch = Watch(lambda _, context: context.task_id == 1)  # the first training's
    data = (X, X[:, :3] ** 2) if kind is EncoderDecoderRegressor else (X,)
    stopped = small(kind).set_callbacks(watch).fit(*data)
    assert len(stopped.validation_loss_curve_) == 3
    assert stopped.best_epoch_ == stopped.n_epochs_ == 2
    assert watch.n_epochs == 6 * 2


@from_1_9
@pytest.mark.parametrize(("n_epochs", "best_epoch"), [(1, 0), (2, 2)])
def test_stopped_trainings_keep_judged_epochs(X, n_epochs, best_epoch):
    # On all rows, after those on parts. One epoch gains no more than chance may give.
    watch = Watch(lambda _, context: context.task_id == 5 * 4 + n_epochs - 1)
    regressor = small(EncoderDecoderRegressor).set_callbacks(watch)
    stopped = regressor.fit(X, X[:, :3] ** 2)
    assert watch.n_epochs == 5 * 4 + n_epochs
    assert stopped.best_epoch_ == best_epoch
    assert len(stopped.validation_loss_curve_) == stopped.n_epochs_ + 1


@from_1_9
def test_epochs_that_skorch_stops_are_ended(X):
    class Stop(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    watch = Watch()
    fitted = small(callbacks=[Stop()]).set_callbacks(watch).fit(X)
    assert fitted.n_epochs_ == 1
    assert len(watch.begun) == len(watch.ended)


@from_1_9
def test_callbacks_ctrl_c_keeps_best_epoch(X, press_ctrl_c):
    def at_end(estimator, context):
        if context.task_id == 2:
            press_ctrl_c()

    watch = Watch(at_end)
    estimator = small(**ONE_TRAINING).set_callbacks(watch)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X)
    assert estimator.best_epoch_ > 0
    assert not watch.is_set_up
    assert "_callback_fit_ctx" not in vars(estimator)


@from_1_9
@pytest.mark.parametrize("parameters", [ONE_TRAINING, {}])
def test_stopped_fits_resume_from_checkpoints(X, tmp_path, parameters):
    path = tmp_path / "fit"
    estimator = small(DenoisingAutoencoder, **parameters)
    watch = Watch(lambda _, context: context.task_name == "epoch")
    estimator.set_callbacks(Shows(), watch).fit(X, checkpoint=path)
    assert estimator.n_epochs_ == 1
    estimator.set_callbacks(Shows()).fit(X, checkpoint=path)
    whole = small(DenoisingAutoencoder, **parameters).fit(X)
    assert estimator.loss_curve_ == whole.loss_curve_
    np.testing.assert_array_equal(estimator.transform(X), whole.transform(X))


@from_1_9
def test_fits_without_epochs_have_one_task(X):
    watch = Watch()
    small(max_epochs=0).set_callbacks(watch).fit(X)
    assert watch.begun == watch.ended == [("AutoencoderTransformer", "fit")]


@from_1_9
def test_partial_fit_has_no_tasks(X):
    watch = Watch()
    small().set_callbacks(watch).partial_fit(X)
    assert watch.begun == []


HOLDERS = [
    (CodeCompressor, ["fit-estimator"]),
    (ReconstructionOutlierDetector, ["fit-start", "fit-estimator"]),
    (partial(PretrainedRegressor, max_epochs=0), ["fit-estimator"]),
]
NAMES = ["compressor", "detector", "regressor"]


@from_1_9
@pytest.mark.parametrize(("kind", "names"), HOLDERS, ids=NAMES)
def test_sub_estimators_without_callbacks_are_tasks(X, kind, names):
    watch = Watch()
    kind(PCA(2)).set_callbacks(watch).fit(X, X[:, 4])
    held = [name for owner, name in watch.ended if name.startswith("fit-")]
    assert held[: len(names)] == names


@from_1_9
@pytest.mark.parametrize(("kind", "names"), HOLDERS, ids=NAMES)
def test_frozen_estimators_have_no_task(X, kind, names):
    watch = Watch()
    frozen = FrozenEstimator(small(max_epochs=1).fit(X))
    kind(frozen).set_callbacks(watch).fit(X, X[:, 4])
    assert not [name for owner, name in watch.ended if name.startswith("fit-")]


@from_1_9
@pytest.mark.parametrize("kind", [kind for kind, _ in HOLDERS], ids=NAMES)
def test_callbacks_propagate_during_fit_only(few, kind):
    watch = Watch()
    holder = kind(small(**BRIEF)).set_callbacks(watch)
    fitted = holder.fit(few, few[:, 4])
    assert ("AutoencoderTransformer", "epoch") in watch.ended
    assert not hasattr(fitted.estimator_, "_skl_callbacks")
    assert not hasattr(fitted.estimator, "_skl_callbacks")
    assert clone(fitted)._skl_callbacks == [watch]


@from_1_9
def test_files_hold_no_callbacks(case, few, tmp_path):
    fitted = case.fit(case.make(**BRIEF).set_callbacks(Watch()), few)
    fitted.save(tmp_path / "file")
    loaded = sklearn_ae.load(tmp_path / "file")
    assert not hasattr(loaded, "_skl_callbacks")
    assert_same_answers(case, loaded, fitted, few)


def explained(estimator, X, y):
    return {"explained": estimator.score(X)}


@from_1_9
def test_scores_are_monitored_each_epoch(X):
    monitor = ScoringMonitor(scoring=explained)
    fitted = small(early_stopping=False).set_callbacks(monitor).fit(X)
    log = monitor.get_logs().data
    scores = [row["explained"] for row in log if row["task_name"] == "epoch"]
    assert len(scores) == fitted.n_epochs_ == 4
    assert scores[-1] == log[0]["explained"] == fitted.score(X)


@from_1_9
def test_scikit_learn_metrics_are_monitored(X):
    monitor = ScoringMonitor(scoring="accuracy")
    y = (X[:, 4] > 0).astype(int)
    classifier = PretrainedClassifier(
        small(max_epochs=1), max_epochs=2, random_state=0, early_stopping=False
    )
    classifier.set_callbacks(monitor).fit(X, y)
    log = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(log) == 2
    assert log[-1]["accuracy"] == classifier.score(X, y)


def test_no_callbacks_below_1_9(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location(
        "sklearn_ae._estimators.sklearn_callbacks_below_1_9", sklearn_callbacks.__file__
    )
    old = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(old)
    assert not hasattr(old.CallbackMixin(), "set_callbacks")
    tasks = old.FitTasks(old.CallbackMixin(), None)
    tasks.begin("fit", 2)
    with tasks.sub_estimator_fit("fit-estimator", old.CallbackMixin()):
        assert tasks.observe("fine-tune", None, 2, 1, None) is None
    tasks.finish()

"""What estimators that give codes of rows tell scikit-learn."""

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin


class CodesOutMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Mixin of transformers into codes, fitted once they have `_fitted`."""

    @property
    def _n_features_out(self):
        return self.n_components_

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

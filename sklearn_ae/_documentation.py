"""Where the documentation is."""

SITE = "https://sklearn-ae.readthedocs.io/en/stable"


class Documented:
    """Mixin of all estimators: their pages, which they link to in notebooks."""

    _doc_link_module = "sklearn_ae"
    _doc_link_template = (
        f"{SITE}/reference/generated/{{estimator_module}}.{{estimator_name}}.html"
    )

"""The docs site, see https://www.sphinx-doc.org/en/master/usage/configuration.html."""

import inspect
import re

from sphinx_gallery.sorting import ExplicitOrder

import sklearn_ae

project = "sklearn_ae"
author = "The sklearn_ae developers"
copyright = "2026, the sklearn_ae developers"
version = release = sklearn_ae.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    # Pages with mathematics need no network either.
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "gallery/*.py", "gallery/*.rst"]
templates_path = ["_templates"]
default_role = "literal"
smartquotes = False
nitpicky = True
# Names of other packages have no pages here.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|pandas|polars|scipy|sklearn|skorch|torch)\..*"),
]

extlinks = {
    "sklearn": (
        "https://scikit-learn.org/stable/modules/generated/sklearn.%s.html",
        "sklearn.%s",
    )
}

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_ae {release}"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "header_links_before_dropdown": 5,
    "show_toc_level": 3,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
# Pages without others below them need no list of these.
ALONE = ["index", "getting_started", "when_pca_is_enough", "how_it_works", "benchmarks"]
HOW_TO = ["new_variant", "new_noise", "new_display", "new_column_kind"]
html_sidebars = {page: [] for page in [*ALONE, *HOW_TO, "changelog"]}

copybutton_exclude = ".linenos, .gp, .go"

GALLERY = [
    "plot_digits_and_pca.py",
    "plot_pipeline_search.py",
    "plot_components_elbow.py",
    "plot_mixed_table.py",
    "plot_fill_gaps.py",
    "plot_denoise_pictures.py",
    "plot_sparse_atoms.py",
    "plot_generate.py",
    "plot_convolution_pictures.py",
    "plot_convolution_spectra.py",
    "plot_sound.py",
    "plot_text.py",
    "plot_outliers.py",
    "plot_few_labels.py",
    "plot_colour_and_resolution.py",
    "plot_compression.py",
]
sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "auto_gallery",
    "within_subsection_order": ExplicitOrder(GALLERY),
    "backreferences_dir": "reference/backreferences",
    "doc_module": ("sklearn_ae",),
    "reference_url": {"sklearn_ae": None},
    "matplotlib_animations": False,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    # Its page would load scripts from elsewhere.
    "write_computation_times": False,
    "remove_config_comments": True,
    "parallel": 2,
}


def without_foreign_labels(app, what, name, obj, options, lines):
    """Make text of what scikit-learn's docstrings refer to in its own guide."""
    lines[:] = [
        re.sub(r":(?:ref|term):`([^`<]+?)(?: <[^`]*>)?`", r"\1", line) for line in lines
    ]


def skip_torch(app, what, name, obj, skip, options):
    """Leave out what networks inherit from torch."""
    module = getattr(inspect.unwrap(obj) if callable(obj) else obj, "__module__", "")
    return True if str(module).startswith("torch") else None


def setup(app):
    """Connect what autodoc calls."""
    app.connect("autodoc-process-docstring", without_foreign_labels)
    app.connect("autodoc-skip-member", skip_torch)

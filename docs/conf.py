"""How Sphinx builds the site; `make docs` runs it."""

import sys
from pathlib import Path

from rechroma import __version__

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE / "_ext"))

project = "Rechroma"
author = "The Rechroma contributors"
project_copyright = "The Rechroma contributors, Apache-2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "rechroma_docs",
]
exclude_patterns = ["_ext"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# Docstrings write names in single backticks: a link where the name is documented, code elsewhere.
default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_custom_sections = [("Attributes", "params_style")]
napoleon_use_rtype = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

smartquotes_action = "D"  # quotes stay as typed: examples of JSON are meant
highlight_language = "sh"
copybutton_prompt_text = r">>> |\.\.\. |\$ |> "
copybutton_line_continuation_character = "\\"
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = "Rechroma"
html_static_path = ["_static"]
html_css_files = ["rechroma.css"]
html_favicon = "../src/rechroma/web/static/icon.svg"
html_copy_source = False
html_show_sourcelink = False

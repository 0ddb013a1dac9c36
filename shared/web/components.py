"""NHS.UK frontend's components under their own names: `nhs.button({...})` in any template, escaped as there."""

import re
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, PackageLoader, TemplateNotFound

from shared.web.compiled import COMPILED

FOLDERS: Final = {"table": "tables", "image": "images", "list": "do-dont-list"}
"""Components whose folder is not called as they are."""


class Components:
    """Each component is loaded when a page first uses it.

    They live in an environment of their own, since they ask for parameters that may be absent; our templates may not.
    """

    def __init__(self) -> None:
        loader = PackageLoader("nhsuk_frontend_jinja")
        self._templates = Environment(
            loader=loader,
            autoescape=True,
            undefined=ChainableUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=COMPILED,
        )

    def __getattr__(self, name: str) -> Any:
        """The component's macro. Raises `AttributeError` for no component."""
        folder = FOLDERS.get(name) or re.sub("([A-Z])", r"-\1", name).lower()
        try:
            module = self._templates.get_template(f"nhsuk/components/{folder}/macro.jinja").module
        except TemplateNotFound:
            raise AttributeError(name) from None
        macro = getattr(module, name)
        setattr(self, name, macro)
        return macro

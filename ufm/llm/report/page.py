"""The report as one HTML page: no network, no script, pictures inside, every text escaped."""

import base64
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ufm._visible import quoted, visible

from .request import Report


def page_template(room: str) -> Template:
    """page.html.jinja of this room of `ufm.llm`, which escapes every text that it is given."""
    environment = Environment(
        loader=PackageLoader("ufm.llm", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "quoted": quoted}
    return environment.get_template(f"{room}/page.html.jinja")


def page(report: Report, pictures: Mapping[str, bytes]) -> str:
    """The page [HTML]; `pictures` are PNG by the name of the figure."""
    return page_template("report").render(
        facts=report.facts,
        laws=report.laws,
        agreement=report.agreement,
        protocols=report.protocols,
        contexts=report.contexts,
        zip=zip,
        pictures={name: base64.b64encode(data).decode() for name, data in pictures.items()},
    )

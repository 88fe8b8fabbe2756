"""The experiments as one HTML page: no network, no script, pictures inside, every text escaped."""

import base64
from collections.abc import Mapping

from ..report.page import page_template
from .make import Reproduction
from .study import depth_of
from .verdicts import EVERYWHERE, MIDDLE, columns, in_words, rows


def page(reproduction: Reproduction, pictures: Mapping[str, bytes]) -> str:
    """The page [HTML]; `pictures` are PNG by the name of the experiment."""
    study = reproduction.study
    tables = [columns(reproduction, of) for of in (EVERYWHERE, MIDDLE)]
    return page_template("reproduce").render(
        study=study,
        facts=reproduction.as_json(),
        experiments=reproduction.plan.experiments,
        findings=reproduction.findings,
        not_run=reproduction.not_run,
        tables=[(found, rows(found, reproduction)) for found in tables if found],
        in_words=in_words,
        depth=lambda layer: depth_of(layer, study.model.blocks),
        pictures={name: base64.b64encode(data).decode() for name, data in pictures.items()},
    )

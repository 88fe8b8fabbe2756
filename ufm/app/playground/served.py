"""What is served beside the explorer: by `ufm explore --verdicts`; `marimo run` serves nothing else."""

from dataclasses import dataclass


@dataclass
class Served:
    """Addresses of the playground and the documentation, from the explorer's page; "" where they are not."""

    playground: str = ""
    site: str = ""


SERVED = Served()

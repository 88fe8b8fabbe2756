"""The explorer's page before marimo is there: its heading, and the first verdicts at once."""

from .first_page import first_page as first_page
from .head import HEAD as HEAD

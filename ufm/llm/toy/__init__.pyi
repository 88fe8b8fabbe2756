from ._assumptions import Assumptions as Assumptions
from ._corpus import Corpus as Corpus
from ._corpus import read_corpus as read_corpus
from ._make import Made as Made
from ._make import make_toy as make_toy
from ._settings import Settings as Settings
from ._tokenizer import is_uppercase_token as is_uppercase_token

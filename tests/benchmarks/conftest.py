"""What is timed is compiled as users' programs are, each time anew."""

import os

# before the settings for every test (conftest.py at the root), which leave alone what is set
os.environ.setdefault("XLA_FLAGS", "")
os.environ.setdefault("UFM_CACHE", "off")

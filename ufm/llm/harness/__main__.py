"""`python -m ufm.llm.harness`: the program `lm_eval`, with `--model ufm` among its models."""

import sys


def main() -> None:
    """Run it; what is wrong with the arguments of the model is said in one line, with status 2."""
    try:
        from lm_eval.__main__ import cli_evaluate

        from .arguments import ArgumentError
        from .model import HarnessModel as HarnessModel  # registers itself
    except ModuleNotFoundError as error:
        sys.exit(f"error: this needs {error.name}: pip install 'ufm[harness]'")
    try:
        cli_evaluate()
    except ArgumentError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

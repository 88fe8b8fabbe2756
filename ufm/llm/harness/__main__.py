"""`python -m ufm.llm.harness`: the program `lm_eval`, with `--model ufm` among its models."""

import sys
import warnings


def main() -> None:
    """Run it; what is wrong with the arguments of the model is said in one line, with status 2."""
    try:
        import jax
        from lm_eval.__main__ import cli_evaluate

        from .arguments import ArgumentError
        from .model import HarnessModel as HarnessModel  # registers itself
    except ModuleNotFoundError as error:
        sys.exit(f"ufm: this needs {error.name}: pip install 'ufm[harness]'")
    jax.config.update("jax_enable_x64", True)  # for dtype=float64
    # the harness asks git and others for versions: such a child runs nothing of JAX
    warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
    try:
        cli_evaluate()
    except ArgumentError as error:
        print(f"ufm: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()

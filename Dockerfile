# The README's two commands. The image checks every claim:
#   docker build -t ufm . && docker run ufm
# and runs the tests:
#   docker run ufm bash -c "pip install -q -c constraints.txt -e '.[test]' && pytest -n auto --dist loadfile"
FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends coq \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home ufm \
    && install -d -o ufm -g ufm /ufm
USER ufm
WORKDIR /ufm
COPY --chown=ufm:ufm . .
ENV PIP_NO_CACHE_DIR=1 PATH=/ufm/.venv/bin:$PATH
RUN python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e .
CMD ["ufm", "verify"]

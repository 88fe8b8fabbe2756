# The README's two commands: docker build -t ufm . && docker run ufm checks every claim, and
# docker run ufm bash -c "pip install -q -c constraints.txt -e '.[test]' && pytest -n auto --dist loadfile" runs the tests.
FROM python:3.11-slim-bookworm
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends coq \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /ufm
COPY . .
RUN python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e .
ENV PATH=/ufm/.venv/bin:$PATH
CMD ["ufm", "verify"]

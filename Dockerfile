# The page and the service. Build: docker build -t rechroma .
# Run: see compose.yaml, or
#   docker run --rm -p 127.0.0.1:8000:8000 -e RECHROMA_TOKEN=$TOKEN --read-only \
#     --tmpfs /tmp:size=3g,mode=1777 rechroma
# For a build that can be repeated name the base by its digest: --build-arg BASE=python@sha256:…
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY requirements/dev.lock ./requirements/
COPY src ./src
# The versions that the tests have run with.
RUN python -m venv /opt/rechroma \
    && /opt/rechroma/bin/pip install --no-cache-dir --constraint requirements/dev.lock '.[web,video]'

FROM ${BASE}
LABEL org.opencontainers.image.title="Rechroma" \
      org.opencontainers.image.description="Gives photographs their color back: the page and the service" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --no-create-home rechroma
COPY --from=build /opt/rechroma /opt/rechroma
ENV PATH=/opt/rechroma/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Outside of the container nobody reaches it without the token in RECHROMA_TOKEN.
ENTRYPOINT ["rechroma", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-browser"]

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY policies policies
COPY posturio_iac posturio_iac
RUN python -m venv /opt/posturio-iac && /opt/posturio-iac/bin/python -m pip install --no-cache-dir ".[live,report]"

FROM python:3.13-slim
# git leaves out ignored files; its version is the one of the base image's Debian.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/* \
 && git config --system --add safe.directory '*' \
 && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin posturio
COPY --from=build /opt/posturio-iac /opt/posturio-iac
ENV PATH=/opt/posturio-iac/bin:$PATH
USER 10001:10001
WORKDIR /code
ENTRYPOINT ["posturio-iac"]
CMD ["scan"]

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /source
COPY .ci/image.txt .ci/
RUN python -m venv /opt/posturio-iac \
 && /opt/posturio-iac/bin/python -m pip install --no-cache-dir --require-hashes --requirement .ci/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY policies policies
COPY posturio_iac posturio_iac
RUN /opt/posturio-iac/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
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

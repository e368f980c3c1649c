# One image for everything: `web`, `queue` and one-off commands differ in their command only (compose.yaml).
# It runs as a user without rights on a read-only file system; what it writes goes to /tmp, /var/cache/portal and /var/lib/portal.

FROM python:3.11-slim AS packages
# requirements-sso.lock has single sign-on besides: docker compose build --build-arg LOCK=requirements-sso.lock
ARG LOCK=requirements.lock
COPY requirements.lock requirements-sso.lock /
RUN python -m venv /venv \
 && /venv/bin/python -m pip install --no-cache-dir --require-hashes -r "/$LOCK"

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTAL_ENVIRONMENT=production \
    PORTAL_ENV_FILE="" \
    CACHE_DIR=/var/cache/portal \
    MARK_FILE=/var/lib/portal/marks.json \
    STATIC_ROOT=/app/staticfiles \
    BIND_ADDRESS=0.0.0.0 \
    PORT=8000
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal /var/cache/portal /var/lib/portal
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py ./
COPY portal portal
COPY integrations integrations
COPY templates templates
COPY static static
COPY docs docs
RUN python manage.py collectstatic --noinput --verbosity 0
USER portal
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "portal/healthcheck.py"]
CMD ["python", "manage.py", "portal"]

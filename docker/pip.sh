#!/bin/sh
# Installs Python packages beside Dynastep's, in an image that is built upon this one: USER root, RUN pip install ...
for wheel in /opt/dynastep/pip/pip-*.whl; do
    exec /opt/dynastep/bin/python "$wheel/pip" "$@"
done

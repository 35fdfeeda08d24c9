"""Dynastep in a container, for tests in Python that use Testcontainers: copy this module into your tests.

    with DynastepContainer(clock="virtual") as dynastep:
        dynastep.client("stepfunctions").list_state_machines()

The image is built from a checkout: ``docker build -f docker/Dockerfile -t dynastep .``
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

PORT = 4566


class DynastepContainer(DockerContainer):
    """A server on a free port of this machine, which is ready when its context begins.

    ``settings`` are those of ``dynastep start``: ``clock="virtual"`` is its variable DYNASTEP_CLOCK.
    """

    def __init__(self, image: str = "dynastep", region: str = "us-east-1", **settings: str) -> None:
        super().__init__(image)
        self.region = region
        self.with_exposed_ports(PORT)
        for name, value in settings.items():
            self.with_env(f"DYNASTEP_{name.upper()}", value)
        self.waiting_for(HttpWaitStrategy(PORT, "/_dynastep/health").for_status_code(200))  # 503 until all is prepared

    def with_ready_scripts(self, folder: Path) -> DynastepContainer:
        """Run the scripts of a folder before the server is ready (`.sh`, `.py`), and make what its `.json` names."""
        self.with_volume_mapping(str(folder.resolve()), "/etc/dynastep/ready.d", "ro")
        return self

    @property
    def url(self) -> str:
        """Where the server is, for the tests: the port is another one each time."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def client(self, service: str) -> Any:
        """A client of boto3's."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(inject_host_prefix=False),  # else StartSyncExecution asks for the host sync-localhost
        )

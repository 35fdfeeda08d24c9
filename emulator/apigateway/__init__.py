"""API Gateway: REST and HTTP APIs answer here, at their ``execute-api`` paths and hosts.

``messages``, ``routing``, ``velocity``, ``mapping``, ``proxying`` and the like are pure; ``apis`` has what is alive.
"""

from emulator.apigateway.apis import Apis
from emulator.apigateway.messages import Answer, Incoming

__all__ = ["Answer", "Apis", "Incoming"]

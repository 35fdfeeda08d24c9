"""CloudWatch: metrics of what happens in a world, and alarms that watch them on its clock."""

from emulator.cloudwatch.metrics import Metrics
from emulator.cloudwatch.watching import Alarms

__all__ = ["Alarms", "Metrics"]

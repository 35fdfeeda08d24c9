"""Velocity templates: text in, a function from variables to text out.

Sources: https://velocity.apache.org/engine/1.7/vtl-reference.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
"""

from emulator.apigateway.velocity.parsing import InvalidTemplate, parse
from emulator.apigateway.velocity.rendering import Template, TemplateFailed
from emulator.apigateway.velocity.values import Tool

__all__ = ["InvalidTemplate", "Template", "TemplateFailed", "Tool", "parse"]

"""API Gateway V2: the operations on HTTP and WebSocket APIs, and what they hold.

Members have the names that they have in JSON (``routeKey``), in requests, in what is held and in answers. A thing is
never changed in place: an operation puts a changed one in its place. So a deployment that keeps a map of things keeps
them as they were.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/api-reference.html
"""

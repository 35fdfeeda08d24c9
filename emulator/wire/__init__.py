"""From bytes to operations and back: the endpoint, AWS protocols, checks of requests, credentials, origins."""

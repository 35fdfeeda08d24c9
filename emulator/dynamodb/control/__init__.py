"""The control plane: tables come, change, are described and go; tags, policies, replicas."""

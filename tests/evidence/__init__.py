"""Evidence: what the code did while tests passed, for the page docs/fidelity.md. ``--fidelity FILE`` collects it."""

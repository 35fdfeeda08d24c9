"""The loop: it drives coroutines, keeps the clock, and is the only place that waits."""

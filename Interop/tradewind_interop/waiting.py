"""Waiting for a condition with a deadline; never a plain sleep."""
import time

POLL_SECONDS = 0.05


def wait_until(condition, seconds, what, describe=lambda: "", pause=POLL_SECONDS):
    """Returns the first true value of `condition()`; fails with `what` once `seconds` have passed."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s {describe()}".strip())
        time.sleep(pause)

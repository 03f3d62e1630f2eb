"""A real terminal program inside a terminal multiplexer."""
import os
import subprocess

from .waiting import wait_until


class Terminal:
    """One tmux server of its own, so that nothing of the user's is touched."""

    def __init__(self, name, command, environment, columns=160, lines=50):
        self.socket = f"tradewind-interop-{name}-{os.getpid()}"
        subprocess.run(
            ["tmux", "-L", self.socket, "-f", "/dev/null", "new-session", "-d", "-x", str(columns),
             "-y", str(lines), command],
            check=True, env={**os.environ, **environment})

    def type(self, line):
        subprocess.run(["tmux", "-L", self.socket, "send-keys", "-l", line], check=True)
        subprocess.run(["tmux", "-L", self.socket, "send-keys", "Enter"], check=True)

    def press(self, key):
        """A key by tmux's name for it, such as C-c."""
        subprocess.run(["tmux", "-L", self.socket, "send-keys", key], check=True)

    def screen(self):
        return subprocess.run(["tmux", "-L", self.socket, "capture-pane", "-p", "-S", "-500"],
                              check=True, capture_output=True, text=True).stdout

    def wait_for(self, text, seconds=60):
        wait_until(lambda: text in self.screen(), seconds, f"the screen shows '{text}'", self.screen)

    def close(self):
        subprocess.run(["tmux", "-L", self.socket, "kill-server"], check=False, capture_output=True)

"""What the interop tests share: real peers, real agents, and waiting for things to become true."""

"""Commands and waiting: a command that fails ends the lab with its own words, a condition that never holds with its name."""
import subprocess
import time


class Failed(Exception):
    """A part cannot start; the text is the reason a person reads."""


def run(*argv, check=True, data=None, **kw):
    """Runs a command and returns what it printed; a failure carries the end of what it said."""
    words = [str(a) for a in argv]
    try:
        feed = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        p = subprocess.run(words, capture_output=True, text=True, **feed, **kw)
    except OSError as e:
        raise Failed(f"{words[0]}: {e.strerror}") from e
    if check and p.returncode:
        said = (p.stderr or p.stdout).strip()[-600:]
        raise Failed(f"`{' '.join(words)[:160]}` ended with {p.returncode}: {said}")
    return p.stdout.strip()


def succeeds(*argv, **kw):
    """Whether a command ends with 0."""
    return subprocess.run([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **kw).returncode == 0


def wait(what, test, seconds, server=None):
    """Polls until `test` is true. Past the deadline, or when `server` (what the servers module says of it) has died, the reason names
    what was waited for and the end of the server's log."""
    end = time.monotonic() + seconds
    while not test():
        died = server is not None and not server.alive()
        if died or time.monotonic() > end:
            tail = f"; its log ends: {server.tail()}" if server else ""
            raise Failed(f"{what} {'died at its start' if died else f'did not come within {seconds} s'}{tail}")
        time.sleep(0.1)

"""What is killed, how it comes back, and when it is back."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
from redis import RedisError

from config import embedded
from demo.chaos.machine import Machine, kill, server

# For as long as this at most a killed service is away before somebody starts it again.
AWAY_SECONDS = 1.5


@dataclass(frozen=True)
class Kind:
    """`strike` kills and brings back what nobody else would; it returns what must be true again.

    `excuses_pages`: while it is away, pages may fail.
    """

    strike: Callable[[Machine, random.Random], Callable[[], bool]]
    excuses_pages: bool


@dataclass(frozen=True)
class Kill:
    """One that happened: at which moment, in which step, and after how long all answered again."""

    kind: str
    step: str
    at: float
    seconds: float

    @property
    def over_at(self) -> float:
        return self.at + self.seconds


def strike(kind: str, machine: Machine, rng: random.Random, step: str) -> Kill:
    """Kill one thing and wait until it is back."""
    at, clock = time.time(), time.monotonic()
    is_back = KINDS[kind].strike(machine, rng)
    machine.wait_until(is_back, f"{kind}, killed in “{step}”,")
    return Kill(kind, step, at, round(time.monotonic() - clock, 2))


def deck(number: int, rng: random.Random) -> list[str]:
    """Kinds of so many kills: first each process once, then every kind as often as every other."""
    found: list[str] = rng.sample(PROCESSES, len(PROCESSES)) + rng.sample(OTHERS, len(OTHERS))
    while len(found) < number:
        found += rng.sample(list(KINDS), len(KINDS))
    return found[:number]


def _web(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    """The main process; those that answer are left without it."""
    old = _killed(machine, "web", rng.random() < 0.5)
    return lambda: _is_anew(machine, "web", old) and machine.web_answers()


def _web_process(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    """One of those that answer."""
    main = _program(machine, "web")
    victim = rng.choice(main.children())
    kill(victim)
    return lambda: not _lives(victim) and bool(main.children()) and machine.web_answers()


def _worker(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    """The main process, alone or with those that carry out jobs."""
    old = _killed(machine, "worker", rng.random() < 0.5)
    return lambda: _ticks_again(machine, "worker", old)


def _job(machine: Machine, _rng: random.Random) -> Callable[[], bool]:
    """All that carry out jobs, but not the process that leads them."""
    at = time.time()
    kill(*_program(machine, "worker").children())
    return lambda: machine.works_since(at)


def _beat(machine: Machine, _rng: random.Random) -> Callable[[], bool]:
    old = _killed(machine, "beat", False)
    return lambda: _ticks_again(machine, "beat", old)


def _postgres(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    """The main process, at which all others end."""
    main = server()
    kill(main)
    while embedded.answers(embedded.POSTGRES_SOCKET):
        time.sleep(0.01)
    time.sleep(rng.uniform(0, AWAY_SECONDS))
    embedded.start()
    return machine.database_answers


def _backend(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    """One that serves a connection: PostgreSQL then drops all of them and recovers by itself."""
    clients = [child for child in server().children() if _serves(child, machine.database)]
    victim = rng.choice(clients)
    kill(victim)
    return lambda: not _lives(victim) and machine.database_answers()


def _valkey(machine: Machine, rng: random.Random) -> Callable[[], bool]:
    kill(psutil.Process(int(machine.broker.info("server")["process_id"])))
    while embedded.answers(embedded.VALKEY_SOCKET):
        time.sleep(0.01)
    time.sleep(rng.uniform(0, AWAY_SECONDS))
    embedded.start()
    at = time.time()
    return lambda: machine.works_since(at)


def _emptied(machine: Machine, _rng: random.Random) -> Callable[[], bool]:
    with suppress(RedisError):
        machine.broker.flushdb()
    at = time.time()
    return lambda: machine.works_since(at)


KINDS = {
    "worker": Kind(_worker, excuses_pages=False),
    "beat": Kind(_beat, excuses_pages=False),
    "web": Kind(_web, excuses_pages=True),
    "PostgreSQL": Kind(_postgres, excuses_pages=True),
    "Valkey": Kind(_valkey, excuses_pages=False),
    "processes of jobs": Kind(_job, excuses_pages=False),
    "process of web": Kind(_web_process, excuses_pages=True),
    "connection of PostgreSQL": Kind(_backend, excuses_pages=True),
    "Valkey emptied": Kind(_emptied, excuses_pages=False),
}
PROCESSES = list(KINDS)[:5]
OTHERS = list(KINDS)[5:]


def _program(machine: Machine, name: str) -> psutil.Process:
    machine.wait_until(lambda: machine.program(name) is not None, name)
    found = machine.program(name)
    assert found
    return found


def _killed(machine: Machine, name: str, with_children: bool) -> psutil.Process:
    main = _program(machine, name)
    children = main.children(recursive=True) if with_children else []
    kill(main, *children)
    return main


def _is_anew(machine: Machine, name: str, old: psutil.Process) -> bool:
    now = machine.program(name)
    return now is not None and now != old


def _ticks_again(machine: Machine, name: str, old: psutil.Process) -> bool:
    now = machine.program(name)
    return now is not None and now != old and machine.works_since(now.create_time())


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # It went between the two questions.
        return False


def _serves(process: psutil.Process, database: str) -> bool:
    """Its command line says whom it serves: `postgres: owner database [local] …`."""
    with suppress(psutil.Error):
        return f" {database} [local]" in " ".join(process.cmdline())
    return False

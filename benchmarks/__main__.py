"""`python -m benchmarks imports` or `nightly`; `frames` and `job` are what these start by themselves."""

import importlib
import sys

import django


class _WithoutPandas:
    """Arrow loads pandas where it finds it; it is here for tests only, and no worker elsewhere has it."""

    @staticmethod
    def find_spec(name: str, *rest: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main(word: str, *rest: str) -> None:
    if word == "job":
        sys.meta_path.insert(0, _WithoutPandas)
        django.setup()
        from organization.jobs import job_run

        job_run(int(rest[0]))
        return
    django.setup()
    importlib.import_module(f"benchmarks.{word}").main(list(rest))


if __name__ == "__main__":
    main(*sys.argv[1:])

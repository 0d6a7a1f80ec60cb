"""`python -m benchmarks imports`; the word `job` carries out one job, as a worker does."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from benchmarks import imports
    from organization.jobs import job_run

    word, *rest = sys.argv[1:]
    imports.main(rest) if word == "imports" else job_run(int(rest[0]))

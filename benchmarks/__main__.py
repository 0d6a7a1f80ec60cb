"""`python -m benchmarks imports` or `nightly`; the word `job` carries out one job, as a worker does."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from benchmarks import imports, nightly
    from organization.jobs import job_run

    word, *rest = sys.argv[1:]
    if word == "job":
        job_run(int(rest[0]))
    else:
        {"imports": imports, "nightly": nightly}[word].main(rest)

# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Work for worker processes under test; as a script, starts slow work and names its processes."""

import os
from pathlib import Path
import signal
import sys
import time


def start_squaring(offset):
    """Squares with an offset, and says who does it."""

    def square(task):
        return task**2 + offset, os.getpid(), os.environ.get('OPENBLAS_NUM_THREADS')

    return square


def start_dying(task_of_death):
    def die(task):
        if task == task_of_death:
            os._exit(3)
        return task

    return die


def start_failing(_job):
    def fail(task):
        raise ValueError(f'task {task} cannot be done')

    return fail


def start_sleeping(folder):
    Path(folder, str(os.getpid())).touch()

    def rest(task):
        time.sleep(0.2)
        return task

    return rest


def main():
    from geoloc_sim.drives.frame_workers import in_workers

    # A shell starts what runs in its background deaf to Ctrl-C, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for _ in in_workers(start_sleeping, sys.argv[1], range(1000), 2):
        pass


if __name__ == '__main__':
    main()

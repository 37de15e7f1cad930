"""Measures Flowstone beside TensorFlow, work by work, and prints a table.

    python benches/tensorflow/compare.py [--work NAME ...] [--threads N] [--rounds R] [--json] [--cifar DIR] [--build-time]

Run it with a Python that has TensorFlow. It builds our side, and for each round runs first ours and then TensorFlow's,
each in a process of its own; a figure is the median of the rounds. "other load" is the largest part of the machine that
other processes had during a round: above a few per cent the times say little.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MNIST = os.path.join(ROOT, "examples", "MNIST_data")

BOTH, TWO = (2, 1), (2,)
# Name: unit, numbers of threads, and what the goals are about: the ratio to TensorFlow, or our own figure.
WORKS = {
    "mnist_step": ("ms", BOTH, "ratio"),
    "cifar10_step": ("ms", BOTH, "ratio"),
    "mnist_stride2_step": ("ms", TWO, "ratio"),
    "cifar10_stride2_step": ("ms", TWO, "ratio"),
    "vgg_step": ("ms", TWO, "ratio"),
    "lenet5_step": ("ms", TWO, "ratio"),
    "mlp_step": ("ms", TWO, "ratio"),
    "eval_10k": ("ms", TWO, "ratio"),
    "eval_10k_memory": ("MB", TWO, "ratio"),
    "train_memory": ("MB", TWO, "ratio"),
    "run_scalar_add": ("us", TWO, "ours"),
    "chain_scalar": ("us/op", TWO, "ours"),
    "chain_1000": ("us/op", TWO, "ours"),
    "build_4000": ("ms", TWO, "ours"),
    "first_run_1000": ("ms", TWO, "ours"),
    "start_to_step": ("s", TWO, "ours"),
    "scaling_mnist": ("x", TWO, "ours"),
    "scaling_cifar10": ("x", TWO, "ours"),
    "build_time": ("s", TWO, "ours"),
}
# What each work must reach and what it aims at; by the number of threads where that matters.
GOALS = {
    ("mnist_step", 2): (0.40, 0.26),
    ("mnist_step", 1): (0.45, 0.28),
    ("cifar10_step", 2): (0.40, 0.20),
    ("cifar10_step", 1): (0.45, 0.25),
    "mnist_stride2_step": (0.70, 0.45),
    "cifar10_stride2_step": (0.70, 0.45),
    "vgg_step": (0.80, 0.50),
    "lenet5_step": (0.80, 0.50),
    "mlp_step": (0.80, 0.50),
    "eval_10k": (0.50, 0.30),
    "eval_10k_memory": (0.10, 0.06),
    "train_memory": (0.35, 0.25),
    "run_scalar_add": (8, 3),
    "chain_scalar": (0.15, 0.06),
    "chain_1000": (0.6, 0.4),
    "build_4000": (20, None),
    "first_run_1000": (20, None),
    "start_to_step": (0.25, None),
    "scaling_mnist": (1.7, 1.85),
    "scaling_cifar10": (1.7, 1.85),
    "build_time": (60, 40),
}
# A scaling is the time of this work with one thread by that with two.
SCALINGS = {"scaling_mnist": "mnist_step", "scaling_cifar10": "cifar10_step"}


def processor_time():
    """The seconds in which the processors did anything."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def own_time():
    """The seconds that this process and its children had of them."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


class Load:
    """How much of the machine others have."""

    def __enter__(self):
        self.start, self.all, self.own = time.perf_counter(), processor_time(), own_time()
        return self

    def __exit__(self, *_):
        others = (processor_time() - self.all) - (own_time() - self.own)
        self.part = max(0.0, others / (time.perf_counter() - self.start) / os.cpu_count())


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        cargo = ["cargo", "build", "--release", "--example", "workloads", "--message-format", "json"]
        built = subprocess.run(cargo, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        messages = (json.loads(line) for line in built.splitlines())
        executable = next(m["executable"] for m in messages if m.get("executable"))
        self.sides = ([executable], [sys.executable, os.path.join(HERE, "workloads.py")])

    def figure(self, side, work, threads):
        """What one process of a side measures, or for start_to_step how long it takes until the step is done."""
        data = [MNIST] + ([os.path.abspath(self.arguments.cifar)] if self.arguments.cifar else [])
        start = time.perf_counter()
        command = [*side, work, str(threads), *data]
        last = None
        with tempfile.TemporaryFile("w+") as complaints:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
            for line in process.stdout:
                last, took = line, time.perf_counter() - start
            if process.wait() != 0 or last is None:
                complaints.seek(0)
                sys.exit(f"{' '.join(command)} failed:\n{complaints.read()}")
        return took if work == "start_to_step" else float(last)

    def rounds(self, work, threads):
        """The medians of both sides, and the largest load that others made meanwhile."""
        figures, load = ([], []), 0.0
        for _ in range(self.arguments.rounds):
            with Load() as others:
                for side, found in zip(self.sides, figures):
                    found.append(self.figure(side, work, threads))
            load = max(load, others.part)
        return [statistics.median(found) for found in figures], load

    def scaling(self, work):
        """How many times faster two threads are than one; the numbers of threads take turns."""
        ratios, load = ([], []), 0.0
        for _ in range(self.arguments.rounds):
            with Load() as others:
                for side, found in zip(self.sides, ratios):
                    one, two = (self.figure(side, work, threads) for threads in (1, 2))
                    found.append(one / two)
            load = max(load, others.part)
        return [statistics.median(found) for found in ratios], load

    def row(self, work, threads):
        if work == "build_time":
            return build_time()
        return self.scaling(SCALINGS[work]) if work in SCALINGS else self.rounds(work, threads)


def build_time():
    """The seconds of a clean release build of the library; TensorFlow has no like figure."""
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as target, Load() as others:
        start = time.perf_counter()
        environment = {**os.environ, "CARGO_TARGET_DIR": target}
        subprocess.run(["cargo", "build", "--release", "--lib", "--quiet"], cwd=ROOT, check=True, env=environment)
        took = time.perf_counter() - start
    return [took, None], others.part


def shown(number):
    return "-" if number is None else f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"


HEADINGS = ("work", "threads", "ours", "TensorFlow", "unit", "ratio", "must", "aim", "other load")
LINE = "{:<22}{:>8}{:>10}{:>12}  {:<6}{:>7}{:>8}{:>7}{:>12}"


def report(arguments, work, threads, sides, load):
    """Prints a row; where a goal is about our own figure, it is in that figure's unit."""
    (ours, theirs), unit = sides, WORKS[work][0]
    ratio = None if theirs is None else ours / theirs
    if arguments.json:
        row = {"work": work, "threads": threads, "ours": ours, "tensorflow": theirs, "ratio": ratio, "unit": unit}
        print(json.dumps(row), flush=True)
        return
    must, aim = GOALS.get((work, threads)) or GOALS.get(work) or (None, None)
    numbers = [shown(number) for number in (ours, theirs)]
    print(LINE.format(work, threads, *numbers, unit, shown(ratio), *goals(work, must, aim), f"{load:.0%}"), flush=True)


def goals(work, must, aim):
    """A bare number is a ratio; one with its unit is our own figure."""
    unit, _, about = WORKS[work]
    suffix = "" if about == "ratio" else unit.split("/")[0]
    return ["-" if goal is None else f"{goal}{suffix}" for goal in (must, aim)]


def main():
    parser = argparse.ArgumentParser(description="Measures Flowstone beside TensorFlow.")
    parser.add_argument("--work", action="append", choices=WORKS, metavar="NAME", help="only this; may be repeated")
    parser.add_argument("--threads", type=int, help="only with this many threads")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="a line of JSON for each row")
    parser.add_argument("--cifar", metavar="DIR", help="holds cifar-10-batches-bin; else made-up images are used")
    parser.add_argument("--build-time", action="store_true", help="measure a clean release build too")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or (arguments.threads is not None and arguments.threads < 1):
        parser.error("rounds and threads are at least 1")
    works = arguments.work or [work for work in WORKS if work != "build_time"]
    if arguments.build_time and "build_time" not in works:
        works.append("build_time")
    comparison = Comparison(arguments)
    if not arguments.json:
        print(LINE.format(*HEADINGS))
    for work in works:
        counts = WORKS[work][1]
        if arguments.threads is not None and work not in SCALINGS and work != "build_time":
            counts = (arguments.threads,)
        for threads in counts:
            report(arguments, work, threads, *comparison.row(work, threads))


if __name__ == "__main__":
    main()

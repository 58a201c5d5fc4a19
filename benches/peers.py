#!/usr/bin/env python3
"""Compares wirecopy with other tools that find near-duplicates, and with counting the words, in one run.

    python3 -m venv peers && peers/bin/pip install -r benches/peers.txt
    cargo build --release
    cargo run --release --example generate -- 100000 > g100000.jsonl
    peers/bin/python benches/peers.py g100000.jsonl

The task: all pairs of articles whose sets of five-word shingles have a Jaccard of at least 0.7. Each tool reads the same
file (JSON lines with "id" and "text"), and its time includes reading, splitting into words and writing the pairs; Python
tools sign articles in as many processes as there are processors. The pairs that ought to be found are those of the
exhaustive join, `wirecopy scan --exhaustive --list-all`; memory is that of the largest process. Runs alternate, so that all tools meet the same noise; figures are
medians. The result is a table in Markdown.
"""

import argparse
import json
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import combinations

THRESHOLD = 0.7
SHINGLE = 5
WORD = re.compile(r"[a-z0-9]+")
# 125 values, which find a pair at the threshold with a probability of 0.99; most people use 128.
BANDS, ROWS = 25, 5


def articles(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield str(record["id"]), record["text"]


def shingles(text):
    words = WORD.findall(text.lower().replace("'", "").replace("\u2019", ""))
    return {" ".join(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1))}


def ordered(one, other):
    return (one, other) if one < other else (other, one)


def gaoya(path):
    """Everything by the library, on all processors: words, shingles, signatures, and the check of each candidate's estimate."""
    from gaoya.minhash import MinHashStringIndex

    ids, texts = zip(*articles(path))
    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        band_size=ROWS,
        num_hashes=BANDS * ROWS,
        analyzer="word",
        lowercase=True,
        ngram_range=(SHINGLE, SHINGLE),
    )
    numbers = list(range(len(ids)))
    index.par_bulk_insert_docs(numbers, list(texts))
    for number, found in enumerate(index.par_bulk_query(list(texts))):
        for other in found:
            if number < other:
                yield ordered(ids[number], ids[other])


def by_buckets(path, sign, lsh):
    """Signatures in all processes, buckets in one; candidates are checked by their estimate."""
    ids, signatures = [], []
    with multiprocessing.Pool() as pool:
        for number, (name, signature) in enumerate(pool.imap(sign, articles(path), chunksize=256)):
            ids.append(name)
            signatures.append(signature)
            for other in lsh.query(signature):
                if signature.jaccard(signatures[other]) >= THRESHOLD:
                    yield ordered(name, ids[other])
            lsh.insert(number, signature)


def sign_rensa(article):
    from rensa import RMinHash

    signature = RMinHash(num_perm=BANDS * ROWS, seed=42)
    signature.update(list(shingles(article[1])))
    return article[0], signature


def rensa(path):
    from rensa import RMinHashLSH

    return by_buckets(path, sign_rensa, RMinHashLSH(threshold=THRESHOLD, num_perm=BANDS * ROWS, num_bands=BANDS))


def sign_datasketch(article):
    import xxhash
    from datasketch import LeanMinHash, MinHash

    signature = MinHash(num_perm=BANDS * ROWS, hashfunc=xxhash.xxh32_intdigest)
    signature.update_batch([shingle.encode() for shingle in shingles(article[1])])
    return article[0], LeanMinHash(signature)


def datasketch(path):
    from datasketch import MinHashLSH

    return by_buckets(path, sign_datasketch, MinHashLSH(params=(BANDS, ROWS), num_perm=BANDS * ROWS))


PEERS = {"gaoya": gaoya, "rensa": rensa, "datasketch": datasketch}


def run(command, environment=None):
    """Seconds of a command, and peak memory in MB of its largest process."""
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed")
    return time.monotonic() - started, used.ru_maxrss / 1024


def pairs_of_scan(folder):
    with open(os.path.join(folder, "pairs.jsonl"), encoding="utf-8") as lines:
        found = (json.loads(line) for line in lines)
        return {ordered(pair["a"], pair["b"]) for pair in found if pair["jaccard"] >= THRESHOLD}


def pairs_of_copies(folder):
    """Every pair of a scan that lists each copy once, and all others between those that stand for the copies."""
    pairs, copies = set(), {}
    with open(os.path.join(folder, "pairs.jsonl"), encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    for pair in found:
        if pair["relation"] == "identical":
            # The one that stands for the others may be on either side.
            group = copies.get(pair["a"]) or copies.get(pair["b"]) or set()
            group |= {pair["a"], pair["b"]}
            copies[pair["a"]] = copies[pair["b"]] = group
    for group in {id(group): group for group in copies.values()}.values():
        pairs.update(ordered(*both) for both in combinations(group, 2))
    for pair in found:
        a, b = (copies.get(pair[side], {pair[side]}) for side in "ab")
        if a is not b and pair["jaccard"] >= THRESHOLD:
            pairs.update(ordered(one, other) for one in a for other in b)
    return pairs


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("file", help="JSON lines with the fields id and text")
    arguments.add_argument("--runs", type=int, default=5, help="runs of each tool (default: 5)")
    arguments.add_argument("--wirecopy", default="target/release/wirecopy", help="the program")
    arguments.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    arguments.add_argument("--as-peer", help=argparse.SUPPRESS)
    arguments.add_argument("--out", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.as_peer:
        with open(given.out, "w", encoding="utf-8") as out:
            for one, other in PEERS[given.as_peer](given.file):
                out.write(f"{one}\t{other}\n")
        return

    megabytes = os.path.getsize(given.file) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        scan = [given.wirecopy, "scan", given.file, "-q", "--force", "--threshold", str(THRESHOLD)]
        commands = {
            "`wc -w`": ["wc", "-w", given.file],
            "wirecopy, Jaccard alone": [*scan, "--containment", "off", "-o", path("jaccard")],
            "wirecopy, with containment": [*scan, "-o", path("all")],
        }
        for peer in filter(None, given.peers.split(",")):
            commands[f"{peer} {version(peer)}"] = [
                sys.executable, __file__, given.file, "--as-peer", peer, "--out", path(peer)
            ]
        environment = {**os.environ, "LC_ALL": "C"}
        measured = {name: [] for name in commands}
        for number in range(given.runs):
            for name, command in commands.items():
                measured[name].append(run(command, environment))
                print(f"run {number + 1}: {name}: {measured[name][-1][0]:.2f} s", file=sys.stderr)
        run([*scan, "--containment", "off", "--exhaustive", "--list-all", "-o", path("truth")])
        truth = pairs_of_scan(path("truth"))

        def pairs(name):
            if "Jaccard" in name:
                return pairs_of_copies(path("jaccard"))
            with open(path(name.split()[0]), encoding="utf-8") as lines:
                return {tuple(line.rstrip("\n").split("\t")) for line in lines}

        print(f"{megabytes:.0f} MB, {len(truth)} pairs, {os.cpu_count()} processors, medians of {given.runs} runs\n")
        print("| tool | seconds | MB/s | of wc | pairs | recall | precision | memory, MB |")
        print("|---|---|---|---|---|---|---|---|")
        counted = statistics.median(seconds for seconds, _ in measured["`wc -w`"])
        for name, figures in measured.items():
            seconds = statistics.median(figure[0] for figure in figures)
            memory = max(figure[1] for figure in figures)
            row = f"| {name} | {seconds:.2f} | {megabytes / seconds:.1f} | {seconds / counted:.2f} |"
            if name.startswith("`wc") or name.endswith("containment"):
                print(f"{row} | | | {memory:.0f} |")
                continue
            found = pairs(name)
            right = len(found & truth)
            print(f"{row} {len(found)} | {right / max(1, len(truth)):.4f} | {right / max(1, len(found)):.4f} | {memory:.0f} |")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()

#!/usr/bin/env python3
"""Load any S3 endpoints side by side and print their speed and their CPU cost.

    s3bench.py --target NAME=http://127.0.0.1:8260,ACCESS,SECRET[,PID+PID...] [--target ...]
               [--only put4k,get4k,...] [--rounds 3] [--seconds 5] [--json FILE]

The targets take turns inside every round (A B A B ...), so a machine that speeds up or slows
down during the run treats all alike: quote the ratio, not the figure. Each cell is the median
over the rounds. Where PIDs are given (of the servers: gateway, nodes, databases; their
children are found), the CPU seconds that they burned are divided by the work done.

The load comes from `wrk` (requests) and `curl` (streams) over presigned URLs: both are C
programs, so that the client takes as little of the machine from the server as it can.
Needs: python3 (standard library only), and Debian's packages wrk and curl.

Scenarios
  put4k   PUT of a fresh 4 KiB object, 16 connections          requests/s
  put4k1  the same over 1 connection (latency)                 requests/s
  get4k   GET of a random one of those, 16 connections         requests/s
  get4k1  the same over 1 connection                           requests/s
  put64k  PUT of a fresh 64 KiB object, 16 connections         requests/s
  get64k  GET of a random one of those, 16 connections         requests/s
  range   GET of 64 KiB at a random place of the big object    requests/s
  list    ListObjectsV2 of 1000 keys, 4 connections            requests/s
  mixed   75 % GET, 25 % PUT of 4 KiB, 16 connections          requests/s
  bigput  PUT of one 256 MiB object, one stream                MB/s
  bigget  GET of it, one stream                                MB/s
  bigput4 four such PUTs at once                               MB/s (sum)
  bigget4 four such GETs at once                               MB/s (sum)
(No HEAD: wrk waits for the body that its Content-Length names.) The bytes of one small GET and
of one big GET are compared before the clock starts; any answer outside 2xx is counted and shown.
"""

import argparse, datetime, hashlib, hmac, json, os, random, re, shutil, statistics, subprocess, sys, tempfile, time
import urllib.error, urllib.parse, urllib.request

UNITS = {"bigput": "MB/s", "bigget": "MB/s", "bigput4": "MB/s", "bigget4": "MB/s"}
SCENARIOS = [
    "put4k",
    "put4k1",
    "get4k",
    "get4k1",
    "put64k",
    "get64k",
    "range",
    "list",
    "mixed",
    "bigput",
    "bigget",
    "bigput4",
    "bigget4",
]
BIG = 256 << 20


class Target:
    def __init__(self, spec):
        self.name, rest = spec.split("=", 1)
        fields = rest.split(",")
        self.url, self.access, self.secret = fields[0].rstrip("/"), fields[1], fields[2]
        self.pids = [int(p) for p in fields[3].split("+")] if len(fields) > 3 and fields[3] else []
        self.bucket = "s3bench-%x" % random.getrandbits(40)
        self.host = urllib.parse.urlsplit(self.url).netloc

    def presign(self, method, path, query=()):
        """A SigV4 query-signed path, good for a day (AWS: authenticating requests, query parameters)."""
        now = datetime.datetime.now(datetime.timezone.utc)
        day, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{day}/us-east-1/s3/aws4_request"
        params = sorted(
            [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                ("X-Amz-Credential", f"{self.access}/{scope}"),
                ("X-Amz-Date", stamp),
                ("X-Amz-Expires", "86400"),
                ("X-Amz-SignedHeaders", "host"),
                *query,
            ]
        )
        enc = lambda s: urllib.parse.quote(s, safe="-_.~")
        q = "&".join(f"{enc(k)}={enc(v)}" for k, v in params)
        path = urllib.parse.quote(path, safe="/-_.~")
        canonical = f"{method}\n{path}\n{q}\nhost:{self.host}\n\nhost\nUNSIGNED-PAYLOAD"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in (day, "us-east-1", "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return f"{path}?{q}&X-Amz-Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}"

    def call(self, method, path, query=(), body=None):
        req = urllib.request.Request(self.url + self.presign(method, path, query), data=body, method=method)
        with urllib.request.urlopen(req, timeout=600) as r:
            return r.read()

    def cpu_seconds(self):
        """User + system seconds of the given processes and of every descendant, the reaped ones included."""
        if not self.pids:
            return None
        kids, tick = {}, os.sysconf("SC_CLK_TCK")
        stats = {}
        for d in os.listdir("/proc"):
            if d.isdigit():
                try:
                    f = open(f"/proc/{d}/stat").read().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                stats[int(d)] = f
                kids.setdefault(int(f[1]), []).append(int(d))
        todo, total, seen = list(self.pids), 0, set()
        while todo:
            p = todo.pop()
            if p in seen or p not in stats:
                continue
            seen.add(p)
            total += sum(int(x) for x in stats[p][11:15])
            todo += kids.get(p, [])
        return total / tick


WRK_LUA = r"""
local lines = {}
for l in io.lines(os.getenv('REQUESTS')) do lines[#lines+1] = l end
local size = tonumber(os.getenv('SIZE'))
local body = string.rep('0123456789abcdef', size/16)
local step, i = 1, 0
if os.getenv('ORDER') == 'random' then step = 0; math.randomseed(7) end
local bad = 0
function request()
  if step == 0 then i = math.random(#lines) else i = i % #lines + 1 end
  local m, p, h = lines[i]:match('^(%S+) (%S+) ?(.*)$')
  local headers = nil
  if h and #h > 0 then headers = {}; headers['Range'] = h end
  return wrk.format(m, p, headers, m == 'PUT' and body or nil)
end
function response(status, headers, body)
  if status < 200 or status > 299 then bad = bad + 1
    if bad < 3 then io.stderr:write('BAD ' .. status .. ' ' .. body:sub(1,200):gsub('\n',' ') .. '\n') end
  end
end
"""


def wrk(target, lines, connections, seconds, order="cycle", size=4096):
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/requests", "w") as f:
            f.write("\n".join(lines))
        with open(f"{d}/load.lua", "w") as f:
            f.write(WRK_LUA)
        env = dict(os.environ, REQUESTS=f"{d}/requests", SIZE=str(size), ORDER=order)
        out = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{seconds}",
                "--latency",
                "--timeout",
                "30",
                "-s",
                f"{d}/load.lua",
                target.url,
            ],
            env=env,
            capture_output=True,
            text=True,
        )
    n = int(re.search(r"(\d+) requests in", out.stdout).group(1))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out.stdout)
    sock = re.search(r"Socket errors: (.*)", out.stdout)
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    lat = {p: float(v) * unit[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", out.stdout)}
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out.stdout).group(1))
    errors = int(bad.group(1)) if bad else 0
    note = out.stderr.strip().splitlines()[:2] if errors else []
    if sock:
        note.append("socket errors: " + sock.group(1))
    return {
        "rate": rate if errors < n else 0.0,
        "work": n - errors,
        "p50": lat.get("50"),
        "p99": lat.get("99"),
        "errors": errors,
        "note": note,
    }


def streams(target, method, keys, blob):
    cmds = []
    for key in keys:
        url = target.url + target.presign(method, f"/{target.bucket}/{key}")
        what = ["-T", blob] if method == "PUT" else []
        cmds.append(
            [
                "curl",
                "-sS",
                "-o",
                "/dev/null",
                "-H",
                "Expect:",
                "-w",
                "%{http_code} %{size_download} %{size_upload}",
                *what,
                url,
            ]
        )
    t = time.perf_counter()
    procs = [subprocess.Popen(c, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for c in cmds]
    outs = [p.communicate() for p in procs]
    wall = time.perf_counter() - t
    errors, note = 0, []
    for out, err in outs:
        code, down, up = out.split() if len(out.split()) == 3 else ("000", "0", "0")
        if not code.startswith("2") or int(up if method == "PUT" else down) != BIG:
            errors += 1
            note = [f"HTTP {code}, {down} down, {up} up {err.strip()[:120]}"]
    done = (len(keys) - errors) * BIG / 1e6
    return {"rate": done / wall, "work": done, "p50": None, "p99": None, "errors": errors, "note": note}


def run(target, name, seconds, seed, state, blob):
    b = f"/{target.bucket}"
    small = lambda method, prefix, n: [
        f"{method} " + target.presign(method, f"{b}/{prefix}/{i:06d}") for i in range(n)
    ]
    if name in ("put4k", "put4k1"):
        return wrk(
            target,
            small("PUT", f"4k/{name}{seed}", 40000 if name == "put4k" else 8000),
            16 if name == "put4k" else 1,
            seconds,
        )
    if name in ("get4k", "get4k1"):
        return wrk(target, small("GET", "base4k", 1000), 1 if name == "get4k1" else 16, seconds, "random")
    if name == "put64k":
        return wrk(target, small("PUT", f"64k/{seed}", 20000), 16, seconds, size=65536)
    if name == "get64k":
        return wrk(target, small("GET", "base64k", 500), 16, seconds, "random")
    if name == "mixed":
        rnd, lines = random.Random(seed), []
        for i in range(20000):
            x, k = rnd.random(), f"{b}/base4k/{rnd.randrange(1000):06d}"
            lines.append(
                "GET " + target.presign("GET", k)
                if x < 0.75
                else "PUT " + target.presign("PUT", f"{b}/mixed/{seed}/{i:06d}")
            )
        return wrk(target, lines, 16, seconds)
    if name == "range":
        rnd, path = random.Random(seed), target.presign("GET", f"{b}/big/0")
        lines = []
        for _ in range(2000):
            at = rnd.randrange(0, BIG - 65536)
            lines.append(f"GET {path} bytes={at}-{at + 65535}")
        return wrk(target, lines, 16, seconds)
    if name == "list":
        lines = [
            "GET "
            + target.presign("GET", b, [("list-type", "2"), ("max-keys", "1000"), ("prefix", "base4k/")])
        ]
        return wrk(target, lines, 4, seconds)
    if name in ("bigput", "bigput4"):
        return streams(target, "PUT", [f"big/{i}" for i in range(4 if name.endswith("4") else 1)], blob)
    if name in ("bigget", "bigget4"):
        return streams(target, "GET", [f"big/{i}" for i in range(4 if name.endswith("4") else 1)], blob)
    raise SystemExit(f"no scenario {name}")


def prepare(target, names, blob):
    target.call("PUT", f"/{target.bucket}")
    if {"get4k", "get4k1", "mixed", "list"} & set(names):
        body = os.urandom(4096)
        for i in range(1000):
            target.call("PUT", f"/{target.bucket}/base4k/{i:06d}", body=body)
        if target.call("GET", f"/{target.bucket}/base4k/000007") != body:
            raise SystemExit(f"{target.name}: GET did not give back the bytes that PUT sent")
    if "get64k" in names:
        body = os.urandom(65536)
        for i in range(500):
            target.call("PUT", f"/{target.bucket}/base64k/{i:06d}", body=body)
    if {"range", "bigget", "bigget4"} & set(names):
        for i in range(4 if "bigget4" in names else 1):
            r = streams(target, "PUT", [f"big/{i}"], blob)
            if r["errors"]:
                raise SystemExit(f"{target.name}: the big object could not be stored: {r['note']}")
        got = hashlib.sha256()
        with urllib.request.urlopen(
            target.url + target.presign("GET", f"/{target.bucket}/big/0"), timeout=600
        ) as r:
            while piece := r.read(1 << 20):
                got.update(piece)
        if got.hexdigest() != hashlib.file_digest(open(blob, "rb"), "sha256").hexdigest():
            raise SystemExit(
                f"{target.name}: GET of the big object did not give back the bytes that PUT sent"
            )


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--target", action="append", required=True)
    ap.add_argument("--only", default=",".join(SCENARIOS))
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", type=int, default=5)
    ap.add_argument("--json")
    args = ap.parse_args()
    for tool in ("wrk", "curl"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed: apt-get install -y {tool}")
    names = args.only.split(",")
    targets = [Target(s) for s in args.target]
    results = {t.name: {n: [] for n in names} for t in targets}
    with tempfile.TemporaryDirectory() as d:
        blob = f"{d}/blob"
        with open(blob, "wb") as f:
            for _ in range(BIG >> 20):
                f.write(os.urandom(1 << 20))
        for t in targets:
            prepare(t, names, blob)
        for r in range(args.rounds):
            for n in names:
                for t in targets:
                    before = t.cpu_seconds()
                    res = run(t, n, args.seconds, r, None, blob)
                    after = t.cpu_seconds()
                    res["cpu"] = (
                        (after - before) / res["work"] if before is not None and res["work"] else None
                    )
                    results[t.name][n].append(res)
                    print(
                        f"round {r + 1} {n:8s} {t.name:14s} {res['rate']:10.1f} {UNITS.get(n, 'req/s')}"
                        + (f"  errors {res['errors']} {res['note']}" if res["errors"] or res["note"] else ""),
                        file=sys.stderr,
                    )
    median = lambda xs: statistics.median(xs) if xs else None
    print(f"\n{'scenario':9s} {'unit':6s}" + "".join(f"{t.name:>42s}" for t in targets))
    summary = {}
    for n in names:
        row = f"{n:9s} {UNITS.get(n, 'req/s'):6s}"
        base = median([x["rate"] for x in results[targets[0].name][n]])
        for t in targets:
            rs = results[t.name][n]
            rate = median([x["rate"] for x in rs])
            p99 = median([x["p99"] for x in rs if x["p99"] is not None])
            cpu = median([x["cpu"] for x in rs if x["cpu"] is not None])
            cell = f"{rate:.0f}"
            if t is not targets[0] and rate:
                cell += f" (1st {base / rate:.2f}x)"
            if p99 is not None:
                cell += f" p99 {p99:.1f}ms"
            if cpu is not None:
                cell += f" {cpu * 1e6:.0f}us" if n not in UNITS else f" {cpu * 1e3:.2f}ms/MB"
            row += f"{cell:>42s}"
            summary.setdefault(n, {})[t.name] = {
                "rate": rate,
                "p99_ms": p99,
                "cpu_s_per_unit": cpu,
                "errors": sum(x["errors"] for x in rs),
            }
        print(row)
    print(
        "\n'(1st N x)': how many times this target's rate the first target's is. us, ms/MB: server CPU per request, per MB."
    )
    if args.json:
        with open(args.json, "w") as f:
            json.dump(summary, f, indent=1)


if __name__ == "__main__":
    main()

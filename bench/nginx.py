#!/usr/bin/env python3
"""Asking for a run over 16 kept connections, beside nginx serving the same bytes as a file (P8).

    python3 bench/nginx.py [--seconds 5] [--repeat 5] [--connections 16] [--json FILE]

nginx and wrk come from Debian: apt-get install nginx-light wrk; then stop the server that this starts. Both
sides in turn; nginx gets the daemon's own answer as a static file of the same size. Read the ratio.
"""

import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def wrk(url, seconds, connections, token=None):
    """Requests a second and the p99 in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
    if token:
        command[1:1] = ["-H", f"Authorization: Bearer {token}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), float(number) * UNITS[unit]


class Nginx:
    def __init__(self, body):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-nginx-"))
        self.port = harness.free_port()
        (self.folder / "run.json").write_bytes(body)
        (self.folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 2; pid {self.folder}/pid; error_log {self.folder}/error.log;\n"
            "events { worker_connections 256; }\n"
            "http { access_log off; sendfile on; keepalive_requests 1000000;\n"
            + "".join(f"  {kind}_temp_path {self.folder};\n"
                      for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) +
            f"  server {{ listen 127.0.0.1:{self.port}; root {self.folder};\n"
            "    default_type application/json; } }\n")
        self.folder.chmod(0o755)
        self.process = subprocess.Popen([NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf"],
                                        stderr=subprocess.DEVNULL)

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if not shutil.which("wrk") or not NGINX:
        print("skipped: wrk or nginx is missing (apt-get install nginx-light wrk)")
        return
    daemon = harness.Daemon(config="cpu: 8\npools: {cpu: 8}\nconnections_from_loopback: 100\n")
    nginx = None
    try:
        daemon.start()
        dag_id = daemon.submit("dag_id: one\ntasks: {t: {command: [/bin/true]}}\n")["dag_id"]
        run_id = daemon.trigger(dag_id)
        daemon.finish(dag_id, run_id)
        path = f"/api/v2/dags/{dag_id}/dagRuns/{harness.urllib.parse.quote(run_id, safe='')}"
        nginx = Nginx(daemon.request("GET", path, base="").body)
        urls = {"millrace": f"http://127.0.0.1:{daemon.port}{path}",
                "nginx": f"http://127.0.0.1:{nginx.port}/run.json"}
        seen = {side: [] for side in urls}
        for url in urls.values():
            wrk(url, 1, options.connections, daemon.token)
        for _ in range(options.repeat):
            for side, url in urls.items():
                seen[side].append(wrk(url, options.seconds, options.connections, daemon.token))
    finally:
        daemon.close()
        if nginx:
            nginx.close()
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(seen["millrace"], seen["nginx"])]
    result = {"connections": options.connections, "ratio": round(statistics.median(ratios), 3)}
    for side, rounds in seen.items():
        result[side] = {"requests_per_s": round(statistics.median(r[0] for r in rounds)),
                        "p99_ms": round(statistics.median(r[1] for r in rounds), 2)}
        print(f"{side:9} {result[side]['requests_per_s']:7} requests/s  p99 {result[side]['p99_ms']} ms")
    print(f"millrace answers {result['ratio']:.2f} of what nginx does (median of {options.repeat} pairs)")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

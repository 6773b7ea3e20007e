#!/bin/sh
# The tests with the lowest version that setup.cfg allows of each package it names.
#
#     sh tests/by_hand/lowest_versions.sh [arguments of pytest]
#
# makes a fresh environment in a temporary folder, which it deletes at its end, and takes the time
# of the tests and some minutes for the installation. PYTHON names the interpreter (default
# python3); the lowest that is allowed is 3.11.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" - > "$folder/lowest.txt" <<'PYTHON'
import configparser

config = configparser.ConfigParser()
config.read("setup.cfg")
for named in (config["options"]["install_requires"], config["options.extras_require"]["test"]):
    for line in named.split("\n"):
        line = line.split("#")[0].strip()
        if line:
            name, lowest = line.split(">=")
            print(f"{name}=={lowest}")
PYTHON
"$folder/env/bin/python" --version
cat "$folder/lowest.txt"
"$folder/env/bin/python" -m pip install --quiet --editable '.[test]' --requirement "$folder/lowest.txt"
"$folder/env/bin/python" -m pytest "$@"

"""The version, a literal, so that `mailprobe --version` need not read package metadata."""

VERSION = "0.1.0"

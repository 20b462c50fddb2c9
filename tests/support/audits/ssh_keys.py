"""Keys and signatures of OpenSSH's own program, for the tests of ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SSH_KEYGEN = shutil.which("ssh-keygen")
needs_ssh_keygen = pytest.mark.skipif(SSH_KEYGEN is None, reason="needs ssh-keygen (Debian: openssh-client)")

KINDS = {
    "ed25519": ["-t", "ed25519"],
    "ecdsa256": ["-t", "ecdsa", "-b", "256"],
    "ecdsa384": ["-t", "ecdsa", "-b", "384"],
    "ecdsa521": ["-t", "ecdsa", "-b", "521"],
    "rsa": ["-t", "rsa", "-b", "2048"],
    "rsa_pem": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
}


def ssh_keygen(*arguments: str | Path, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert SSH_KEYGEN is not None
    command = [SSH_KEYGEN, *map(str, arguments)]
    return subprocess.run(command, input=text, capture_output=True, check=False, timeout=60)


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    made = ssh_keygen("-q", "-N", passphrase, "-C", "test", *KINDS[kind], "-f", path)
    assert made.returncode == 0, made.stderr
    return path


def public_line(key: Path) -> str:
    """Type and key, without the comment."""
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def signed(path: Path, key: Path, namespace: str = "turntruth", *options: str) -> Path:
    """What ``ssh-keygen -Y sign`` writes beside a file."""
    made = ssh_keygen("-Y", "sign", *options, "-n", namespace, "-f", key, path)
    assert made.returncode == 0, made.stderr
    return path.with_name(f"{path.name}.sig")


def accepts(path: Path, signature: Path, signers: Path, identity: str, *options: str) -> bool:
    """What ``ssh-keygen -Y verify`` says."""
    asked = ssh_keygen(
        *("-Y", "verify", *options, "-n", "turntruth"),
        *("-f", signers, "-I", identity, "-s", signature),
        text=path.read_bytes(),
    )
    return asked.returncode == 0

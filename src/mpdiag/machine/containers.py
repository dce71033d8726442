"""By which signs a machine looks like a container, and whose."""

from pathlib import Path

#: Files that only exist inside a container, and what runs it.
FILES = {
    "var/run/secrets/kubernetes.io": "kubernetes",
    "run/.containerenv": "podman",
    ".dockerenv": "docker",
    "dev/lxd/sock": "lxc",
}
#: Files whose text may name what runs the container.
TEXTS = ("proc/self/cgroup", "run/systemd/container", "proc/sys/kernel/osrelease")
#: Words in them, and what they mean; the more telling come first.
WORDS = {
    "kubepods": "kubernetes",
    "libpod": "podman",
    "podman": "podman",
    "docker": "docker",
    "containerd": "containerd",
    "lxc": "lxc",
    "garden": "garden",
    "systemd-nspawn": "systemd-nspawn",
    "microsoft": "wsl",
}


def signs(root: Path) -> list[tuple[str, str]]:
    """Kind and sign of each indication found under ``root``, the most telling first; empty outside containers."""
    found = [(kind, f"/{name} exists") for name, kind in FILES.items() if (root / name).exists()]
    for name in TEXTS:
        text = (root / name).read_text().lower() if (root / name).is_file() else ""
        found += [(kind, f"/{name} says {word}") for word, kind in WORDS.items() if word in text]
    ranks = list(dict.fromkeys(WORDS.values()))
    return sorted(found, key=lambda sign: ranks.index(sign[0]))

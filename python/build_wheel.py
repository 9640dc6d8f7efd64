"""The build backend of pyproject.toml (PEP 517): runs `make shared` in the sources around it and packs a wheel.

A wheel of our own, because it holds no extension module: a package that any Python 3 imports, and one shared library.
"""
import base64
import hashlib
import os
import re
import subprocess
import sysconfig
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)


def _setting(name):
    """A number that the Makefile sets, so that it stands in one place."""
    try:
        with open(os.path.join(TOP, "Makefile"), encoding="utf-8") as file:
            return re.search(rf"^{name}\s*:= (\S+)$", file.read(), re.M).group(1)
    except OSError:
        raise SystemExit(f"heavytail: {TOP} holds no Makefile: pip builds from the sources of heavytail, in python/")


def _library():
    """The shared library, built."""
    name = f"libheavytail.so.{_setting('ABI')}"
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    variant = environment.get("VARIANT", "release")
    subprocess.run(["make", "-s", "-C", TOP, "shared", f"VARIANT={variant}"], env=environment, check=True)
    return name, os.path.join(TOP, "build", variant, name)


def _metadata(version):
    return (f"Metadata-Version: 2.1\nName: heavytail\nVersion: {version}\nLicense: MIT\n"
            "Summary: α-stable noise, tail indices and pruning curves for networks trained anywhere\n"
            "Requires-Python: >=3.8\nRequires-Dist: numpy\n")


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel and returns its name."""
    version, (library, built) = _setting("VERSION"), _library()
    tag = "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())
    info = f"heavytail-{version}.dist-info"
    files = {}
    for name in sorted(os.listdir(os.path.join(HERE, "heavytail"))):
        if name.endswith((".py", ".typed")) and name != "_where.py":
            with open(os.path.join(HERE, "heavytail", name), "rb") as file:
                files[f"heavytail/{name}"] = file.read()
    with open(built, "rb") as file:
        files[f"heavytail/{library}"] = file.read()
    with open(os.path.join(TOP, "LICENSE"), "rb") as file:
        files[f"{info}/LICENSE"] = file.read()
    files[f"{info}/METADATA"] = _metadata(version).encode()
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: heavytail\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    record = "".join(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},"
                     f"{len(data)}\n" for name, data in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    wheel = f"heavytail-{version}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return wheel


def build_sdist(sdist_directory, config_settings=None):
    raise SystemExit("heavytail: no sdist: the library is built from the sources around python/")

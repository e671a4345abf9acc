"""Tokens of SoftHSM, in a folder of the test, filled with keys of the test authority."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import Certificate
from pkcs11 import Attribute, CertificateType, ObjectClass

from engine.signing.authority import Issued
from engine.signing.certificates import der
from engine.signing.pkcs11 import Place

PIN = "135790"
SO_PIN = "98765432"
MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so")
VARIABLE = "SOFTHSM2_CONF"


def module() -> Path:
    """SoftHSM's module; the package softhsm2 brings it."""
    return next(path for path in map(Path, MODULES) if path.exists())


@dataclass(frozen=True)
class Tokens:
    """The tokens plugged into this test's machine."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, patch: pytest.MonkeyPatch) -> Tokens:
        """A machine without tokens; the module of this process looks there from now on."""
        (folder / "tokens").mkdir(parents=True)
        told = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
        (folder / "softhsm2.conf").write_text(told + "log.level = ERROR\n")
        made = cls(folder)
        for name, value in made.environment.items():
            patch.setenv(name, value)
        return made

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program needs to see the same tokens."""
        return {VARIABLE: str(self.folder / "softhsm2.conf")}

    def make(self, label: str, *issued: Issued, chain: bool = True) -> Place:
        """A new token holding these keys, each with its certificate and its chain."""
        place = Place(module(), label)
        _util("--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN)
        for number, one in enumerate(issued, start=1):
            key = self.folder / "key.pem"
            key.write_bytes(
                one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            )
            mark = f"{number:02x}"
            where = ("--token", label, "--pin", PIN)
            _util("--import", str(key), "--label", f"key {number}", "--id", mark, *where)
            key.unlink()
        for number, one in enumerate(issued, start=1):
            self.store(place, one.credential.certificate, bytes([number]))
            for above in one.credential.chain if chain else ():
                self.store(place, above, b"")
        return place

    def store(self, place: Place, certificate: Certificate, mark: bytes) -> None:
        """Puts a certificate on a token, under the mark of its key."""
        library = pkcs11.lib(str(place.module))
        try:
            with library.get_token(token_label=place.label).open(rw=True, user_pin=PIN) as session:
                session.create_object(
                    {
                        Attribute.CLASS: ObjectClass.CERTIFICATE,
                        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                        Attribute.TOKEN: True,
                        Attribute.PRIVATE: False,
                        Attribute.ID: mark,
                        Attribute.SUBJECT: certificate.subject.public_bytes(),
                        Attribute.VALUE: der(certificate),
                    }
                )
        finally:
            library.finalize()

    def pull_out(self) -> None:
        """All tokens leave the machine, however busy they are."""
        for folder in (self.folder / "tokens").iterdir():
            shutil.rmtree(folder)


def _util(*words: str) -> None:
    done = subprocess.run(["softhsm2-util", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

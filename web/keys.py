"""Which keys this installation signs with, by its settings."""

from __future__ import annotations

from dataclasses import replace

from web.settings import Settings
from workflows.bureau import Bureau
from workflows.keys import RemoteKeyring, TokenKeyring


def equip(bureau: Bureau, settings: Settings) -> Bureau:
    """The same bureau, its desk with the keys and the public address of the settings."""
    folder = bureau.desk.keys.folder
    keys = bureau.desk.keys
    if settings.signer == "deferred":
        keys = RemoteKeyring(folder)
    elif settings.signer == "pkcs11":
        keys = TokenKeyring(folder, module=settings.pkcs11_module, token=settings.pkcs11_token)
    return replace(bureau, desk=replace(bureau.desk, keys=keys, address=settings.base_url))

"""Which keys this installation signs with, by its settings."""

from __future__ import annotations

from dataclasses import replace

from web.settings import Settings
from workflows.bureau import Bureau
from workflows.keys import Keyring, RemoteKeyring, TokenKeyring


def equip(bureau: Bureau, settings: Settings) -> Bureau:
    """The same bureau, its desk with the keys that the settings name."""
    folder = bureau.desk.keys.folder
    keys: Keyring
    if settings.signer == "software":
        return bureau
    if settings.signer == "deferred":
        keys = RemoteKeyring(folder)
    else:
        keys = TokenKeyring(folder, module=settings.pkcs11_module, token=settings.pkcs11_token)
    return replace(bureau, desk=replace(bureau.desk, keys=keys))

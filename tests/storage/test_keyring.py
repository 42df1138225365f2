import pytest

from lockpoint.storage.keyring import HashedAddress, Keyring, SecretUnreadable, keyring

OLD, NEW = "an old root key of more than 32 characters", "a new root key of more than 32 characters"


def test_a_sealed_secret_comes_back_and_does_not_show(keys: Keyring) -> None:
    sealed = keys.seal("shared secret\nwith a line", "acme")
    assert "shared" not in sealed
    assert sealed != keys.seal("shared secret\nwith a line", "acme")
    assert keys.unseal(sealed, "acme") == "shared secret\nwith a line"


def test_a_secret_moved_to_another_row_is_refused(keys: Keyring) -> None:
    """Write access to the table must not give a site another site's secret."""
    with pytest.raises(SecretUnreadable):
        keys.unseal(keys.seal("s", "acme"), "globex")


@pytest.mark.parametrize("garbage", ["", "x", "gAAAAAB", "é"])
def test_garbage_is_refused(keys: Keyring, garbage: str) -> None:
    with pytest.raises(SecretUnreadable):
        keys.unseal(garbage, "acme")


def test_old_keys_still_open_and_the_newest_seals() -> None:
    """F53: after resealing, the old key is not needed."""
    old, both, new = keyring([OLD]), keyring([NEW, OLD]), keyring([NEW])
    sealed = old.seal("s", "acme")
    assert both.unseal(sealed, "acme") == "s"
    with pytest.raises(SecretUnreadable):
        new.unseal(sealed, "acme")
    assert new.unseal(both.reseal(sealed), "acme") == "s"
    assert new.unseal(both.seal("t", "acme"), "acme") == "t"


def test_records_are_signed_with_the_newest_and_read_with_all() -> None:
    """The key id does not reveal the key."""
    old, both = keyring([OLD]).mac_keys, keyring([NEW, OLD]).mac_keys
    assert both.newest == keyring([NEW]).mac_keys.newest != old.newest
    assert both.keys[old.newest] == old.keys[old.newest]
    assert len(both.keys) == 2


def test_each_purpose_has_its_own_key() -> None:
    ring = keyring([OLD])
    derived = {
        *ring.mac_keys.keys.values(),
        *ring.tag_keys.keys.values(),
        *ring._peppers.keys.values(),
        *ring._usage_keys.keys.values(),
        ring.backup_key(ring.newest),
        *(box._encryption_key + box._signing_key for box in (ring._boxes[ring.newest], ring._link_boxes[ring.newest])),
        OLD.encode(),
    }
    assert len(derived) == 8
    assert bytes.fromhex(ring.mac_keys.newest) not in {key[:4] for key in derived}


def test_links_in_mails_have_keys_of_their_own() -> None:
    """Each for its purpose; links and stored secrets are not interchangeable."""
    old, both, new = keyring([OLD]), keyring([NEW, OLD]), keyring([NEW])
    link = old.seal_link("1\nlock_ended\nalice", "unsubscribe")
    assert both.unseal_link(link, "unsubscribe") == "1\nlock_ended\nalice"
    assert new.unseal_link(link, "unsubscribe") is None
    assert old.unseal_link(link, "extend") is None
    assert old.unseal_link(old.seal("1\nlock_ended\nalice", "unsubscribe"), "unsubscribe") is None
    with pytest.raises(SecretUnreadable):
        old.unseal(link, "unsubscribe")


def test_addresses_are_hashed_under_a_secret_pepper() -> None:
    """HMAC-SHA-256 of the lower-cased address, with the key's id."""
    ring = keyring([OLD])
    first = ring.hash_address("Bob@Example.com")
    assert first == ring.hash_address("bob@example.com") != ring.hash_address("bob@example.org")
    assert len(first.digest) == 64
    assert keyring([NEW, OLD]).hash_address("bob@example.com").key_id != first.key_id
    assert keyring([NEW, OLD]).hash_address("bob@example.com").digest != first.digest


def test_hashes_that_are_stored_stay_the_same() -> None:
    """Rows of the mail log and the usage counts are found again."""
    ring = keyring([OLD])
    address = "c6e3ed1d85aed61ac6ee7234fc62e4e67943f254a12df9f01c4952fe2bc394e6"
    assert ring.hash_address("Bob@Example.com") == HashedAddress(address, "0510d903")
    assert ring.site_hashes("acme") == ("361b5543cc309cf7a1ccd32a180ea8198fe864bbbf1a978abba4bee8c9045375",)


def test_an_address_is_recognised_under_every_pepper() -> None:
    """The first hash is the one now written."""
    hashes = keyring([NEW, OLD]).hashes_of("Bob@example.com")
    assert hashes == (keyring([NEW]).hash_address("bob@example.com"), keyring([OLD]).hash_address("bob@example.com"))
    assert hashes[0] == keyring([NEW, OLD]).hash_address("bob@example.com")


def test_it_can_be_told_which_key_sealed_a_secret() -> None:
    """Status and rotation need it."""
    both = keyring([NEW, OLD])
    assert both.ids == (keyring([NEW]).newest, keyring([OLD]).newest)
    assert both.sealed_by(keyring([OLD]).seal("s", "acme")) == keyring([OLD]).newest
    assert both.sealed_by(both.seal("s", "acme")) == both.newest
    assert keyring([NEW]).sealed_by(keyring([OLD]).seal("s", "acme")) is None


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="root key"):
        keyring([])


def test_keys_do_not_show_in_a_repr(keys: Keyring) -> None:
    shown = repr(keys)
    assert "pepper" not in shown
    assert "box" not in shown
    assert not any(repr(key)[2:-1] in shown for key in keys.mac_keys.keys.values())
    assert not any(repr(key)[2:-1] in shown for key in keys.tag_keys.keys.values())

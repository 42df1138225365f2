"""The key set of invocation tokens at `/.well-known/jwks.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Blueprint, request
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Response

from simulator.http.operations import json_answer
from simulator.model.forge import new_kid
from simulator.model.keys import KeyPair

if TYPE_CHECKING:
    from simulator.model.forge import ForgeCloud
    from simulator.world.world import World

blueprint = Blueprint("forge_keys", __name__)


@blueprint.get("/.well-known/jwks.json")
def key_set() -> Response:
    """503 when down, a log-in page as nonsense."""
    world: World = request.environ["sim.world"]
    with world.lock:
        cloud = world.forge
        cloud.keys_fetched += 1
        if cloud.keys_trouble == "down":
            return Response(status=503)
        if cloud.keys_trouble == "nonsense":
            return Response("<html>Log in</html>", content_type="text/html")
        current_pair(cloud)
        return json_answer({"keys": [public_jwk(kid, pair) for kid, pair in cloud.pairs.items()]})


def current_pair(cloud: ForgeCloud) -> tuple[str, KeyPair]:
    """The id and pair that sign; made on demand."""
    if cloud.kid not in cloud.pairs:
        rotate(cloud, keep_old=True)
    return cloud.kid, cloud.pairs[cloud.kid]


def rotate(cloud: ForgeCloud, *, keep_old: bool) -> str:
    """Sign with a new pair from now on; return its id."""
    if not keep_old:
        cloud.pairs.clear()
    cloud.kid = new_kid()
    cloud.pairs[cloud.kid] = KeyPair(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return cloud.kid


def public_jwk(kid: str, pair: KeyPair) -> dict[str, Any]:
    """TypeError for another kind than RSA."""
    if not isinstance(pair.private, rsa.RSAPrivateKey):
        raise TypeError("the key set holds RSA keys")
    key: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(pair.private.public_key()))
    return {"kty": key["kty"], "n": key["n"], "e": key["e"], "kid": kid, "use": "sig", "alg": "RS256"}

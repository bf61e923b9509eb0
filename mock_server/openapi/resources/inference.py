"""From a contract to its resources: read what is there, group the paths, judge each operation.

A pure function of the contract, and quick: some 0.1 ms for each operation. What it finds is remembered by the
contract's digest.
"""

from __future__ import annotations

from mock_server.core.sized_cache import SizedCache
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.assembly import resources_of
from mock_server.openapi.resources.claims import weigh
from mock_server.openapi.resources.correction import Corrections
from mock_server.openapi.resources.grouping import groups_of
from mock_server.openapi.resources.model import ResourceModel, Verdict
from mock_server.openapi.resources.operation_site import OperationSite, read_sites
from mock_server.openapi.resources.path_table import PathTable
from mock_server.openapi.resources.posting import judge_post
from mock_server.openapi.resources.reading import judge_get
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.openapi.resources.webhook_checks import refuse_unknown_names
from mock_server.openapi.resources.writing import judge_delete, judge_put

_JUDGES = {"GET": judge_get, "POST": judge_post, "PUT": judge_put, "PATCH": judge_put, "DELETE": judge_delete}


def infer(contract: Contract) -> ResourceModel:
    """Return the resources of a contract, and what each of its operations does to them.

    Raises :class:`ContractError` for a correction (``x-mock-*``) that cannot work.
    """
    reader = ShapeReader(contract.document)
    sites = read_sites(contract, reader)
    table = PathTable(sites)
    groups = groups_of(table, reader)
    corrections = Corrections(contract)
    corrections.unite(groups)
    scene = Scene(table, reader, groups, corrections.keys(sites, reader))
    verdicts = {site.operation.key: _verdict(scene, site) for site in sites}
    if corrections.is_empty:
        model = ResourceModel(resources_of(scene, sites, verdicts), verdicts)
    else:
        model = corrections.applied(scene, sites, verdicts)
    refuse_unknown_names(contract, model)
    return model


_MODELS: SizedCache[str, ResourceModel] = SizedCache(8)


def model_of(contract: Contract) -> ResourceModel:
    """Return what :func:`infer` finds, remembered by the digest of the contract."""
    model = _MODELS.get(contract.digest)
    if model is None:
        model = infer(contract)
        _MODELS.keep(contract.digest, model)
    return model


def _verdict(scene: Scene, site: OperationSite) -> Verdict:
    judge = _JUDGES.get(site.method)
    if judge is None:
        return Verdict(site.operation.key, "none", reasons=(f"{site.method} does nothing to records",))
    if not site.path.form:
        return Verdict(site.operation.key, "view" if site.method == "GET" else "action", reasons=("the root",))
    if site.path.is_compound:
        return Verdict(site.operation.key, "none", reasons=("a segment of the path is more than a parameter",))
    return weigh(site, judge(scene, site))

"""The whole page of a tenant whose file was compared: the folder that `turntruth diff --out` would have written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.checks.findings_parquet import FINDINGS_PARQUET
from audit.contract.kept_contract import KeptContract
from audit.diff.pair_folder import CONTRACT_FILE, findings_to_parquet, write_pair_folder
from audit.files.permissions import PRIVATE
from audit.files.private_folder import PrivateFolder
from audit.files.regular_file import read_bounded
from audit.fleet.pairs.pair_unit import DIFFERENCES_FILE, RECORD_FILE
from audit.report.run_folder import RESULTS_LIMIT_BYTES


def write_comparison(place: Path, out_dir: Path, run_id: str) -> Path:
    """Write the comparison that lies in the outcome ``place``; returns its folder, for its owner alone.

    Raises
    ------
    RunExistsError
        There is a run of that name.
    PairWriteError
        It could not be written completely; nothing of it is left.
    ContractError
        The contract of the outcome is gone, or is not the one by which was judged.
    """
    record: dict[str, Any] = json.loads(read_bounded(place / RECORD_FILE, RESULTS_LIMIT_BYTES)) | {"run_id": run_id}

    def fill(folder: Path) -> Mapping[str, Any]:
        kept = KeptContract.read(place / CONTRACT_FILE)
        kept.require(record["contract"]["sha256"])
        (folder / CONTRACT_FILE).write_bytes(kept.content)
        if (place / DIFFERENCES_FILE).exists():
            shutil.copyfile(place / DIFFERENCES_FILE, folder / FINDINGS_PARQUET)
        else:
            with PrivateFolder() as private:
                (private / "none.ndjson").touch()
                findings_to_parquet(private / "none.ndjson", folder / FINDINGS_PARQUET)
        return record

    return write_pair_folder(out_dir, run_id, record["headline"], fill, PRIVATE)

"""What SARIF 2.1.0 asks of the objects that our logs are made of, as a JSON Schema of those members alone.

Section numbers are those of the OASIS standard. Its objects take no member that it does not name, so that one of ours
which is not here fails: look it up there before it is added.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]


def _object(*required: str, **members: Schema) -> Schema:
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": members}


def _list(items: Schema, *, unique: bool = False) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": unique}


def _one_of(*words: str) -> Schema:
    return {"enum": list(words)}


TEXT: Schema = {"type": "string"}
FILLED: Schema = {"type": "string", "minLength": 1}
INDEX: Schema = {"type": "integer", "minimum": 0}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}  # 3.9
URI: Schema = {"type": "string", "pattern": r"^([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-F]{2})*$"}  # 3.10, RFC 3986
LEVEL = _one_of("none", "note", "warning", "error")  # 3.27.10
MESSAGE = _object("text", text=FILLED)  # 3.11, 3.12: of text and id one is needed, and we keep no texts apart
PROPERTY_BAG: Schema = {"type": "object", "properties": {"tags": _list(TEXT, unique=True)}}  # 3.8

ARTIFACT_LOCATION = _object("uri", uri=URI, index=INDEX)  # 3.4

ARTIFACT = _object(  # 3.24
    location=ARTIFACT_LOCATION,
    length={"type": "integer", "minimum": 0},
    roles=_list(_one_of("analysisTarget", "referencedOnCommandLine"), unique=True),
    description=_object("text", text=TEXT),
    hashes={"type": "object", "minProperties": 1, "additionalProperties": FILLED},
)

RULE = _object(  # 3.49
    "id",
    id=TEXT,
    shortDescription=_object("text", text=TEXT),
    help=MESSAGE,
    defaultConfiguration=_object(level=LEVEL),
    properties=PROPERTY_BAG,
)

LOCATION = _object(  # 3.28, 3.29, 3.33
    logicalLocations=_list(_object(fullyQualifiedName=TEXT, kind=FILLED), unique=True),
    physicalLocation=_object("artifactLocation", artifactLocation=ARTIFACT_LOCATION),
)

RESULT = _object(  # 3.27
    "message",
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    locations=_list(LOCATION),
    partialFingerprints=TEXTS,
    suppressions=_list(  # 3.35
        _object(
            "kind",
            kind=_one_of("inSource", "external"),
            status=_one_of("accepted", "underReview", "rejected"),
            justification=TEXT,
        ),
        unique=True,
    ),
)

NOTIFICATION = _object(  # 3.58
    "message", message=MESSAGE, level=LEVEL, associatedRule=_object("id", id=TEXT, index=INDEX)
)

INVOCATION = _object(  # 3.20
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    startTimeUtc=MOMENT,
    endTimeUtc=MOMENT,
    toolExecutionNotifications=_list(NOTIFICATION),
)

RUN = _object(  # 3.14
    "tool",
    tool=_object("driver", driver=_object("name", name=FILLED, version=FILLED, rules=_list(RULE, unique=True))),
    automationDetails=_object(id=FILLED),
    invocations=_list(INVOCATION),
    artifacts=_list(ARTIFACT, unique=True),
    columnKind=_one_of("utf16CodeUnits", "unicodeCodePoints"),
    results=_list(RESULT),
    properties=PROPERTY_BAG,  # 3.8
)

LOG = _object("version", "runs", **{"$schema": URI}, version={"const": "2.1.0"}, runs=_list(RUN))  # 3.13

_VALIDATOR = Draft202012Validator(LOG)


def faults_of(log: Any) -> list[str]:
    """Where a log is not in the format, and how; empty if it is."""
    return [*(f"{fault.json_path}: {fault.message}" for fault in _VALIDATOR.iter_errors(log)), *_dangling(log)]


def _dangling(log: Any) -> list[str]:
    """References to rules and artifacts that are not there, or are others than they say."""
    faults = []
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        artifacts = [artifact["location"]["uri"] for artifact in run["artifacts"]]
        named = [(each["ruleId"], each.get("ruleIndex")) for each in run["results"]]
        named += [
            (notification["associatedRule"]["id"], notification["associatedRule"]["index"])
            for invocation in run["invocations"]
            for notification in invocation["toolExecutionNotifications"]
            if "associatedRule" in notification
        ]
        faults += [f"rule {name} is not rule {index}" for name, index in named if not _is_at(rules, index, name)]
        places = [
            place["physicalLocation"]["artifactLocation"]
            for each in run["results"]
            for place in each["locations"]
            if "physicalLocation" in place
        ]
        faults += [f"no such artifact: {each}" for each in places if not _is_at(artifacts, each["index"], each["uri"])]
    return faults


def _is_at(names: list[str], index: int | None, name: str) -> bool:
    return index is None or (index < len(names) and names[index] == name)

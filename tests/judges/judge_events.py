"""Says what misp-stix makes of events, and whether PyMISP loads them.

Usage: judge_events.py FILE...

Each file is an event in MISP's JSON. A file named manifest.json is the manifest of a feed. Prints a JSON
list: for each file its STIX 2.1 indicators, relationships and sightings, what misp-stix warned of, and
the error of STIX 2.0.
"""

import json
import sys
from pathlib import Path

from misp_stix_converter import MISPtoSTIX20Parser, MISPtoSTIX21Parser
from pymisp import MISPEvent


def parsed(parser, event):
    parser.parse_misp_event(event)
    return [json.loads(part.serialize()) for part in parser.bundle.objects]


def judge(path):
    event = json.loads(path.read_text())
    loaded = MISPEvent()
    loaded.load_file(path)
    parser = MISPtoSTIX21Parser()
    parts = parsed(parser, event)
    of_type = lambda name: [part for part in parts if part["type"] == name]
    try:
        parsed(MISPtoSTIX20Parser(), event)
        error_of_20 = ""
    except Exception as error:  # what the library raises is what is asked for
        error_of_20 = str(error)
    return {
        "file": path.name,
        "pymisp": [attribute.value for attribute in loaded.attributes],
        "indicators": [
            {key: part.get(key) for key in ("id", "pattern", "valid_from", "valid_until")}
            for part in of_type("indicator")
        ],
        "relationships": [
            {"source": part["source_ref"], "type": part["relationship_type"]}
            for part in of_type("relationship")
        ],
        "sightings": [
            {"of": part["sighting_of_ref"], "description": part.get("description", "")}
            for part in of_type("sighting")
        ],
        "opinions": [part["object_refs"] for part in of_type("opinion")],
        "complaints": sorted(
            {text for texts in (parser.warnings, parser.errors) for some in texts.values() for text in some}
        ),
        "stix20": error_of_20,
    }


def judge_manifest(path):
    for uuid, entry in json.loads(path.read_text()).items():
        loaded = MISPEvent()
        loaded.from_dict(uuid=uuid, **entry)
    return {"file": path.name}


files = [Path(name) for name in sys.argv[1:]]
json.dump(
    [judge_manifest(file) if file.name == "manifest.json" else judge(file) for file in files],
    sys.stdout,
)

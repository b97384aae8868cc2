"""The document at /openapi.json is OpenAPI 3.1, and the daemon does what it says."""

import json
import subprocess
import unittest

import api_fuzz
import harness

VALIDATE = """
import json, sys
from schemathesis.specs.openapi import definitions
import jsonschema_rs
document = json.load(open(sys.argv[1]))
validator = jsonschema_rs.validator_for(definitions.OPENAPI_31)
for error in validator.iter_errors(document):
    print("/".join(map(str, error.instance_path)), error.message[:300])
for name, schema in document["components"]["schemas"].items():
    jsonschema_rs.validator_for({**schema, "components": document["components"]})
"""


class OpenApi(harness.DaemonTest):
    def validate(self, document):
        where = self.millrace.root / "document.json"
        where.write_text(json.dumps(document))
        done = subprocess.run([api_fuzz.TOOLS / "python", "-c", VALIDATE, where], capture_output=True,
                              text=True)
        return done.stdout + done.stderr

    def test_the_document_is_valid(self):
        document = self.millrace.request("GET", "/openapi.json", base="").json
        self.assertEqual(self.validate(document), "")
        self.assertEqual(document, self.millrace.get("/openapi.json").json)

    def test_a_broken_document_would_be_found(self):
        document = self.millrace.request("GET", "/openapi.json", base="").json
        operation = document["paths"]["/api/v2/dags"]["get"]
        operation["parameters"][0]["in"] = "nowhere"
        self.assertIn("paths//api/v2/dags/get/parameters/0", self.validate(document))

    def test_no_answer_breaks_the_document(self):
        done = api_fuzz.fuzz(self.millrace, seconds=60, seed_number=20010105)
        self.assertIsNone(self.millrace.process.poll(), "the daemon is gone\n" + self.millrace.log_tail())
        self.assertEqual(len(done), 2)
        for status, report in done:
            self.assertEqual(status, 0, report)
            # Something was asked, and what was asked for with it.
            self.assertRegex(report, r"[1-9]\d* generated, [1-9]\d* passed", report)
        self.assertIn("✅ Stateful", done[1][1])
        self.assertNotIn("level=error", self.millrace.log.read_text(errors="replace"))


if __name__ == "__main__":
    unittest.main()

import assert from "node:assert/strict";
import { DEFAULT_TAGS } from "../../src/config/defaults.ts";
import { colourOf, withColours } from "../../src/feed/tag_colours.ts";

Deno.test("colourOf() gives each default tag a colour of its taxonomy, and others a neutral one", () => {
  for (const name of DEFAULT_TAGS) {
    assert.match(colourOf(name), /^#[0-9a-f]{6}$/);
    assert.notEqual(colourOf(name), "#808080", name);
  }
  assert.equal(colourOf("tlp:green"), "#33ff00");
  assert.equal(colourOf("TLP:AMBER+STRICT"), "#ffc000");
  assert.equal(colourOf("PAP:GREEN"), "#00ad1c");
  assert.equal(colourOf('misp-galaxy:mitre-attack-pattern="SSH - T1021.004"'), "#0088cc");
  assert.equal(colourOf("our own"), "#808080");
});

Deno.test("withColours() colours the tags of all parts and nothing else", () => {
  const event = {
    info: "Tag",
    Tag: [{ name: "tlp:clear" }],
    Object: [{ Attribute: [{ value: "tlp:red", Tag: [{ name: 'false-positive:risk="high"' }] }] }],
  };
  assert.deepEqual(withColours(event), {
    info: "Tag",
    Tag: [{ name: "tlp:clear", colour: "#ffffff" }],
    Object: [{
      Attribute: [{
        value: "tlp:red",
        Tag: [{ name: 'false-positive:risk="high"', colour: "#c77d0a" }],
      }],
    }],
  });
});

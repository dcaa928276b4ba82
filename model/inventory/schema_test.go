package inventory

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSchemaText compares the schema with its golden file, so that a change
// for users' editors is seen in review.
func TestSchemaText(t *testing.T) {
	const golden = "testdata/schema.json"
	if *update {
		if err := os.WriteFile(golden, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("-want +got; -update writes the file anew:\n%s", diff)
	}
	for _, c := range want {
		if c >= 0x7f {
			t.Fatal("the schema is not plain ASCII")
		}
	}
}

// compileSchema makes the schema usable, formats included.
func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("inventory.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("inventory.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemaAgrees gives the same documents to the schema and to Parse. Each
// is the small inventory with one change.
func TestSchemaAgrees(t *testing.T) {
	schema := compileSchema(t)
	tests := []struct {
		name, old, new string
		legal          bool
	}{
		{"small", "", "", true},
		{"every key of a node", "etcd: master", "etcd: master\n        management_local_ip: 10.0.0.11\n        state: live\n        etcd_cluster_key: a.B-c_d\n        location: rack 4, München", true},
		{"every key at the top", "recover", "etcd_key: clearwater\noperators: 99\nuses: {homestead_prov: true, homer: false, memento: true, ralf: false}\nrecover", true},
		{"empty uses", "recover", "uses: {}\nrecover", true},
		{"site without nodes", "sites:", "sites:\n  site_2: {nodes: {}}", true},
		{"shared_config", "    nodes:", "    files: {shared_config: files/a}\n    nodes:", true},
		{"empty location", "etcd: master", "etcd: master\n        location: ''", false},
		{"IPv6", "10.1.0.11", "'fd00::1'\n        management_local_ip: 10.0.0.1", true},

		{"unknown key at the top", "version: 1", "version: 1\nother: 1", false},
		{"unknown key in uses", "recover", "uses: {bgcf: true}\nrecover", false},
		{"unknown key in a site", "    nodes:", "    other: 1\n    nodes:", false},
		{"unknown key in files", "    nodes:", "    files: {shared_config: a, other: b}\n    nodes:", false},
		{"unknown key in a node", "etcd: master", "etcd: master\n        other: 1", false},
		{"no version", "version: 1\n", "", false},
		{"no deployment", "deployment: ims-example\n", "", false},
		{"no recover", "recover: site1\n", "", false},
		{"no sites", small[strings.Index(small, "sites:"):], "", false},
		{"no nodes", small[strings.Index(small, "site1:\n    nodes"):], "site1: {}\n", false},
		{"no shared_config", "    nodes:", "    files: {}\n    nodes:", false},
		{"no type", "        type: vellum\n", "", false},
		{"no local_ip", "        local_ip: 10.1.0.11\n", "", false},
		{"no etcd", "        etcd: master\n", "", false},

		{"version 2", "version: 1", "version: 2", false},
		{"version as text", "version: 1", "version: '1'", false},
		{"deployment is a number", "ims-example", "1", false},
		{"deployment is nothing", " ims-example", "", false},
		{"deployment is empty", "ims-example", "''", false},
		{"deployment is a space", "ims-example", "' '", false},
		{"deployment ends with a space", "ims-example", "'ims '", false},
		{"deployment is long", "ims-example", strings.Repeat("ä", 201), false},
		{"deployment is as long as it may be", "ims-example", strings.Repeat("ä", 200), true},
		{"deployment has two lines", "ims-example", `"a\nb"`, false},
		{"deployment has a control character", "ims-example", `"a\eb"`, false},
		{"deployment has a direction mark", "ims-example", `"a\u202eb"`, false},
		{"deployment has a zero-width space", "ims-example", `"a\u200bb"`, false},
		{"deployment has a line separator", "ims-example", `"a\u2028b"`, false},
		{"no operators", "recover", "operators: 0\nrecover", false},
		{"too many operators", "recover", "operators: 100\nrecover", false},
		{"operators as text", "recover", "operators: '2'\nrecover", false},
		{"operators as names", "recover", "operators: [anna, ben]\nrecover", false},
		{"recover is a list", "recover: site1", "recover: [site1]", false},
		{"recover is no name", "recover: site1", "recover: Site 1", false},
		{"uses is a list", "recover", "uses: [ralf]\nrecover", false},
		{"uses is nothing", "recover", "uses:\nrecover", false},
		{"a use is text", "recover", "uses: {ralf: 'true'}\nrecover", false},
		{"a use is yes", "recover", "uses: {ralf: yes}\nrecover", false},
		{"etcd_key with a slash", "recover", "etcd_key: a/b\nrecover", false},
		{"etcd_key is empty", "recover", "etcd_key: ''\nrecover", false},
		{"sites is a list", "  site1:", "  - site1:", false},
		{"site name", "sites:", "sites:\n  Site 2: {nodes: {}}", false},
		{"nodes is a list", "      vellum-1:", "      - vellum-1:", false},
		{"node name", "vellum-1:", "vellum.1:", false},
		{"node is nothing", "vellum-1:", "vellum-2:\n      vellum-1:", false},
		{"files is text", "    nodes:", "    files: a\n    nodes:", false},
		{"path is empty", "    nodes:", "    files: {shared_config: ''}\n    nodes:", false},
		{"type is unknown", "type: vellum", "type: velum", false},
		{"type is a number", "type: vellum", "type: 1", false},
		{"role is unknown", "etcd: master", "etcd: slave", false},
		{"state is unknown", "etcd: master", "etcd: master\n        state: down", false},
		{"address is a name", "10.1.0.11", "vellum-1", false},
		{"address has a size", "10.1.0.11", "10.1.0.11/24", false},
		{"address has a leading zero", "10.1.0.11", "010.1.0.11", false},
		{"address is a number", "10.1.0.11", "10.1", false},
		{"management address is IPv6", "10.1.0.11", "10.1.0.11\n        management_local_ip: 'fd00::1'", false},
		{"location is a number", "etcd: master", "etcd: master\n        location: 4", false},
		{"a list", small, "- 1", false},
		{"text", small, "text", false},
		{"nothing", small, "---", false},
	}
	files := func(string) ([]byte, error) { return []byte("a=1\n"), nil }
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(small, test.old, test.new, 1)
			d, findings := Parse("inventory.yaml", []byte(src), files)
			if (d != nil) != test.legal {
				t.Errorf("Parse accepts: %v\n%s", d != nil, show(t, src, findings))
			}
			var instance any
			if err := yaml.Unmarshal([]byte(src), &instance); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(instance); (err == nil) != test.legal {
				t.Errorf("the schema says: %v\n%s", err, src)
			}
		})
	}
}

// TestSchemaKeys proves that the schema offers exactly the keys of the tables.
func TestSchemaKeys(t *testing.T) {
	schema := compileSchema(t)
	site := schema.Properties["sites"].AdditionalProperties.(*jsonschema.Schema)
	node := site.Properties["nodes"].AdditionalProperties.(*jsonschema.Schema)
	for _, object := range []struct {
		schema *jsonschema.Schema
		specs  []spec
	}{
		{schema, specsOf(rootRows)},
		{schema.Properties["uses"], specsOf(usesRows)},
		{site, specsOf(siteRows)},
		{site.Properties["files"], specsOf(filesRows)},
		{node, specsOf(nodeRows)},
	} {
		if len(object.schema.Properties) != len(object.specs) {
			t.Errorf("%v has %d keys", object.schema, len(object.schema.Properties))
		}
		for _, s := range object.specs {
			property := object.schema.Properties[s.key]
			if property == nil || property.Description == "" {
				t.Errorf("%s: not in the schema, or without a description", s.key)
			}
			if s.required && s.example == "" {
				t.Errorf("%s: no example to add where the key is missing", s.key)
			}
		}
	}
}

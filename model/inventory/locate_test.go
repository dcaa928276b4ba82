package inventory

import (
	"strings"
	"testing"

	"requorum/model/diag"
)

// TestLocate gives paths such as the planner's, and wants the place at which a
// person would look: of a value itself, of anything else its key.
func TestLocate(t *testing.T) {
	const src = `version: 1
deployment: ims-example
uses: {memento: true}
recover: site1
sites:
  site1:
    files:
      shared_config: files/shared_config
    nodes:
      vellum-1:
        type: vellum
        local_ip: 10.1.0.11
        etcd: master
  site_2: {nodes: {"dime-1": {type: dime, local_ip: 10.1.0.12, etcd: proxy, state: failed}}}
`
	tests := []struct{ path, want string }{
		{"recover", "4:10"},
		{"uses.memento", "3:17"},
		{"uses.ralf", ""},
		{"sites.site1", "6:3"},
		{"sites.site1.nodes", "6:3"},
		{"sites.site1.files.shared_config", "8:22"},
		{"sites.site1.nodes.vellum-1", "10:7"},
		{"sites.site1.nodes.vellum-1.local_ip", "12:19"},
		{"sites.site1.nodes.vellum-1.etcd_cluster_key", "10:7"}, // left out: the node
		{"sites.site_2.nodes.dime-1", "14:20"},
		{"sites.site_2.nodes.dime-1.state", "14:84"},
		{"sites.site_2.files.shared_config", "14:3"},
		{"sites.site_2.nodes.bono-1", "14:3"},
		{"sites.site3", ""},
		{"sites", ""},
		{"odd.path", ""},
		{"", ""},
	}
	for _, text := range []string{src, strings.ReplaceAll(src, "\n", "\r\n"), "\ufeff" + src} {
		d, places, findings := Read("inventory.yaml", []byte(text), fakeFile)
		if d == nil {
			t.Fatalf("%v", findings)
		}
		for _, test := range tests {
			given := diag.List{{Severity: diag.Warning, Code: "c", Path: test.path, Text: "odd"}}
			got := places.Locate(given)[0]
			want := strings.TrimSuffix("inventory.yaml:"+test.want, ":") + ": warning: odd [c]"
			if got.String() != want || got.Path != test.path {
				t.Errorf("%q: %s, want %s", test.path, got, want)
			}
			if given[0].Line != 0 {
				t.Errorf("%q: the finding given has a place now", test.path)
			}
		}
	}
}

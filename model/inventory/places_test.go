package inventory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"requorum/model/diag"
)

// TestPlaces checks line, column and path of one finding of each sort.
func TestPlaces(t *testing.T) {
	tests := []struct {
		name, old, new string // a change of the small inventory
		want           string
	}{
		{"top", "version: 1", "version: 2", "1:10 version wrong-version"},
		{"unknown at the top", "version: 1", "version: 1\nodd: 1", "2:1 odd unknown-key"},
		{"missing at the top", "version: 1\n", "", "1:1  missing-field"},
		{"missing in a site", "sites:", "sites:\n  site2: {}", "5:3 sites.site2 missing-field"},
		{"missing in a node", "        etcd: master\n", "", "7:7 sites.site1.nodes.vellum-1 missing-field"},
		{"value", "10.1.0.11", "10.1.0", "9:19 sites.site1.nodes.vellum-1.local_ip bad-address"},
		{"quoted value", "10.1.0.11", `  "10.1.0"`, "9:21 sites.site1.nodes.vellum-1.local_ip bad-address"},
		{"behind wide runes", "recover:", `"東京": 1` + "\nrecover:", "3:1 \"東京\" unknown-key"},
		{"in flow style", "recover: site1", `uses: {"ralf": true, "東京": 1, memento: 3}` + "\nrecover: site1", "3:22 uses.\"東京\" unknown-key|3:40 uses.memento wrong-type"},
		{"name of a node", "vellum-1:", "Vellum.1:", "7:7 sites.site1.nodes.\"Vellum.1\" bad-name"},
		{"twice", "etcd: master", "etcd: master\n        etcd: proxy", "11:9 sites.site1.nodes.vellum-1.etcd duplicate-key"},
		{"nothing", "type: vellum", "type:", "8:14 sites.site1.nodes.vellum-1.type wrong-type"},
		{"list", "type: vellum", "type:\n          - vellum", "9:11 sites.site1.nodes.vellum-1.type wrong-type"},
		{"anchor in a list", "version: 1", "version: 1\nodd:\n  - [1, &a 2]", "2:1 odd unknown-key|3:9 odd.0.1 alias"},
		{"site to recover", "recover: site1", "recover: site2", "3:10 recover unknown-site"},
		{"no live node", "etcd: master", "etcd: master\n        state: failed", "5:3 sites.site1.nodes no-live-node"},
		{"no master", "etcd: master", "etcd: proxy", "5:3 sites.site1.nodes no-master"},
		{"text block", "deployment: ims-example", "deployment: >\n  ims\n\n  example\n", "2:13 deployment bad-text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(small, test.old, test.new, 1)
			if diff := cmp.Diff(test.want, places(refuse(t, src, nil))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func places(findings diag.List) string {
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Path, f.Code))
	}
	return strings.Join(all, "|")
}

// TestFollowUps makes sure that one mistake is one finding.
func TestFollowUps(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           string // the only code
	}{
		{"misspelt required key", "local_ip", "lokal_ip", codeUnknownKey},
		{"misspelt state of the only node", "etcd: master", "etcd: master\n        state: alive", codeUnknownState},
		{"misspelt role of the only node", "etcd: master", "etcd: mistress", codeUnknownRole},
		{"missing role of the only node", "        etcd: master\n", "", codeMissingField},
		{"nodes of a wrong sort", "      vellum-1:", "      - vellum-1:", codeWrongType},
		{"sites is a list", "  site1:", "  - site1:", codeWrongType},
		{"tag", "type: vellum", "type: !!str vellum", codeTag},
		{"tag on a mapping", "vellum-1:", "vellum-1: !node", codeTag},
		{"anchor", "type: vellum", "type: &a vellum", codeAlias},
		{"nothing but a node", "vellum-1:", "vellum-2:\n      vellum-1:", codeWrongType},
		{"role twice", "etcd: master", "etcd: master\n        etcd: proxy", codeDuplicateKey},
		{"address twice", "local_ip", "local_ip: 10.1.0.12\n        local_ip", codeDuplicateKey},
		{"sites twice", "recover", "sites: {site2: {nodes: {}}}\nrecover", codeDuplicateKey},
		{"bad address twice", "etcd: master", "etcd: master\n      vellum-2: {type: vellum, etcd: master, local_ip: 10.1.0}", codeBadAddress},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(small, test.old, test.new, 1)
			findings := refuse(t, src, nil)
			if len(findings) != 1 || findings[0].Code != test.want {
				t.Errorf("want %s only:\n%s", test.want, show(t, src, findings))
			}
		})
	}
}

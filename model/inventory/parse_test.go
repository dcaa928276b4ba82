package inventory

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"requorum/model"
	"requorum/model/diag"
)

// addresses lets cmp look at netip.Addr, whose fields are its own.
var addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// accept parses an inventory that must be legal.
func accept(t testing.TB, src string, files Files) *model.Deployment {
	t.Helper()
	d, findings := Parse("inventory.yaml", []byte(src), files)
	if d == nil || len(findings) > 0 {
		t.Fatalf("refused:\n%s", show(t, src, findings))
	}
	return d
}

// refuse parses an inventory that must not be legal.
func refuse(t testing.TB, src string, files Files) diag.List {
	t.Helper()
	d, findings := Parse("inventory.yaml", []byte(src), files)
	if d != nil || !findings.HasErrors() {
		t.Fatalf("accepted:\n%s", src)
	}
	return findings
}

func show(t testing.TB, src string, findings diag.List) string {
	t.Helper()
	var b strings.Builder
	if err := diag.WriteText(&b, findings, map[string][]byte{"inventory.yaml": []byte(src)}, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// small is the least that Parse accepts; tests change one thing of it.
const small = `version: 1
deployment: ims-example
recover: site1
sites:
  site1:
    nodes:
      vellum-1:
        type: vellum
        local_ip: 10.1.0.11
        etcd: master
`

func smallDeployment() *model.Deployment {
	return &model.Deployment{
		Name:    "ims-example",
		EtcdKey: "clearwater",
		Recover: "site1",

		Operators: 1,
		Sites: []model.Site{{Name: "site1", Nodes: []model.Node{{
			Name:         "vellum-1",
			Type:         model.Vellum,
			LocalIP:      netip.MustParseAddr("10.1.0.11"),
			ManagementIP: netip.MustParseAddr("10.1.0.11"),
			Etcd:         model.Master,
			State:        model.Live,
			ClusterKey:   "vellum",
		}}}},
	}
}

func TestParseDefaults(t *testing.T) {
	if diff := cmp.Diff(smallDeployment(), accept(t, small, nil), addresses); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestParseEverything(t *testing.T) {
	src, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := func(path string) ([]byte, error) {
		return []byte("# from " + path + "\nhome_domain=example.com\n"), nil
	}
	want := &model.Deployment{
		Name:    "IMS, Düsseldorf 東京",
		EtcdKey: "clear.water_1-a",
		Uses:    model.Uses{HomesteadProv: true, Ralf: true},
		Recover: "site_1",

		Operators: 12,
		Sites: []model.Site{
			{Name: "empty"},
			{
				Name:         "site_1",
				SharedConfig: []byte("# from files/shared_config\nhome_domain=example.com\n"),
				Nodes: []model.Node{
					{
						Name: "1", Type: "ralf", LocalIP: netip.MustParseAddr("fd00::1"), ManagementIP: netip.MustParseAddr("10.0.0.1"),
						Etcd: model.Proxy, State: model.Live, ClusterKey: "ralf",
					},
					{
						Name: "vellum-2", Type: model.Vellum, LocalIP: netip.MustParseAddr("10.1.0.12"), ManagementIP: netip.MustParseAddr("10.1.0.13"),
						Etcd: model.Master, State: model.Failed, ClusterKey: "vellum",
					},
					{
						Name: "vellum-10", Type: model.Vellum, LocalIP: netip.MustParseAddr("10.1.0.13"), ManagementIP: netip.MustParseAddr("10.1.0.12"),
						Etcd: model.Master, State: model.Live, ClusterKey: "DO_NOT_CLUSTER", Location: "rack 4, unit 12",
					},
				},
			},
			{Name: "site_2", Nodes: []model.Node{{
				Name: "sprout-1", Type: model.Sprout, LocalIP: netip.MustParseAddr("10.2.0.1"), ManagementIP: netip.MustParseAddr("10.2.0.1"),
				Etcd: model.Proxy, State: model.Live, ClusterKey: "sprout",
			}}},
		},
	}
	if diff := cmp.Diff(want, accept(t, string(src), files), addresses); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestParseSameMeaning writes the same inventory in other ways.
func TestParseSameMeaning(t *testing.T) {
	tests := map[string]string{
		"Windows line ends":        strings.ReplaceAll(small, "\n", "\r\n"),
		"byte order mark":          "\ufeff" + small,
		"no last line end":         strings.TrimSuffix(small, "\n"),
		"document marks":           "%YAML 1.1\n---\n" + small + "...\n",
		"comments and blank lines": "# top\n\n" + strings.ReplaceAll(small, "\n", " # here\n\n  # there\n"),
		"double quotes":            strings.NewReplacer("ims-example", `"ims-example"`, "site1:", `"site1":`, "master", `"m\x61ster"`).Replace(small),
		"single quotes":            strings.NewReplacer("10.1.0.11", `'10.1.0.11'`, "vellum-1:", `'vellum-1':`).Replace(small),
		"folded text":              strings.Replace(small, "ims-example", ">-\n  ims-example", 1),
		"deeper indentation":       strings.ReplaceAll(small, "  ", "      "),
		"one line":                 "{version: 1, deployment: ims-example, recover: site1, sites: {site1: {nodes: {vellum-1: {type: vellum, local_ip: 10.1.0.11, etcd: master}}}}}",
		"JSON": `{"sites": {"site1": {"nodes": {"vellum-1": {"etcd": "master", "local_ip": "10.1.0.11", "type": "vellum"}}}},
			"recover": "site1", "deployment": "ims-example", "version": 1}`,
		"explicit keys": strings.Replace(small, "version: 1", "? version\n: 1", 1),
		"defaults written out": strings.Replace(small, "recover:", "etcd_key: clearwater\noperators: 1\nuses: {homer: false}\nrecover:", 1) +
			"        state: live\n        etcd_cluster_key: vellum\n        management_local_ip: 10.1.0.11\n",
	}
	for name, src := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(smallDeployment(), accept(t, src, nil), addresses); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestParseOrder turns the lines of a flow-style inventory round in every
// rotation.
func TestParseOrder(t *testing.T) {
	nodes := []string{
		"vellum-1: {type: vellum, local_ip: 10.1.0.11, etcd: master}",
		"vellum-2: {etcd: master, type: vellum, local_ip: 10.1.0.12}",
		"vellum-10: {local_ip: 10.1.0.20, etcd: master, type: vellum}",
	}
	top := []string{"version: 1", "deployment: ims", "recover: site1", "uses: {ralf: true, homer: true}"}
	var first *model.Deployment
	for i := range nodes {
		for j := range top {
			lines := slices.Concat(top[j:], []string{
				"sites: {site2: {nodes: {}}, site1: {nodes: {" + strings.Join(slices.Concat(nodes[i:], nodes[:i]), ", ") + "}}}",
			}, top[:j])
			d := accept(t, strings.Join(lines, "\n"), nil)
			if first == nil {
				first = d
			}
			if diff := cmp.Diff(first, d, addresses); diff != "" {
				t.Errorf("rotation %d, %d: %s", i, j, diff)
			}
		}
	}
}

// TestParseKeepsNothing overwrites the bytes after the run.
func TestParseKeepsNothing(t *testing.T) {
	src := []byte(small)
	d, _ := Parse("inventory.yaml", src, nil)
	bad := []byte("version: x\n")
	_, findings := Parse("inventory.yaml", bad, nil)
	before := show(t, "", findings)
	clear(src)
	clear(bad)
	if diff := cmp.Diff(smallDeployment(), d, addresses); diff != "" {
		t.Errorf("deployment changed:\n%s", diff)
	}
	if diff := cmp.Diff(before, show(t, "", findings)); diff != "" {
		t.Errorf("findings changed:\n%s", diff)
	}
}

// TestParseAddresses checks the pairs of networks that may share an address.
func TestParseAddresses(t *testing.T) {
	head, _, _ := strings.Cut(small, "      vellum-1:")
	tests := []struct {
		name  string
		nodes []string
		bad   bool
	}{
		{"one network each", []string{"local_ip: 10.0.0.1", "local_ip: 10.0.0.2"}, false},
		{"same address", []string{"local_ip: 10.0.0.1", "local_ip: 10.0.0.1"}, true},
		{"networks overlap", []string{"local_ip: 10.0.0.1, management_local_ip: 10.0.0.2", "local_ip: 10.0.0.2, management_local_ip: 10.0.0.1"}, false},
		{"same management address", []string{"local_ip: 10.0.0.1, management_local_ip: 10.0.0.9", "local_ip: 10.0.0.2, management_local_ip: 10.0.0.9"}, true},
		{"same local address", []string{"local_ip: 10.0.0.1, management_local_ip: 10.0.0.8", "local_ip: 10.0.0.1, management_local_ip: 10.0.0.9"}, true},
		{"own address twice", []string{"local_ip: 10.0.0.1, management_local_ip: 10.0.0.1"}, false},
		{"one network against two", []string{"local_ip: 10.0.0.1", "local_ip: 10.0.0.2, management_local_ip: 10.0.0.1"}, true},
		{"two networks against one", []string{"local_ip: 10.0.0.2, management_local_ip: 10.0.0.1", "local_ip: 10.0.0.1"}, true},
		{"network named twice against two", []string{"local_ip: 10.0.0.1, management_local_ip: 10.0.0.1", "local_ip: 10.0.0.2, management_local_ip: 10.0.0.1"}, true},
		{"IPv6 signaling", []string{"local_ip: 'fd00::1', management_local_ip: 10.0.0.1"}, false},
		{"IPv6 written otherwise", []string{"local_ip: 'fd00::1', management_local_ip: 10.0.0.1", "local_ip: 'FD00:0::1', management_local_ip: 10.0.0.2"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var src bytes.Buffer
			src.WriteString(head)
			for i, node := range test.nodes {
				src.WriteString("      vellum-" + string(rune('1'+i)) + ": {type: vellum, etcd: master, " + node + "}\n")
			}
			if !test.bad {
				accept(t, src.String(), nil)
				return
			}
			findings := refuse(t, src.String(), nil)
			if len(findings) != 1 || findings[0].Code != codeDuplicateAddress {
				t.Errorf("want one duplicate-address:\n%s", show(t, src.String(), findings))
			}
		})
	}
}

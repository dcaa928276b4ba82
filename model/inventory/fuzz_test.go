package inventory

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"requorum/model"
)

// FuzzParse asks of any bytes: no panic, the same answer twice, findings with
// code and place. Of an accepted inventory it asks that the Deployment holds
// what it promises, that the schema agrees, and that the same can be written
// down in another order and read again.
func FuzzParse(f *testing.F) {
	everything, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(everything)
	f.Add(largeInventory(4))
	for _, src := range []string{
		small, withConfig("files/a"), strings.ReplaceAll(small, "\n", "\r\n"), "\ufeff" + small, "", "---", "- a\nb: 1\n", "a: &a *a\n",
		"version: 2\nuses: {a: b}\nsites: {a: {nodes: {b: {}}}}\n", "a: {b: [c\n  d: e\n", "a: \"b\n", "\xff\xfe", "a\x00", "? [a]\n: b\n", "--- a\n--- b\n",
	} {
		f.Add([]byte(src))
	}
	schema := compileSchema(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		d, findings := Parse("inventory.yaml", src, fakeFile)
		again, findingsAgain := Parse("inventory.yaml", src, fakeFile)
		if diff := cmp.Diff(d, again, addresses) + cmp.Diff(findings, findingsAgain); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
		checkFindings(t, string(src), findings)
		if (d == nil) != findings.HasErrors() {
			t.Fatalf("deployment %v, findings %v", d, findings)
		}
		if d == nil {
			return
		}
		checkDeployment(t, d)
		checkSchema(t, schema, src)
		written := write(d)
		reread, findings := Parse("inventory.yaml", []byte(written), fakeFile)
		if diff := cmp.Diff(d, reread, addresses); diff != "" {
			t.Errorf("written and read again:\n%s\n%s\n%s", diff, written, show(t, written, findings))
		}
	})
}

// checkSchema makes sure that editors do not complain of what Parse accepts.
func checkSchema(t *testing.T, schema *jsonschema.Schema, src []byte) {
	t.Helper()
	var instance any
	if err := yaml.Unmarshal(src, &instance); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Errorf("the schema refuses what Parse accepts: %v", err)
	}
}

// fakeFile has the same good content at every path.
func fakeFile(string) ([]byte, error) { return []byte("home_domain=example.com\n"), nil }

// checkDeployment says what holds of every Deployment.
func checkDeployment(t *testing.T, d *model.Deployment) {
	t.Helper()
	site := d.SiteToRecover()
	if site == nil || len(site.Nodes) == 0 {
		t.Fatalf("no site to recover: %+v", d)
	}
	live, master := false, false
	for _, n := range site.Nodes {
		live = live || n.State == model.Live
		master = master || n.Etcd == model.Master
	}
	if !live || !master || d.Name == "" || d.EtcdKey == "" {
		t.Errorf("live %v, master %v: %+v", live, master, d)
	}
	names := map[string]bool{}
	for i, s := range d.Sites {
		if i > 0 && d.Sites[i-1].Name >= s.Name {
			t.Errorf("sites out of order: %s", s.Name)
		}
		for j, n := range s.Nodes {
			if names[n.Name] || j > 0 && model.CompareNames(s.Nodes[j-1].Name, n.Name) >= 0 {
				t.Errorf("node twice or out of order: %s", n.Name)
			}
			names[n.Name] = true
			if !n.LocalIP.IsValid() || !n.ManagementIP.Is4() || n.ClusterKey == "" || n.Type == "" {
				t.Errorf("node not complete: %+v", n)
			}
		}
	}
}

// write puts every value down, last things first, in JSON strings: another
// order, other quotes and no defaults.
func write(d *model.Deployment) string {
	var b strings.Builder
	b.WriteString("sites:\n")
	for i := range d.Sites {
		s := d.Sites[len(d.Sites)-1-i]
		fmt.Fprintf(&b, "  %q:\n    nodes: {\n", s.Name)
		for j := range s.Nodes {
			n := s.Nodes[len(s.Nodes)-1-j]
			location := ""
			if n.Location != "" {
				location = "location: " + quoteJSON(n.Location) + ", "
			}
			fmt.Fprintf(&b, "      %q: {%setcd_cluster_key: %q, state: %q, etcd: %q, management_local_ip: %q, local_ip: %q, type: %q},\n",
				n.Name, location, n.ClusterKey, n.State, n.Etcd, n.ManagementIP, n.LocalIP, n.Type)
		}
		b.WriteString("    }\n")
		if s.SharedConfig != nil {
			b.WriteString("    files: {shared_config: anything}\n")
		}
	}
	fmt.Fprintf(&b, "recover: %q\n", d.Recover)
	fmt.Fprintf(&b, "uses: {ralf: %v, memento: %v, homer: %v, homestead_prov: %v}\n", d.Uses.Ralf, d.Uses.Memento, d.Uses.Homer, d.Uses.HomesteadProv)
	fmt.Fprintf(&b, "operators: %d\n", d.Operators)
	fmt.Fprintf(&b, "etcd_key: %q\ndeployment: %s\nversion: 1\n", d.EtcdKey, quoteJSON(d.Name))
	return b.String()
}

func quoteJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

package inventory

import (
	"strings"
	"testing"
)

// TestRecover checks which nodes the site to recover must have, and that the
// other sites need none.
func TestRecover(t *testing.T) {
	const node = "      n%: {type: vellum, local_ip: 10.1.0.%, etcd: "
	head, _, _ := strings.Cut(small, "      vellum-1:")
	tests := []struct {
		name  string
		nodes []string // role and state
		want  string
	}{
		{"live master", []string{"master"}, ""},
		{"live proxy, failed master", []string{"proxy", "master, state: failed"}, ""},
		{"all failed", []string{"master, state: failed", "proxy, state: failed"}, codeNoLiveNode},
		{"no master", []string{"proxy", "proxy, state: failed"}, codeNoMaster},
		{"neither", []string{"proxy, state: failed"}, codeNoLiveNode + " " + codeNoMaster},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(head, "sites:", "sites:\n  site2: {nodes: {}}", 1)
			for i, role := range test.nodes {
				src += strings.ReplaceAll(node, "%", string(rune('1'+i))) + role + "}\n"
			}
			_, findings := Parse("inventory.yaml", []byte(src), nil)
			var codes []string
			for _, f := range findings {
				codes = append(codes, f.Code)
			}
			if got := strings.Join(codes, " "); got != test.want {
				t.Errorf("got %q, want %q:\n%s", got, test.want, show(t, src, findings))
			}
		})
	}
}

// TestDuplicateName allows a name in one site only; other sites are compared
// with the first place.
func TestDuplicateName(t *testing.T) {
	src := small +
		"  site2: {nodes: {vellum-1: {type: vellum, local_ip: 10.1.0.12, etcd: master}}}\n" +
		"  site3: {nodes: {vellum-1: {type: vellum, local_ip: 10.1.0.13, etcd: master}, vellum-2: {type: vellum, local_ip: 10.1.0.14, etcd: master}}}\n"
	findings := refuse(t, src, nil)
	want := "11:19 sites.site2.nodes.vellum-1 duplicate-name|12:19 sites.site3.nodes.vellum-1 duplicate-name"
	if got := places(findings); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, f := range findings {
		if !strings.Contains(f.Text, `"site1" (line 7)`) {
			t.Errorf("the first place is not named: %s", f.Text)
		}
	}
}

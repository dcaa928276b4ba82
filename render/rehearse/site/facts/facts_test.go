package facts

import (
	"path"
	"testing"
)

// TestTable holds that every row can be tried: it names its source, its node and a
// command, and asks for something.
func TestTable(t *testing.T) {
	table, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	states := map[State]bool{Whole: true, Partial: true, Lost: true, Down: true, Alone: true}
	seen := map[string]bool{}
	once := func(fact, name string) {
		if fact == "" || name == "" || seen[fact+name] {
			t.Errorf("%q %q: without a source or a name, or twice", fact, name)
		}
		seen[fact+name] = true
	}
	for section, rows := range map[string][]Row{ // in any order: each stands alone
		"programs": table.Programs(), "etcdctl": table.Etcdctl, "unprivileged": table.Unprivileged,
	} {
		if len(rows) == 0 {
			t.Errorf("%s: no rows", section)
		}
		for _, r := range rows {
			if _, ok := table.Node(r.On); !ok || !states[r.State] || len(r.Run) == 0 {
				t.Fatalf("%s: on %q, state %q, command %q", r.Name, r.On, r.State, r.Run)
			}
			name := section + path.Base(r.Run[0]) + r.Name
			once(r.Fact, name)
			for file := range r.Files { // in any order: each stands alone
				if !path.IsAbs(file) {
					t.Errorf("%s: %s", name, file)
				}
			}
		}
	}
	for _, s := range table.Starts {
		once(s.Fact, s.Name)
		if len(s.Says) == 0 || s.Runs != "member" && s.Runs != "proxy" && s.Runs != "nothing" || s.Data != "" && s.Data != "member" && s.Data != "proxy" {
			t.Errorf("%s: %+v", s.Name, s)
		}
	}
}

// TestFits holds that a wrong status, a text that is missing and one that must not be
// there are all seen.
func TestFits(t *testing.T) {
	a := Answer{Status: 1, Says: []string{"one", "two"}, Never: []string{"three"}}
	s := Start{Runs: "member", Says: []string{"one", "two"}, Never: []string{"three"}}
	for _, c := range []struct {
		status int
		runs   string
		text   string
		fits   bool
	}{
		{1, "member", "two, one", true},
		{0, "nothing", "two, one", false},
		{1, "member", "two", false},
		{1, "member", "one two three", false},
	} {
		if a.Fits(c.status, c.text) != c.fits || s.Fits(c.text, c.runs) != c.fits {
			t.Errorf("%+v", c)
		}
	}
}

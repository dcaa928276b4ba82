package render

import (
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"text/template/parse"

	"requorum/model"
	"requorum/model/procedure"
	"requorum/templates"
)

// TestTimetable holds the sums: side by side, a stage costs one node, unless it
// goes in turn.
func TestTimetable(t *testing.T) {
	nodes := func(n int) []string { return make([]string, n) }
	p := &model.Plan{Operators: 2, Stages: []model.Stage{
		{Name: model.Stop, Nodes: nodes(30), Minutes: 3, Seconds: 90, Work: 2,
			Steps: []model.Step{{Nodes: nodes(30), Wait: 180}}},
		{Name: model.Create, Nodes: nodes(3), Minutes: 1, Seconds: 16, Work: 11, Together: "why"},
		{Name: model.Join, Nodes: nodes(27), Minutes: 1, Seconds: 31, Work: 6, InTurn: true,
			Steps: []model.Step{{Nodes: nodes(27), Wait: 120}, {Nodes: nodes(1), Wait: 7}}},
		{Name: model.Load, Nodes: nodes(1), Minutes: 1, Seconds: 1, Work: 1},
		{Name: model.Finish, LeftOut: "why", Minutes: 3, Seconds: 90, Work: 90},
	}}
	want := timetable{Wide: "32 min", Long: "2 h 1 min", Rows: []timeRow{
		{Stage: "stop", How: "side by side", Nodes: 30, One: "3 min", Wide: "3 min", Long: "1 h 30 min"},
		{Stage: "create", How: "close together", Nodes: 3, One: "1 min", Wide: "1 min", Long: "3 min"},
		{Stage: "join", How: "in turn", Nodes: 27, One: "1 min", Wide: "27 min", Long: "27 min"},
		{Stage: "load", How: "one node", Nodes: 1, One: "1 min", Wide: "1 min", Long: "1 min"},
	}}
	want.Shortest, want.Expected, want.Longest = "16 min", "16 min", "2 h 29 min"
	got := newTimetable(p)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	const inTurn, least = 27 * 31, 90 + 1 // join; stop, which one engineer starts everywhere first, and load
	for operators, expected := range map[int]int{0: 3 * 16, 1: 3 * 16, 2: 2 * 16, 3: 16, 9: 16} {
		p.Operators = operators
		want := clock{inTurn + least + 16, inTurn + least + expected, 30*(2+180) + 3*11 + 27*(6+120) + 7 + 1}
		if got := newClock(p); got != want {
			t.Errorf("%d operators: got %+v, want %+v", operators, got, want)
		}
	}
}

// TestLedger holds that no sentence of the written procedure goes missing, at
// any site, and that every sentence without a reason belongs to some step.
func TestLedger(t *testing.T) {
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		seen := 0
		for _, section := range newLedger(p) {
			for _, s := range section.Sentences {
				seen++
				if len(s.Steps) == 0 && s.Why == "" {
					t.Errorf("%d.%d has neither step nor reason", section.Number, s.Number)
				}
				if len(s.Steps) > 0 && s.Why != "" {
					t.Errorf("%d.%d has steps and a reason", section.Number, s.Number)
				}
			}
		}
		if seen != len(procedure.Sentences()) {
			t.Errorf("%d sentences, want %d", seen, len(procedure.Sentences()))
		}
		// The steps and the omissions of any plan are together the whole table.
		steps, omitted := citers(p)
		for _, s := range procedure.Sentences() {
			cited := len(steps[s.ID])+len(omitted[s.ID]) > 0
			if cited == (s.Reason != "") {
				t.Errorf("%s: cited by a step: %t, reason: %q", s.ID, cited, s.Reason)
			}
		}
		for _, ids := range []map[string][]string{steps, omitted} {
			for id := range ids {
				if _, ok := procedure.Lookup(id); !ok {
					t.Errorf("a step cites %s, which is no sentence", id)
				}
			}
		}
	})
}

// TestDifferences holds that each trap of the facts is told of once, and that
// what the table says of the scripts agrees with the steps.
func TestDifferences(t *testing.T) {
	const traps = 53
	if len(differences) != traps {
		t.Fatalf("%d traps, want %d", len(differences), traps)
	}
	for i, d := range differences {
		if d.trap != i+1 || d.name == "" || d.written == "" || d.here == "" {
			t.Errorf("entry %d: %+v", i, d)
		}
	}
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		met, foreign := differencesOf(p)
		if len(met)+len(foreign) != traps {
			t.Errorf("%d met, %d foreign, want %d together", len(met), len(foreign), traps)
		}
		for _, v := range met {
			people := v.By == string(byPeople)
			if people != (len(v.Steps) == 0) {
				t.Errorf("T%d is for %s, and the steps %q are shaped by it", v.Trap, v.By, v.Steps)
			}
		}
		for _, v := range foreign {
			if v.Why == "" {
				t.Errorf("T%d is left out without a reason", v.Trap)
			}
		}
	})
}

// TestDigestLabels holds that the tables to fill name the files as the scripts
// print them, in their order.
func TestDigestLabels(t *testing.T) {
	src, err := fs.ReadFile(templates.FS, "node/config.sh.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	for _, m := range regexp.MustCompile(`(?m)^\tprint_digest (?:'([^']*)'|(\S+)) `).FindAllStringSubmatch(string(src), -1) {
		printed = append(printed, m[1]+m[2])
	}
	var told []string
	for _, table := range newBook(planOf(t, sites[0].make()), testID).Tables {
		told = append(told, table.Files...)
	}
	if !slices.Equal(printed, told) {
		t.Errorf("the scripts print %q, the runbook has %q", printed, told)
	}
}

// TestQuotesOfScripts holds that what the runbook says the scripts print is
// what they print.
func TestQuotesOfScripts(t *testing.T) {
	scripts := ""
	for _, folder := range []string{"lib", "node"} {
		entries, err := fs.ReadDir(templates.FS, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			src, err := fs.ReadFile(templates.FS, folder+"/"+e.Name())
			if err != nil {
				t.Fatal(err)
			}
			scripts += string(src)
		}
	}
	for _, s := range []string{
		`STAGE $STAGE DONE on $NODE.`, "NOT RIGHT: waited to the limit", "expected:", "seen:", "means:", "do:", `"STOPPED`,
		"WARNING", "is not valid, so it is written anew", `'missing\n'`, `'unreadable\n'`, "${version:-3.1.7}",
		"warn '/etc/clearwater/shared_config is missing", "/var/backups/requorum/$PLAN/$(date -u", "user_settings",
		"sudo kill -KILL $pid", "belongs to the new cluster", "it is missing", "holds: ", "ports 2380 and 4000", `Plan {{word .Plan}}`,
	} {
		if !strings.Contains(scripts, s) {
			t.Errorf("no script prints %q", s)
		}
	}
}

// TestScriptsPointHere holds that the places of the runbook to which the scripts
// send their reader are there, under the scripts' own words.
func TestScriptsPointHere(t *testing.T) {
	src, err := fs.ReadFile(templates.FS, "lib/chronos.sh")
	if err != nil {
		t.Fatal(err)
	}
	if want := `stage config, \"If you see something else\"`; !strings.Contains(string(src), want) {
		t.Errorf("no script says %s", want)
	}
	r := runbookRenderer(t)
	text := renderedRunbook(t, r, planOf(t, sites[0].make()))
	_, stage, _ := strings.Cut(text, "### Stage config: ")
	stage, _, _ = strings.Cut(stage, "\n### ")
	_, entries, ok := strings.Cut(stage, "#### If you see something else\n")
	if !ok {
		t.Fatal("the stage config has no such heading")
	}
	for _, want := range []string{"- `new_servers` in", "- `joining` or `leaving` in"} {
		if !strings.Contains(entries, "\n"+want) {
			t.Errorf("no entry begins with %q", want)
		}
	}
}

// TestPlacesInRunbook holds that every part that the runbook names is there, and
// every heading that it names stands in the part that it says.
func TestPlacesInRunbook(t *testing.T) {
	r := runbookRenderer(t)
	part := regexp.MustCompile(`\bparts? ([0-9]+)`)
	place := regexp.MustCompile(`part ([0-9]+), "([^"]+)"|see "([^"]+)" below`)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		text := renderedRunbook(t, r, p)
		parts := strings.Split(text, "\n## ")
		for i, content := range parts[1:] {
			title, _, _ := strings.Cut(content, "\n")
			if !strings.HasPrefix(title, fmt.Sprintf("%d. ", i+1)) || !strings.Contains(parts[0], "\n"+title+"\n") {
				t.Errorf("part %d is headed %q, or not in the list of parts", i+1, title)
			}
		}
		for at, content := range parts {
			for _, m := range part.FindAllStringSubmatch(unfolded(content), -1) {
				if n, _ := strconv.Atoi(m[1]); n < 1 || n >= len(parts) {
					t.Errorf("there is no %s", m[0])
				}
			}
			for _, m := range place.FindAllStringSubmatch(unfolded(content), -1) {
				where := at
				if m[1] != "" {
					where, _ = strconv.Atoi(m[1])
				}
				heading := "\n### " + m[2] + m[3]
				if !strings.Contains(parts[where], heading) {
					t.Errorf("%s: part %d has no such heading", m[0], where)
				}
			}
		}
	})
}

// TestCommandsStandAlone holds that nothing touches a command in running text:
// whoever copies it must not copy a full stop too.
func TestCommandsStandAlone(t *testing.T) {
	r := runbookRenderer(t)
	typed := regexp.MustCompile("`(?:sudo|bash|scp|nc|ps|tmux|screen|requorum|sha256sum|sed|grep|date|ls|rm|echo|curl|tail|monit|clearwater-etcdctl|cw-[a-z_]+) [^`]*`[^ \n]+|`[^`]*`\\.(?:\\s|$)")
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		for _, found := range typed.FindAllString(renderedRunbook(t, r, p), -1) {
			t.Error(found)
		}
	})
}

// TestChecksumLines holds that the line which checks a node's script picks this
// script alone out of SHA256SUMS, whatever the names of the others.
func TestChecksumLines(t *testing.T) {
	d := sites[0].make()
	for i, name := range []string{"bono-1", "bono-10", "bono-1-sh", "a-bono-1"} {
		d.Sites[0].Nodes[i].Name = name
	}
	slices.SortFunc(d.Sites[0].Nodes, func(a, b model.Node) int { return model.CompareNames(a.Name, b.Name) })
	p := planOf(t, d)
	text := renderedRunbook(t, runbookRenderer(t), p)
	lines := regexp.MustCompile(`sed -n 's,([^,]+),([^,]+),p' SHA256SUMS \| sha256sum -c`).FindAllStringSubmatch(text, -1)
	if len(lines) != len(p.Nodes) {
		t.Fatalf("%d lines for %d nodes", len(lines), len(p.Nodes))
	}
	for i, n := range p.Nodes {
		var picked []string
		for _, other := range p.Nodes {
			sum := "0123456789abcdef  nodes/" + other.Name + ".sh"
			if got := regexp.MustCompile(lines[i][1]).ReplaceAllString(sum, lines[i][2]); got != sum {
				picked = append(picked, got)
			}
		}
		if want := []string{"0123456789abcdef  " + n.Name + ".sh"}; !slices.Equal(picked, want) {
			t.Errorf("%s picks %q, want %q", lines[i][0], picked, want)
		}
	}
}

// TestBlanks holds that each cell of a table to fill has room for what the
// scripts print.
func TestBlanks(t *testing.T) {
	got := digestTable{Files: []string{"shared_config", versionRow}}.Blanks()
	if want := []string{"____-____", "________"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRunbookGrows holds that a node costs the runbook about a kilobyte, however
// many there are.
func TestRunbookGrows(t *testing.T) {
	r := runbookRenderer(t)
	size := func(n int) int {
		d := deployment(liveNodes("vellum", 1, 3), failed(liveNodes("vellum", 4, 6)),
			liveNodes("sprout", 1, n/2), liveNodes("bono", 1, n/2))
		return len(renderedRunbook(t, r, planOf(t, d)))
	}
	small, middle, large := size(100), size(1000), size(2000)
	if each := (middle - small) / 900; each > 1000 {
		t.Errorf("%d bytes a node", each)
	}
	if first, second := (middle-small)/900, (large-middle)/1000; second > first+20 {
		t.Errorf("%d bytes a node, then %d", first, second)
	}
}

// TestRunbookSame holds that a plan gives the same bytes each time.
func TestRunbookSame(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		if renderedRunbook(t, r, p) != renderedRunbook(t, r, p) || renderedPlan(t, r, p) != renderedPlan(t, r, p) {
			t.Error("two texts of one plan differ")
		}
	})
}

// TestShortDigest holds the form that the scripts print: the first eight hex
// digits of the SHA-256.
func TestShortDigest(t *testing.T) {
	if got, want := shortDigest([]byte("home_domain=example.com\n")), "33aa-1d9a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b := newBook(planOf(t, sites[0].make()), testID)
	if b.Tables[0].Expected != b.Digest || b.Tables[1].Expected != "" {
		t.Errorf("expected digests %q and %q", b.Tables[0].Expected, b.Tables[1].Expected)
	}
}

// TestTemplatesRun holds that every template of the runbook, and every branch
// in one, runs at some of the sites: a wrong field in a branch shows only then.
func TestTemplatesRun(t *testing.T) {
	r := runbookRenderer(t)
	missed := map[string]bool{}
	r.texts = marking(r.texts, missed)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		renderedRunbook(t, r, p)
		renderedPlan(t, r, p)
	})
	// No inventory of a lost quorum is without failed masters, but a plan may be.
	nobody := *planOf(t, sites[0].make())
	nobody.Failed, nobody.Warnings = nil, nil
	renderedRunbook(t, r, &nobody)
	renderedPlan(t, r, &nobody)
	for _, place := range slices.Sorted(maps.Keys(missed)) {
		t.Error("never run: ", place)
	}
}

// marking copies a template set and has each list of nodes in it strike its
// place from missed when it runs.
func marking(set *template.Template, missed map[string]bool) *template.Template {
	out := template.Must(set.Clone())
	run := template.FuncMap{"ran": func(place string) string { delete(missed, place); return "" }}
	for _, tmpl := range out.Templates() {
		if tmpl.Tree == nil || parse.IsEmptyTree(tmpl.Tree.Root) {
			continue
		}
		tree := tmpl.Tree.Copy()
		walk(tree.Root, func(n parse.Node) {
			list, ok := n.(*parse.ListNode)
			if !ok || len(list.Nodes) == 0 {
				return
			}
			where, _ := tree.ErrorContext(list.Nodes[0])
			missed[where] = true
			mark := template.Must(template.New("").Funcs(run).Parse(fmt.Sprintf("{{ran %q}}", where)))
			list.Nodes = append([]parse.Node{mark.Tree.Root.Nodes[0]}, list.Nodes...)
		})
		template.Must(out.Funcs(run).AddParseTree(tmpl.Name(), tree))
	}
	return out
}

// TestSentence holds that a finding's text becomes a sentence, and that a name
// keeps its small letter.
func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"fence vellum-1 now":           "Fence vellum-1 now.",
		"bono-1 and bono-2 become":     "bono-1 and bono-2 become.",
		"It ends already.":             "It ends already.",
		"cw-config cannot work, so do": "cw-config cannot work, so do.",
	} {
		if got := sentence(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestHeadings holds how a step names its sentences: each heading once.
func TestHeadings(t *testing.T) {
	for _, test := range []struct {
		cites []string
		want  string
	}{
		{[]string{"1.6"}, `"Stop the etcd processes", 6`},
		{[]string{"1.2", "1.3", "1.4"}, `"Stop the etcd processes", 2, 3 and 4`},
		{[]string{"4.1", "5.3", "5.4"}, `"Recreate the etcd cluster", 1; "Add the rest of the nodes to the etcd cluster", 3 and 4`},
	} {
		if got := headings(test.cites); got != test.want {
			t.Errorf("%q: got %s, want %s", test.cites, got, test.want)
		}
	}
}

// TestWho holds how a step names the part of a stage's nodes that does it.
func TestWho(t *testing.T) {
	want := map[string][2]string{ // of config/shared-config and config/json
		"three-live-vellums": {"vellum-1, vellum-2 and vellum-3", "sprout-1 and sprout-2"},
		"many-of-a-type":     {"each of the 6 live vellum nodes", "each of the 9 live sprout nodes"},
		"all-masters-mixed":  {"", ""},
	}
	for _, s := range sites {
		w, ok := want[s.name]
		if !ok {
			continue
		}
		var got [2]string
		for _, st := range newBook(planOf(t, s.make()), testID).Config.Steps {
			switch st.ID {
			case "config/shared-config":
				got[0] = st.On
			case "config/json":
				got[1] = st.On
			}
		}
		if got != w {
			t.Errorf("%s: got %q, want %q", s.name, got, w)
		}
	}
}

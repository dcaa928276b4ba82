package golden_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

const operatorsCase = "two-operators"

// stopCode works a code out in another way than the scripts do.
func stopCode(plan, stage, node string) string {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(plan+" "+stage+" "+node)))
	return sum[:3] + "-" + sum[3:6]
}

// planLine is where a script says which plan it belongs to.
var planLine = regexp.MustCompile(`(?m)^PLAN='([0-9a-f]{12})'$`)

// codesFor gives the codes that each stage of a node asks for.
func codesFor(p *model.Plan, s render.Script) map[model.StageName]string {
	var codes map[model.StageName]string
	for _, w := range p.Waits {
		if w.Node != s.Node {
			continue
		}
		if codes == nil {
			codes = map[model.StageName]string{}
		}
		var list []string
		for _, node := range w.By() {
			list = append(list, stopCode(string(planLine.FindSubmatch(s.Source())[1]), string(w.Ended), node))
		}
		codes[w.Stage] = strings.Join(list, " ")
	}
	return codes
}

// operatorsWorld is a node of the case with two operators, for which a stage is
// due.
func operatorsWorld(t *testing.T, node string, stage model.StageName) (*world, string) {
	t.Helper()
	p, b := build(t, operatorsCase)
	i := slices.IndexFunc(b.Scripts, func(s render.Script) bool { return s.Node == node })
	w := newWorld(t, p, b.Scripts[i])
	w.reach(p, b.Scripts[i], stage)
	return w, b.ID
}

// codeCase is what an engineer gives to the stage config of vellum-1, which
// waits for the stop of sprout-1 and vellum-2. Their codes stand for S and V,
// that of vellum-1 itself for O, one of another stage for C.
type codeCase struct {
	name   string
	args   []string
	types  string // on a terminal; none if it is empty
	status int
	says   []string
	silent []string // must not be said
}

var codeCases = []codeCase{
	{name: "none", status: 1,
		says: []string{"NOT RIGHT", "expected: a stop code of the stage stop from each node that vellum-1 waits for",
			"seen: none from: sprout-1, vellum-2", "sudo bash vellum-1.sh --codes 'CODE CODE' config",
			"sudo bash vellum-1.sh --override 'REASON' config", "Nothing was changed on vellum-1 by this run."}},
	{name: "nothing between the quotes", args: []string{"--codes", ""}, status: 1, says: []string{"seen: none from: sprout-1, vellum-2"}},
	{name: "one of two", args: []string{"--codes", "V"}, status: 1,
		says: []string{"seen: none from: sprout-1"}, silent: []string{"does not ask for this code"}},
	{name: "its own", args: []string{"--codes", "O"}, status: 1,
		says: []string{"seen: none from: sprout-1, vellum-2"}, silent: []string{"does not ask for this code"}},
	{name: "of another stage", args: []string{"--codes", "C V"}, status: 1, says: []string{"seen: none from: sprout-1"}},
	{name: "a wrong one", args: []string{"--codes", "V 000-000"}, status: 1,
		says: []string{"WARNING: vellum-1 does not ask for this code: 000-000;", "seen: none from: sprout-1"}},
	{name: "all", args: []string{"--codes", "S V"}, says: []string{"OK: the stop codes show that the stage stop is done"}},
	{name: "another order", args: []string{"--codes", "V S"}},
	{name: "flag given twice", args: []string{"--codes", "V", "--codes", "S"}},
	{name: "capitals, commas and a line end", args: []string{"--codes", "upper V,\nS;"}},
	{name: "without hyphens", args: []string{"--codes", "bare V bare S"}},
	{name: "whole lines", args: []string{"--codes", "vellum-2: Stop code of the stage stop on vellum-2: V\n| sprout-1 | 10.0.0.31 | S |"},
		silent: []string{"does not ask for this code"}},
	{name: "too many", args: []string{"--codes", "O S 000-000 V C"}, says: []string{"does not ask for this code: 000-000;"}},
	{name: "hostile", args: []string{"--codes", "$(touch /world/hit) `touch /world/hit` * a[$(touch /world/hit)] -n V S"}},
	{name: "override", args: []string{"--override", "vellum-2 has burnt down; $(touch /world/hit)", "--codes", "S"},
		says: []string{"WARNING: OVERRIDE: the stage config begins on vellum-1 WITHOUT the stop codes of the stage stop from vellum-2.",
			"The reason given is recorded: vellum-2 has burnt down; $(touch /world/hit)"}},
	{name: "override that nothing needs", args: []string{"--override", "why not", "--codes", "S V"}, silent: []string{"OVERRIDE"}},

	{name: "override without a reason", args: []string{"--override", ""}, status: 2, says: []string{"--override takes a reason"}},
	{name: "override with a blank reason", args: []string{"--override", " \t"}, status: 2, says: []string{"--override takes a reason"}},
	{name: "codes without a code", args: []string{"--codes", "--yes"}, status: 2, says: []string{"--codes takes stop codes"}},

	{name: "typed", types: "V\nS\n", says: []string{"Type or paste the stop codes of: sprout-1, vellum-2.", "Type or paste the stop codes of: sprout-1."}},
	{name: "typed in one line", types: "V, S\n"},
	{name: "typed, one by the flag", args: []string{"--codes", "S"}, types: "V\n", says: []string{"Type or paste the stop codes of: vellum-2."}},
	{name: "typed wrongly, then right", types: "000-000\nno code\nupper V S\n", says: []string{"does not ask for this code: 000-000;"}},
	{name: "given up", types: "V\n\n", status: 1, says: []string{"seen: none from: sprout-1"}},
	{name: "too many lines for nothing", types: strings.Repeat("x\n", 30), status: 1, says: []string{"seen: none from: sprout-1, vellum-2"}},
	{name: "override on a terminal", args: []string{"--override", "lost"}, types: "V S\n", silent: []string{"Type or paste"}},
}

// TestCodes gives right and wrong stop codes to a stage that asks for them.
func TestCodes(t *testing.T) {
	needRoot(t)
	first, plan := operatorsWorld(t, "vellum-1", model.Config)
	codes := map[string]string{
		"S": stopCode(plan, "stop", "sprout-1"), "V": stopCode(plan, "stop", "vellum-2"),
		"O": stopCode(plan, "stop", "vellum-1"), "C": stopCode(plan, "config", "vellum-2"),
		"given": stopCode(plan, "config", "vellum-1"),
	}
	for _, c := range codeCases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			copyTree(t, first.root+"/.", root)
			w := &world{t: t, root: root, node: "vellum-1", script: first.script}
			c.check(w, codes)
		})
	}
}

func (c codeCase) check(w *world, codes map[string]string) {
	w.t.Helper()
	command := []string{"/bin/bash", w.script}
	for _, a := range c.args {
		command = append(command, spelled(a, codes))
	}
	var stdin *os.File
	if c.types != "" {
		stdin = terminal(w.t, spelled(c.types, codes))
	}
	before := w.state()
	out, status := w.runFrom(stdin, append(command, "config")...)
	if status != c.status {
		w.t.Fatalf("status %d, want %d\n%s", status, c.status, out)
	}
	if after := w.state(); after != before {
		w.t.Errorf("the node was changed\n%s", out)
	}
	if _, err := os.Stat(w.root + "/world/hit"); err == nil {
		w.t.Error("a code or a reason was run as a command")
	}
	flat := unwrapped(out, w.node)
	for _, want := range c.says {
		if !strings.Contains(flat, want) {
			w.t.Errorf("the output does not say %q\n%s", want, out)
		}
	}
	for _, no := range c.silent {
		if strings.Contains(flat, no) {
			w.t.Errorf("the output says %q\n%s", no, out)
		}
	}
	if c.status == 0 && slices.Contains(c.args, "--override") && strings.Contains(flat, "OVERRIDE") {
		w.shell(`grep -q '"command":"override: ' /var/log/requorum/*.journal`)
	}
	gives := "Stop code of the stage config on vellum-1: " + codes["given"]
	if given := strings.Contains(flat, gives); given != (c.status == 0) {
		w.t.Errorf("gives its own code: %t\n%s", given, out)
	}
}

var letter = regexp.MustCompile(`(upper |bare )?\b([SVOC])\b`)

// spelled puts the codes in place of their letters: "upper V" in capitals, "bare
// V" without the hyphen.
func spelled(text string, codes map[string]string) string {
	return letter.ReplaceAllStringFunc(text, func(found string) string {
		parts := letter.FindStringSubmatch(found)
		switch code := codes[parts[2]]; parts[1] {
		case "upper ":
			return strings.ToUpper(code)
		case "bare ":
			return strings.ReplaceAll(code, "-", "")
		default:
			return code
		}
	})
}

// TestCodesInTurn holds the chain of a stage that runs in turn: the first node
// asks for the stage before, each one after it for the node before it alone.
func TestCodesInTurn(t *testing.T) {
	needRoot(t)
	for _, test := range []struct{ node, from, stage string }{
		{"vellum-1", "create sprout-1", ""},
		{"sprout-1", "confirm vellum-1", "create vellum-2"},
		{"vellum-2", "confirm sprout-1", "confirm vellum-1"},
	} {
		t.Run(test.node, func(t *testing.T) {
			t.Parallel()
			w, plan := operatorsWorld(t, test.node, model.Confirm)
			code := func(words string) string {
				stage, node, _ := strings.Cut(words, " ")
				return stopCode(plan, stage, node)
			}
			before := w.state()
			if test.stage != "" {
				out, status := w.run("/bin/bash", w.script, "--yes", w.node, "--codes", code(test.stage), "confirm")
				if status != 1 || !strings.Contains(out, "a stop code of the stage") || w.state() != before {
					t.Fatalf("with the code of %s: status %d\n%s", test.stage, status, out)
				}
			}
			codes := code(test.from)
			if test.node == "vellum-1" {
				codes += " " + code("create vellum-2")
			}
			out, status := w.run("/bin/bash", w.script, "--yes", w.node, "--codes", codes, "confirm")
			if status != 0 || !strings.Contains(out, "Stop code of the stage confirm on "+test.node+": "+code("confirm "+test.node)) {
				t.Errorf("status %d\n%s", status, out)
			}
		})
	}
}

// TestStopGivesCode holds that the first stage asks for nothing, and that its
// code stands at the end; the last stage of all gives none.
func TestStopGivesCode(t *testing.T) {
	needRoot(t)
	w, plan := operatorsWorld(t, "vellum-1", model.Stop)
	out, status := w.run("/bin/bash", w.script, "--yes", "vellum-1", "stop")
	_, behind, _ := strings.Cut(out, "STAGE stop DONE on vellum-1.")
	if status != 0 || !strings.Contains(behind, "Stop code of the stage stop on vellum-1: "+stopCode(plan, "stop", "vellum-1")+"\n") {
		t.Errorf("status %d\n%s", status, out)
	}
	w, _ = operatorsWorld(t, "vellum-1", model.Finish)
	if out := w.must(model.Finish); strings.Contains(out, "Stop code") {
		t.Errorf("nobody waits for this code\n%s", out)
	}
}

// TestOneOperatorHasNoCodes holds that nothing of the codes is in a bundle for
// one engineer.
func TestOneOperatorHasNoCodes(t *testing.T) {
	words := regexp.MustCompile(`(?i)stop code|stop_code|--codes|--override|operators`)
	for _, name := range caseNames(t) {
		if name == operatorsCase {
			continue
		}
		_, b := build(t, name)
		for _, f := range b.Files {
			if found := words.Find(f.Bytes()); found != nil {
				t.Errorf("%s, %s: %s", name, f.Path, found)
			}
		}
	}
}

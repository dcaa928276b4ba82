package check_test

import (
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render/check"
)

// stepped is the small plan with two steps for everybody and one for the loader.
func stepped(t *testing.T) *model.Plan {
	p := plan(t)
	var everybody []string
	for _, n := range p.Nodes {
		everybody = append(everybody, n.Name)
	}
	p.Stage(model.Stop).Steps = []model.Step{
		{ID: "stop/monit", Title: "Stop", Nodes: everybody, Cites: []string{"1.2"}, Commands: []string{"monit stop -g etcd", "monit summary"}},
		{ID: "stop/wipe", Title: "Wipe", Nodes: everybody, Cites: []string{"1.7"}, Commands: []string{"rm -rf /var/lib/clearwater-etcd/*"}},
	}
	p.Stage(model.Load).Steps = []model.Step{
		{ID: "load/chronos", Title: "Load", Nodes: []string{p.Loader}, Cites: []string{"6.1"}, Commands: []string{loadChronos + " vellum"}},
	}
	return p
}

const loadChronos = "/usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_chronos_cluster"

// steppedTemplates carry the steps, their commands partly in functions.
func steppedTemplates() map[string]string {
	return map[string]string{
		"node/head.sh.tmpl": head + "{{if .Shape.Loader}}STORE_KEY={{sh .StoreKey}}\n{{end}}",
		"lib/report.sh": `step() { printf '%s\n' "$@"; }
ask() { timeout "$1" "${@:2}"; }
summarised() { ask 20 monit summary; }
`,
		"node/stop.sh.tmpl": `stage_stop() {
	{{step "stop/monit"}}
	monit stop -g etcd
	summarised

	{{step "stop/wipe"}}
	rm -rf /var/lib/clearwater-etcd/*
}
`,
		"node/load.sh.tmpl": `stage_load() {
	{{step "load/chronos"}}
	ask 60 \
		` + loadChronos + ` "$STORE_KEY"
}
`,
	}
}

func TestAgreement(t *testing.T) {
	templates := steppedTemplates()
	r := renderWith(t, stepped(t), templates)
	if list := check.Bundle(r.plan, r.renderer, r.bundle); len(list) > 0 {
		t.Fatalf("%q", lines(list))
	}
	cases := []struct{ name, path, old, new, want string }{
		{"no command", "node/stop.sh.tmpl", "\tmonit stop -g etcd\n", "",
			"site-templates/node/stop.sh.tmpl:2:4: error: step stop/monit does not run: monit stop -g etcd (nodes/bono-1.sh:STOP+1) [missing-command]"},
		{"other arguments", "node/stop.sh.tmpl", "stop -g etcd", "stop -g other",
			"site-templates/node/stop.sh.tmpl:2:4: error: step stop/monit does not run: monit stop -g etcd (nodes/bono-1.sh:STOP+1) [missing-command]"},
		{"command in another step", "node/stop.sh.tmpl", "\tmonit stop -g etcd\n\tsummarised\n\n\t{{step \"stop/wipe\"}}\n", "\tsummarised\n\n\t{{step \"stop/wipe\"}}\n\tmonit stop -g etcd\n",
			"site-templates/node/stop.sh.tmpl:2:4: error: step stop/monit does not run: monit stop -g etcd (nodes/bono-1.sh:STOP+1) [missing-command]"},
		{"command in a function that is not called", "node/stop.sh.tmpl", "\tsummarised\n", "\ttrue\n",
			"site-templates/node/stop.sh.tmpl:2:4: error: step stop/monit does not run: monit summary (nodes/bono-1.sh:STOP+1) [missing-command]"},
		{"another variable", "node/load.sh.tmpl", "\"$STORE_KEY\"", "\"$NODE\"",
			"site-templates/node/load.sh.tmpl:2:4: error: step load/chronos does not run: " + loadChronos + " vellum (nodes/vellum-1.sh:LOAD+1) [missing-command]"},
		{"no step", "node/stop.sh.tmpl", "\t{{step \"stop/wipe\"}}\n", "",
			"site-templates/node/stop.sh.tmpl:1:1: error: the script lacks the step stop/wipe (nodes/bono-1.sh:STOP+0) [missing-step]"},
		{"a step too many", "node/config.sh.tmpl", "# node/config.sh.tmpl\n", "stage_config() {\n\t{{step \"load/chronos\"}}\n}\n",
			"site-templates/node/config.sh.tmpl:2:4: error: the plan does not give this node the step load/chronos (nodes/bono-1.sh:CONFIG+1) [extra-step]"},
		{"another order", "node/stop.sh.tmpl", templates["node/stop.sh.tmpl"], "stage_stop() {\n\t{{step \"stop/wipe\"}}\n\trm -rf /var/lib/clearwater-etcd/*\n\n\t{{step \"stop/monit\"}}\n\tmonit stop -g etcd\n\tsummarised\n}\n",
			"site-templates/node/stop.sh.tmpl:2:4: error: step stop/monit comes before stop/wipe in the plan (nodes/bono-1.sh:STOP+1) [step-order]"},
	}
	for _, c := range cases {
		changed := map[string]string{}
		for path, text := range templates {
			changed[path] = text
		}
		text, ok := changed[c.path]
		if !ok {
			text = "# " + c.path + "\n\n"
		}
		changed[c.path] = strings.Replace(text, c.old, c.new, 1)
		if changed[c.path] == text {
			t.Fatalf("%s: nothing to change", c.name)
		}
		r := renderWith(t, stepped(t), changed)
		got := lines(check.Bundle(r.plan, r.renderer, r.bundle))
		if want := located(r, c.want); !slices.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

// A plan that gives two nodes of one kind different steps does not fit their
// scripts, which are the same.
func TestUnevenPlan(t *testing.T) {
	p := stepped(t)
	r := renderWith(t, p, map[string]string{})
	p.Stage(model.Stop).Steps = nil
	p.Stage(model.Load).Steps = []model.Step{{ID: "load/x", Nodes: []string{"vellum-3"}}}
	if got := codesOf(check.Bundle(p, r.renderer, r.bundle)); !slices.Contains(got, "missing-step") {
		t.Errorf("got %v", got)
	}
}

func TestRunbook(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"a stage is missing", "- [ ] `sudo bash sprout-1.sh config`\n", "",
			"templates/runbook/RUNBOOK.md.tmpl: error: the runbook lacks the command: sudo bash sprout-1.sh config (RUNBOOK.md) [runbook-missing]"},
		{"a name that continues", "sprout-1.sh config", "sprout-1.sh configs",
			"templates/runbook/RUNBOOK.md.tmpl: error: the runbook lacks the command: sudo bash sprout-1.sh config (RUNBOOK.md) [runbook-missing]"},
		{"a stage that nobody has", "Plan", "sudo bash bono-1.sh create\nPlan",
			"templates/runbook/RUNBOOK.md.tmpl: error: bono-1.sh has no stage create (RUNBOOK.md:1) [runbook-stranger]"},
		{"a script that nobody has", "Plan", "\nx `sudo bash vellum-4.sh stop` y\nPlan",
			"templates/runbook/RUNBOOK.md.tmpl: error: there is no script vellum-4.sh in the bundle (RUNBOOK.md:2) [runbook-stranger]"},
		{"the overview", "Plan", "`sudo bash bono-1.sh` and sudo bash NAME.sh STAGE, sudo bash bono-1.sh --yes bono-1 stop\nPlan", ""},
		{"another program", "Plan", "sudo bash other\nPlan", ""},
		{"the plan's id", "Plan ", "Plan of ", ""},
	}
	for _, c := range cases {
		r := renderWith(t, plan(t), nil)
		text := runbookOf(r.plan, r.bundle.ID)
		changed := strings.Replace(text, c.old, c.new, 1)
		if changed == text {
			t.Fatalf("%s: nothing to change", c.name)
		}
		replaceFile(r.bundle, "RUNBOOK.md", changed)
		got := lines(check.Bundle(r.plan, r.renderer, r.bundle))
		if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPlanID(t *testing.T) {
	r := renderWith(t, plan(t), nil)
	replaceFile(r.bundle, "RUNBOOK.md", strings.Replace(runbookOf(r.plan, r.bundle.ID), r.bundle.ID, "other", 1))
	got := lines(check.Bundle(r.plan, r.renderer, r.bundle))
	want := "templates/runbook/RUNBOOK.md.tmpl: error: the plan's id " + r.bundle.ID + " is missing (RUNBOOK.md) [no-plan-id]"
	if !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A command that a part of the runbook spells out is found there.
func TestRunbookPart(t *testing.T) {
	r := renderWith(t, plan(t), map[string]string{"runbook/after.md.tmpl": "# a\n\ncaf\u00e9 `sudo bash bono-1.sh create` {{/* x */}}\n"})
	replaceFile(r.bundle, "RUNBOOK.md", runbookOf(r.plan, r.bundle.ID)+"`sudo bash bono-1.sh create`\n")
	got := checked(r)
	want := []string{"site-templates/runbook/after.md.tmpl:3:7: error: bono-1.sh has no stage create (RUNBOOK.md:" +
		itoa(strings.Count(runbookOf(r.plan, ""), "\n")+1) + ") [runbook-stranger]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

package check_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/model"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
	"requorum/templates"
)

// surveyCases are bodies of stage_survey, with the functions around it; bad says
// whether such a survey could change the node.
var surveyCases = []struct {
	name, script string
	bad          bool
}{
	{"looks", "stage_survey() { ls /etc; }", false},
	{"straight", "stage_survey() { touch /etc/clearwater/no_cluster_manager; }", true},
	{"a redirection", "stage_survey() { printf x >/etc/clearwater/local_config.requorum-new; }", true},
	{"an appending one", "stage_survey() { printf x >>/var/backups/requorum/begun; }", true},
	{"one around a block", "stage_survey() { { ls /; } >/etc/clearwater/local_config.requorum-new; }", true},
	{"one of the whole function", "stage_survey() { ls /; } >/etc/clearwater/local_config.requorum-new", true},
	{"through a function", "f() { rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { f; }", true},
	{"through two", "g() { rm -rf /var/lib/clearwater-etcd/*; }\nf() { if ls; then g; fi; }\nstage_survey() { f; }", true},
	{"through one that calls itself", "f() { f; rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { f; }", true},
	{"in a substitution", "f() { rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { x=$(f); }", true},
	{"in a condition", "f() { rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { while ! f; do ls; done; }", true},
	{"in the background", "f() { rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { f & }", true},
	{"through the wrapper ask", "stage_survey() { ask 20 touch /etc/clearwater/no_cluster_manager; }", true},
	{"ask in ask", "stage_survey() { ask 20 timeout 5 monit stop -g etcd; }", true},
	{"ask of what looks", "stage_survey() { ask 20 monit summary; }", false},
	{"ask with a form that does not look", "stage_survey() { ask 20 monit monitor -g etcd; }", true},
	{"a function through wait_for", "f() { rm -f /etc/clearwater/no_cluster_manager; }\nstage_survey() { wait_for 10 1 x f; }", true},
	{"change", "stage_survey() { change ls /; }", true},
	{"request", "stage_survey() { request monit summary; }", true},
	{"keep", "keep() { ls \"$1\"; }\nstage_survey() { keep /etc/clearwater/local_config; }", true},
	{"a program for another shell", "stage_survey() { sh -c 'rm -f /etc/clearwater/no_cluster_manager'; }", true},
	{"a redirection in one", "stage_survey() { ask 5 sh -c 'ls / >/etc/clearwater/local_config.requorum-new'; }", true},
	{"one that reads", "stage_survey() { sh -c '. /etc/clearwater/config >/dev/null; ls'; }", false},
	{"a trap", "f() { ls; }\nstage_survey() { trap f EXIT; }", true},
	{"service", "stage_survey() { ask 20 service clearwater-etcd stop; }", true},
	{"the load", "stage_survey() { /usr/share/clearwater/clearwater-cluster-manager/scripts/load_from_chronos_cluster vellum; }", true},
	{"find that looks is not listed either", "stage_survey() { find /var/lib/clearwater-etcd -mindepth 1 -delete; }", true},
	{"its own report", "stage_survey() { printf x >\"/var/log/requorum/$NODE.survey.json.new\"; }", false},
	{"beside its own report", "stage_survey() { printf x >\"/var/log/requorum/$NODE.../../x\"; }", true},
	{"the folder of the records", "f() { mkdir -p /var/log/requorum && chmod 0700 /var/log/requorum; }\nstage_survey() { f; }", false},
	{"the folder of the copies", "stage_survey() { mkdir -p /var/backups/requorum; }", true},
	{"another stage may change", "stage_survey() { ls; }\nstage_stop() { change rm -f /etc/clearwater/no_cluster_manager; }", false},
	{"no survey at all", "stage_stop() { change rm -f /etc/clearwater/no_cluster_manager; }", false},
}

// TestSurveyWrites holds that no way by which a survey could change the node is
// overlooked, however many functions lie between.
func TestSurveyWrites(t *testing.T) {
	for _, c := range surveyCases {
		if codes := found(library + c.script); slices.Contains(codes, "survey-writes") != c.bad {
			t.Errorf("%s: %v", c.name, codes)
		}
	}
}

// TestSurveyWay holds that a finding names the way from the stage to the change.
func TestSurveyWay(t *testing.T) {
	r := renderWith(t, plan(t), map[string]string{
		"lib/text.sh":         "g() { rm -f /etc/clearwater/no_cluster_manager; }\n\n",
		"node/survey.sh.tmpl": "stage_survey() { f; }\n\nf() { g; }\n",
	})
	for _, line := range checked(r) {
		if strings.Contains(line, "stage_survey calls f calls g") && strings.Contains(line, "lib/text.sh:1") {
			return
		}
	}
	t.Errorf("%v", checked(r))
}

// TestSurveyOfTheTemplates puts a change into each function of the real survey,
// and holds that each is found: the rule reaches them all.
func TestSurveyOfTheTemplates(t *testing.T) {
	p, list := planner.Build(deployment())
	if p == nil {
		t.Fatal(list)
	}
	for _, path := range []string{"lib/survey.sh", "lib/survey_node.sh", "lib/survey_peers.sh", "lib/peers.sh", "node/survey.sh.tmpl"} {
		src, err := fs.ReadFile(templates.FS, path)
		if err != nil {
			t.Fatal(err)
		}
		if surveyChanges(t, p, path, string(src)) {
			t.Fatalf("%s as it is breaks the rule", path)
		}
		for _, at := range functionName.FindAllStringSubmatchIndex(string(src), -1) {
			name := string(src[at[2]:at[3]])
			broken := string(src[:at[1]]) + "\ttouch /etc/clearwater/no_cluster_manager\n" + string(src[at[1]:])
			want := !strings.HasPrefix(name, "check_") // these belong to the stages that change
			if got := surveyChanges(t, p, path, broken); got != want {
				t.Errorf("%s in %s: found %t, want %t", name, path, got, want)
			}
		}
	}
}

var functionName = regexp.MustCompile(`(?m)^([a-z_]+)\(\) \{\n`)

// surveyChanges reports whether the rule is broken with one template of the real
// ones put in place of its own.
func surveyChanges(t *testing.T, p *model.Plan, path, text string) bool {
	t.Helper()
	r, list, err := render.New(templates.FS, fstest.MapFS{path: &fstest.MapFile{Data: []byte(text)}}, "site-templates")
	if err != nil || r == nil {
		t.Fatal(list, err)
	}
	b, list := r.Bundle(p)
	if b == nil {
		t.Fatal(list)
	}
	return slices.Contains(codesOf(check.Bundle(p, r, b)), "survey-writes")
}

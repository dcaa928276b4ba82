package check_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"requorum/render"
	"requorum/render/check"
)

// valueCases are heads that forget to quote a value, or quote it and put it
// where it is no mere value. The line numbers are those of the line LINE, which
// is replaced for it, in the template and in the script.
var valueCases = []struct {
	name, line string
	rule       string
	where      string // how the finding says it
}{
	{"command position", "{{sh .Node}} x", "value-place", "in the place of a command"},
	{"command position, bare", "{{word .Node}} x", "value-place", "in the place of a command"},
	{"argument", "ls {{sh .Node}}", "value-place", "in an argument of ls"},
	{"argument, bare", "ls {{word .Node}}", "value-place", "in an argument of ls"},
	{"argument of an option", "ls --x={{sh .Node}}", "value-place", "in an argument of ls"},
	{"redirection", "ls >{{sh .Node}}", "value-place", "in a redirection"},
	{"redirection, bare", "ls >/tmp/{{word .Node}}", "value-place", "in a redirection"},
	{"here-string", "cat <<<{{sh .Deployment}}", "value-place", "in a redirection"},
	{"here-document", "cat <<EOF\n{{sh .Deployment}}\nEOF", "value-place", "in a here-document"},
	{"here-document, quoted", "cat <<'EOF'\n{{word .Node}}\nEOF", "value-place", "in a here-document"},
	{"here-document's end", "cat <<{{sh .Node}}\n{{word .Node}}", "value-place", "in a redirection"},
	{"trap string", "trap {{sh .Node}} EXIT", "value-place", "in the commands of a trap"},
	{"trap string, inside", "trap 'ls {{word .Node}}' EXIT", "value-place", "in the commands of a trap"},
	{"bash -c", "bash -c {{sh .Node}}", "value-place", "in a program for another shell"},
	{"bash -c, inside", "bash -c 'ls {{word .Node}}'", "value-place", "in a program for another shell"},
	{"sh -c, between", "sh -c 'ls '{{sh .Node}}", "value-place", "in a program for another shell"},
	{"sed program", "sed {{sh .Node}}", "value-place", "in a program for sed"},
	{"sed program, inside", "sed -n '/{{word .Node}}/p'", "value-place", "in a program for sed"},
	{"assignment, bare", "A={{word .Node}}", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, beside text", "A=x{{sh .Node}}", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, before text", "A={{sh .Node}}.sh", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, two values", "A={{sh .Node}}{{sh .Site}}", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, in double quotes", `A="{{sh .Node}}"`, "value-place", "in double quotes"},
	{"assignment, bare in double quotes", `A="{{word .Node}}"`, "value-place", "in double quotes"},
	{"assignment, bare in single quotes", "A='{{word .Node}}'", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, ANSI quotes", "A=${{sh .Node}}", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment before a command", "A={{sh .Node}} ls", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, in a default", `A="${B:-{{sh .Node}}}"`, "value-place", "in double quotes"},
	{"assignment, index", "A[{{sh .Node}}]=x", "value-place", "in an assignment, and not as the whole quoted value"},
	{"assignment, name", "A_{{word .Node}}=x", "value-place", ""},
	{"array, bare", "A=({{word .Node}})", "value-place", "in an array, and not as a whole quoted element"},
	{"array, beside text", "A=(x{{sh .Node}})", "value-place", "in an array, and not as a whole quoted element"},
	{"array, index", "A=([{{sh .Node}}]=x)", "value-place", "in an array, and not as a whole quoted element"},
	{"array, with an index", "A=([0]={{sh .Node}})", "value-place", "in an array, and not as a whole quoted element"},
	{"arithmetic", "A=$(({{sh .Type}} + 1))", "value-place", "in arithmetic"},
	{"arithmetic, bare", "A=$(({{word .Type}} + 1))", "value-place", "in arithmetic"},
	{"arithmetic command", "((A = {{word .Type}}))", "value-place", "in arithmetic"},
	{"declaration's name", "export {{sh .Node}}", "value-place", ""},
	{"test", "[[ $A == {{sh .Node}} ]]", "value-place", "in a test"},
	{"test command", "[ \"$A\" = {{sh .Node}} ]", "value-place", "in an argument of ["},
	{"case", "case $A in {{sh .Node}}) ;; esac", "value-place", "in a case"},
	{"loop", "for a in {{sh .Node}}; do :; done", "value-place", "in the list of a loop"},
	{"function name", "{{word .Type}}() { :; }", "value-place", ""},
	{"comment, quoted", "# of {{sh .Node}}", "value-place", "in a comment, and is no plain word there"},
	{"printf, then bare", `A={{printf "%s" .Node | sh}}x`, "value-place", "in an assignment, and not as the whole quoted value"},
	{"PATH", "PATH={{sh .Site}}", "value-variable", "PATH"},
	{"LD_PRELOAD", "export LD_PRELOAD={{sh .Site}}", "value-variable", "LD_PRELOAD"},
	{"IFS", "IFS={{sh .Site}}", "value-variable", "IFS"},

	{"a choice by value", "{{if eq .Node \"vellum-1\"}}true{{else}}false{{end}}", "value-structure", ""},
	{"a cut value", "A={{slice .Plan 0 2 | sh}}", "value-changed", "a value is not the one that the plan has here"},

	{"plain", "A={{sh .Node}}", "", ""},
	{"plain, free text", "A={{sh .Deployment}} B={{sh .SharedConfig}}", "", ""},
	{"appended", "A+={{sh .Deployment}}", "", ""},
	{"array", "A=(\n{{- range .Names}}\n\t{{sh .}}\n{{- end}}\n)", "", ""},
	{"appended array", "A+=({{sh .Node}} x)", "", ""},
	{"declarations", "readonly A={{sh .Node}}\nexport B={{sh .Site}}", "", ""},
	{"comment", "# {{word .Node}} at {{word .LocalIP}}, {{word .MasterList}}", "", ""},
	{"trailing comment", "A=1 # {{word .Node}}", "", ""},
	{"printf in place", `A={{printf "%s:%s" .Node .Deployment | sh}}`, "", ""},
	{"a choice by flag", "{{if .Shape.Vellum}}A={{sh .InstanceID}}{{else}}A=''{{end}}", "", ""},
	{"a step", "{{range .MasterIPs}}# {{word .}}\n{{end}}A=1", "", ""},
}

const headAround = "#!/bin/bash\nset -euo pipefail\n\n# plan {{word .Plan}}\nLINE\n\nB={{sh .Node}}\n"

func TestValues(t *testing.T) {
	for _, c := range valueCases {
		t.Run(c.name, func(t *testing.T) {
			r := renderWith(t, plan(t), map[string]string{"node/head.sh.tmpl": strings.Replace(headAround, "LINE", c.line, 1)})
			list := check.Bundle(r.plan, r.renderer, r.bundle)
			if c.rule == "" {
				for _, d := range list {
					if strings.HasPrefix(d.Code, "value-") || d.Code == "syntax" {
						t.Errorf("%s", d)
					}
				}
				return
			}
			line := 5
			if strings.HasPrefix(c.name, "here-document") && strings.Contains(c.line, "\n{{") && c.name != "here-document's end" {
				line = 6
			}
			for _, d := range list {
				if d.Code == c.rule && d.Line == line && d.Column > 0 && d.File == "site-templates/node/head.sh.tmpl" &&
					strings.HasSuffix(d.Text, ".sh:"+itoa(line)+")") && strings.Contains(d.Text, c.where) {
					return
				}
			}
			t.Errorf("no %s in line %d %s: %q", c.rule, line, c.where, lines(list))
		})
	}
}

// A template without sh or word at its end is refused before anything else.
func TestRawAction(t *testing.T) {
	for _, action := range []string{"{{.Node}}", "{{.Deployment}}", `{{printf "%s" .Node}}`, "{{.Node | print}}", "{{html .Node}}"} {
		overlay := fstest.MapFS{"node/head.sh.tmpl": {Data: []byte("#!/bin/bash\nA=" + action + "\n")}}
		_, list, err := render.New(tree(t, nil), overlay, "site-templates")
		if err != nil || !slices.Contains(codesOf(list), "unquoted-action") {
			t.Errorf("%s: %v, %v", action, list, err)
		}
	}
}

// Each of these values would mean something to a shell if a template let it.
func TestHostileValues(t *testing.T) {
	for _, name := range []string{"*", "~root", "{a,b}", "a#b", "$(id)", "`id`", "'", `"`, "a'b", "\\", "a\\'", "!x", "-n", "z1z", "{{x}}", "%!s(x)", "<no value>", "caf\u00e9"} {
		p := plan(t)
		p.Deployment = name
		r := renderWith(t, p, map[string]string{"node/head.sh.tmpl": strings.Replace(headAround, "LINE", "A={{sh .Deployment}}", 1)})
		if list := check.Bundle(r.plan, r.renderer, r.bundle); len(list) > 0 {
			t.Errorf("%q: %q", name, lines(list))
		}
	}
}

// A mistake in the head of every node is found once, in the first script.
func TestOnce(t *testing.T) {
	r := renderWith(t, plan(t), map[string]string{"node/head.sh.tmpl": strings.Replace(headAround, "LINE", "ls {{sh .Node}}", 1)})
	got := lines(check.Bundle(r.plan, r.renderer, r.bundle))
	if len(got) != 1 || !strings.HasPrefix(got[0], "site-templates/node/head.sh.tmpl:5:6: error: the value stands in an argument of ls (nodes/bono-1.sh:5)") {
		t.Errorf("got %q", got)
	}
}

// A head that was changed after the render is found, whichever node it is.
func TestChangedHead(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"another value", "NODE='vellum-3'", "NODE='vellum-9'", "value-changed"},
		{"a command more", "NODE=", "true\nNODE=", "value-structure"},
		{"text at the end", "'vellum-3'\n", "'vellum-3'\ntrue\n", "value-structure"},
		{"no quotes", "NODE='vellum-3'", "NODE=vellum-3", "value-changed"},
		{"a comment", "of plan", "of Plan", "value-structure"},
		{"not bash", "NODE='vellum-3'", "NODE='vellum-3", "syntax"},
		{"not canonical", "NODE='vellum-3'", "NODE='vellum-3'  # x", "not-canonical"},
	}
	for _, c := range cases {
		r := renderWith(t, plan(t), nil)
		i := slices.IndexFunc(r.bundle.Scripts, func(s render.Script) bool { return s.Node == "vellum-3" })
		head := &r.bundle.Scripts[i].Parts[0]
		changed := strings.Replace(string(head.Body), c.old, c.new, 1)
		if changed == string(head.Body) {
			t.Fatalf("%s: nothing to change", c.name)
		}
		head.Body = []byte(changed)
		if codes := codesOf(check.Bundle(r.plan, r.renderer, r.bundle)); !slices.Contains(codes, c.want) {
			t.Errorf("%s: %v", c.name, codes)
		}
	}
}

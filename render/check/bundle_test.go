package check_test

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"requorum/render"
	"requorum/render/check"
)

func itoa(n int) string { return strconv.Itoa(n) }

// The parts are checked apart; the whole must be as good.
func TestWholeScripts(t *testing.T) {
	r := renderWith(t, stepped(t), steppedTemplates())
	for _, s := range r.bundle.Scripts {
		list := check.Script(s.Path, s.Source())
		if len(list) > 0 {
			t.Errorf("%s: %q", s.Path, lines(list))
		}
	}
}

// A mistake in a shared part is found once, with both its lines, in whichever
// kind of template it is.
func TestSharedParts(t *testing.T) {
	cases := []struct{ path, text, want string }{
		{"lib/monit.sh", "# a\n\nf() {\n\tnonsense\n}\n",
			"site-templates/lib/monit.sh:4:2: error: the command nonsense is not on the list, and no function of this script (nodes/bono-1.sh:MONIT+3) [unknown-command]"},
		{"lib/chronos.sh", "# a\nf() {\n\tls $x\n}\n",
			"site-templates/lib/chronos.sh:3:5: error: an expansion stands outside of double quotes (nodes/vellum-1.sh:CHRONOS+2) [unquoted]"},
		{"lib/wait.sh", "true\n",
			"site-templates/lib/wait.sh:1:1: error: a library file runs a command (nodes/bono-1.sh:WAIT+0) [library-command]"},
		{"lib/text.sh", "f() {\n\ttrue", "site-templates/lib/text.sh:2:5: error: the last line has no end (nodes/bono-1.sh:TEXT+1) [no-newline-at-end]"},
		{"lib/node.sh", "cat <<EOF\n", "site-templates/lib/node.sh:1:5: error: this is not bash: unclosed here-document `EOF` (nodes/bono-1.sh:NODE+0) [syntax]"},
		{"node/config.sh.tmpl", "{{if .Sprout -}}\n# a\nf() {\n  true\n}\n{{else -}}\n# b\n{{end}}",
			"site-templates/node/config.sh.tmpl:4:1: error: the script is not in canonical form; from here shfmt writes: \ttrue (nodes/sprout-1.sh:CONFIG+2) [not-canonical]"},
		{"node/main.sh.tmpl", "# caf\u00e9\n",
			"site-templates/node/main.sh.tmpl:1:6: error: byte 0xc3 is not printable ASCII (nodes/bono-1.sh:MAIN+0) [not-ascii]"},
		{"node/main.sh.tmpl", "true\n\n",
			"site-templates/node/main.sh.tmpl:2:1: error: the script ends in a blank line (nodes/bono-1.sh:MAIN+1) [not-canonical]"},
		{"node/stop.sh.tmpl", "# {{if .Vellum}}a{{else}}b{{end}}\ntrue\n" + strings.Repeat("# x", 50) + "\n",
			"site-templates/node/stop.sh.tmpl:3:1: warning: the line is 150 characters long, more than 120 [long-line]"},
		{"node/stop.sh.tmpl", "f() { true; }\nf() { true; }\n",
			"site-templates/node/stop.sh.tmpl:2:1: error: the function f is declared twice (nodes/bono-1.sh:STOP+1) [duplicate-function]"},
	}
	for _, c := range cases {
		r := renderWith(t, plan(t), map[string]string{c.path: c.text})
		got := lines(check.Bundle(r.plan, r.renderer, r.bundle))
		want := located(r, c.want)
		if slices.IndexFunc(got, func(g string) bool { return strings.HasPrefix(g, want) }) < 0 {
			t.Errorf("%s: got %q, want %q", c.path, got, want)
		}
		if len(got) > 2 {
			t.Errorf("%s: found more than once: %q", c.path, got)
		}
	}
}

// located puts the line numbers of parts, written PART+N, into a finding.
func located(r rendered, want string) string {
	for _, s := range r.bundle.Scripts {
		if !strings.Contains(want, "("+s.Path+":") {
			continue
		}
		for part, p := range slices.Backward(s.Parts) { // a stage before the library of its name
			name := p.Template[strings.IndexByte(p.Template, '/')+1:]
			name = strings.ToUpper(name[:strings.IndexByte(name, '.')])
			for n := range 5 {
				want = strings.Replace(want, ":"+name+"+"+itoa(n)+")", ":"+itoa(s.FirstLine(part)+n)+")", 1)
			}
		}
	}
	return want
}

// The stage templates know flags alone, so that no value can get into a script
// but through its head.
func TestShapeHoldsFlagsAlone(t *testing.T) {
	shape := reflect.TypeFor[render.Shape]()
	for i := range shape.NumField() {
		if f := shape.Field(i); f.Type.Kind() != reflect.Bool {
			t.Errorf("Shape.%s is a %s: a stage template could write it into a script", f.Name, f.Type)
		}
	}
	for i := range shape.NumMethod() {
		m := shape.Method(i)
		for j := range m.Type.NumOut() {
			if out := m.Type.Out(j); out.Kind() == reflect.String {
				t.Errorf("Shape.%s gives a %s", m.Name, out)
			}
		}
	}
}

// The findings do not depend on the number of workers.
func TestOrder(t *testing.T) {
	overlay := map[string]string{"lib/monit.sh": "f() { nonsense $x; }\ng() { return; }\n", "node/stop.sh.tmpl": "h() { rm $x; }\n"}
	r := renderWith(t, plan(t), overlay)
	first := lines(check.Bundle(r.plan, r.renderer, r.bundle))
	if len(first) < 5 {
		t.Errorf("got %q", first)
	}
	for range 20 {
		if again := lines(check.Bundle(r.plan, r.renderer, r.bundle)); !slices.Equal(first, again) {
			t.Fatalf("got %q, then %q", first, again)
		}
	}
}

// What the traces say is what the scripts have.
func TestTraces(t *testing.T) {
	r := renderWith(t, stepped(t), steppedTemplates())
	tracer := r.renderer.Tracer(r.plan, r.bundle.ID)
	for _, s := range r.bundle.Scripts {
		for part := range s.Parts {
			trace, err := tracer.Part(s, part)
			if err != nil || string(trace.Body) != string(s.Parts[part].Body) {
				t.Errorf("%s part %d: %v, %q, not %q", s.Path, part, err, trace.Body, s.Parts[part].Body)
			}
		}
	}
	if _, err := tracer.Head("vellum-4"); err == nil {
		t.Error("a failed node has a head")
	}
}

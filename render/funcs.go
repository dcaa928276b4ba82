package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"requorum/model"
)

// sprigAllowed names the functions of sprig that the text templates may use:
// pure ones, whose output depends on their arguments alone.
var sprigAllowed = []string{
	"add", "add1", "contains", "default", "hasPrefix", "hasSuffix", "indent", "join", "list", "lower",
	"mul", "nindent", "plural", "repeat", "replace", "sub", "ternary", "trim", "trunc", "upper",
}

// scriptFuncs are the only functions of a script template. Each action of such
// a template ends in one of them.
func scriptFuncs() template.FuncMap {
	return template.FuncMap{
		"sh":   func(v any) (string, error) { return Quote(fmt.Sprint(v)) },
		"word": bare,
		"step": stepFunc(nil),
		"mark": func(string, bool) string { return "" },
	}
}

// textFuncs are the functions of the runbook templates.
func textFuncs() template.FuncMap {
	all := sprig.HermeticTxtFuncMap()
	funcs := template.FuncMap{"md": Markdown, "wrap": wrap}
	for _, name := range sprigAllowed {
		funcs[name] = all[name]
	}
	return funcs
}

// stepText is what a script says of a step.
type stepText struct{ title, cites string }

// stepTable gives the text of each step of the plan by its ID.
func stepTable(p *model.Plan) map[string]stepText {
	out := map[string]stepText{}
	for _, st := range p.Stages {
		for _, s := range st.Steps {
			out[s.ID] = stepText{title: s.Title, cites: citation(s)}
		}
	}
	return out
}

// citation says where a step comes from: "procedure 1.7; T5, T6". A step that
// the written procedure does not ask for says so.
func citation(s model.Step) string {
	traps := make([]string, len(s.Traps))
	for i, t := range s.Traps {
		traps[i] = "T" + strconv.Itoa(t)
	}
	switch {
	case len(s.Cites) == 0:
		return strings.Join(traps, ", ") + "; not in the written procedure"
	case len(traps) == 0:
		return "procedure " + strings.Join(s.Cites, ", ")
	}
	return "procedure " + strings.Join(s.Cites, ", ") + "; " + strings.Join(traps, ", ")
}

// stepFunc makes the template function that writes the call which announces a
// step: {{step "stop/wipe"}}.
func stepFunc(steps map[string]stepText) func(string) (string, error) {
	return func(id string) (string, error) {
		s, ok := steps[id]
		if !ok {
			return "", fmt.Errorf("the plan has no step %q", id)
		}
		title, err := Quote(s.title)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("step '%s' %s '%s'", id, title, s.cites), nil
	}
}

// Markdown escapes a text for a line of GitHub's Markdown, so that it reads as
// itself there. People read the source too, on terminals and on paper: what is
// markup in some places only is escaped in those alone.
func Markdown(v any) string {
	s := strings.TrimSpace(fmt.Sprint(v))
	var b strings.Builder
	for i := range len(s) {
		if isMarkup(s, i) {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isMarkup reports whether the byte at i could mean something to Markdown.
func isMarkup(s string, i int) bool {
	switch s[i] {
	case '\\', '`', '*', '[', ']', '<', '>', '|', '~', '&', '@', '$':
		return true
	case '_': // emphasis, unless inside a word
		return i == 0 || i == len(s)-1 || !isAlphanumeric(s[i-1]) || !isAlphanumeric(s[i+1])
	case '#', '+', '-', '=': // heading, list item, underline
		return i == 0 || s[i] == '#' && strings.Trim(s[i:], "#") == ""
	case ')': // list item
		return strings.Trim(s[:i], "0123456789") == ""
	case '.': // list item, link
		return strings.Trim(s[:i], "0123456789") == "" || i >= 3 && strings.EqualFold(s[i-3:i], "www")
	case ':': // link
		return i+1 < len(s) && s[i+1] == '/'
	}
	return false
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// wrap breaks text into lines of at most width columns, each but the first
// after the given indent.
func wrap(width int, indent, text string) string {
	var b strings.Builder
	col := 0
	for i, w := range strings.Fields(text) {
		switch {
		case i == 0:
		case col+1+len(w) > width:
			b.WriteString("\n" + indent)
			col = len(indent)
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(w)
		col += len(w)
	}
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

package render

import (
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"requorum/model/diag"
)

// New reads a template tree. With an overlay, a file of the overlay stands for
// the one of the same path in the tree; overlayName is how findings call the
// overlay's folder. A mistake in a template is a finding with its own file,
// line and column.
func New(tree, overlay fs.FS, overlayName string) (*Renderer, diag.List, error) {
	sources, err := readTree(tree)
	if err != nil {
		return nil, nil, err
	}
	r := &Renderer{sources: sources, names: map[string]string{}, library: map[string][]byte{}}
	for path := range sources {
		r.names[path] = "templates/" + path
	}
	var findings diag.List
	if overlay != nil {
		if findings, err = r.lay(overlay, overlayName); err != nil {
			return nil, nil, err
		}
	}
	findings = append(findings, r.parse()...)
	findings.Sort()
	if findings.HasErrors() {
		return nil, findings, nil
	}
	return r, findings, nil
}

// parse fills the template sets from the sources.
func (r *Renderer) parse() diag.List {
	r.scripts = template.New("").Funcs(scriptFuncs()).Option("missingkey=error")
	r.texts = template.New("").Funcs(textFuncs()).Option("missingkey=error")
	var findings diag.List
	for _, path := range sortedKeys(r.sources) {
		switch {
		case strings.HasPrefix(path, "lib/"):
			r.library[path] = r.sources[path]
		case strings.HasSuffix(path, ".sh.tmpl"):
			findings = append(findings, r.parseInto(r.scripts, path)...)
		case strings.HasSuffix(path, ".tmpl"):
			findings = append(findings, r.parseInto(r.texts, path)...)
		}
	}
	if findings.HasErrors() {
		return findings
	}
	findings = append(findings, r.checkActions()...)
	r.traced = instrument(r.scripts)
	return findings
}

func (r *Renderer) parseInto(set *template.Template, path string) diag.List {
	_, err := set.New(path).Parse(string(r.sources[path]))
	return r.templateError(err)
}

// checkActions holds that every action of a script template that writes
// something ends in sh, word or step: nothing reaches a script unquoted.
func (r *Renderer) checkActions() diag.List {
	var findings diag.List
	for _, t := range r.scripts.Templates() {
		if t.Tree == nil {
			continue
		}
		walk(t.Tree.Root, func(n parse.Node) {
			a, ok := n.(*parse.ActionNode)
			if !ok || len(a.Pipe.Decl) > 0 || slices.Contains([]string{"sh", "word", "step"}, lastFunction(a.Pipe)) {
				return
			}
			findings = append(findings, r.at(location(t.Tree, n), diag.Diagnostic{
				Severity: diag.Error, Code: "unquoted-action",
				Text:   "the action " + a.String() + " writes into a script without quoting",
				Remedy: "end it in sh, which quotes, or in word, which stands in a comment",
			}))
		})
	}
	return findings
}

// lastFunction names the function that gives a pipeline its value.
func lastFunction(p *parse.PipeNode) string {
	last := p.Cmds[len(p.Cmds)-1]
	if id, ok := last.Args[0].(*parse.IdentifierNode); ok {
		return id.Ident
	}
	return ""
}

// place is a position in a template file.
type place struct {
	template     string
	line, column int
}

// location gives a node's place. Columns of text/template count bytes from 0.
func location(t *parse.Tree, n parse.Node) place {
	where, _ := t.ErrorContext(n)
	return parsePlace(where)
}

var placePattern = regexp.MustCompile(`^(.*?):(\d+)(?::(\d+))?$`)

func parsePlace(s string) place {
	m := placePattern.FindStringSubmatch(s)
	if m == nil {
		return place{template: s}
	}
	line, _ := strconv.Atoi(m[2])
	column, _ := strconv.Atoi(m[3])
	return place{template: m[1], line: line, column: column + 1}
}

// at fills a finding's place from a template's.
func (r *Renderer) at(p place, d diag.Diagnostic) diag.Diagnostic {
	d.File, d.Line, d.Column = p.template, p.line, p.column
	if own, ok := r.names[p.template]; ok {
		d.File = own
	}
	return d
}

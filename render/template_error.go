package render

import (
	"reflect"
	"regexp"
	"strings"

	"requorum/model/diag"
)

var errorPattern = regexp.MustCompile(`(?s)^template: ([^:]+(?::\d+)?(?::\d+)?): (.*)$`)

// templateError turns an error of text/template, which begins with the place,
// into a finding.
func (r *Renderer) templateError(err error) diag.List {
	if err == nil {
		return nil
	}
	d := diag.Diagnostic{
		Severity: diag.Error, Code: "template", Text: err.Error(),
		Remedy: "mend the template; requorum init --templates DIR writes the ones that requorum carries",
	}
	if m := errorPattern.FindStringSubmatch(err.Error()); m != nil {
		d = r.at(parsePlace(m[1]), d)
		d.Text = strings.ReplaceAll(m[2], "\n", " ")
	}
	for _, w := range templateWords {
		if m := w.pattern.FindStringSubmatch(d.Text); m != nil {
			d.Text, d.Remedy = w.pattern.ReplaceAllString(m[0], w.text), w.remedy
			break
		}
	}
	return diag.List{d}
}

// templateWords says in the words of a template's author what text/template
// says in those of Go. The first pattern that fits counts.
var templateWords = []struct {
	pattern      *regexp.Regexp
	text, remedy string
}{
	{
		regexp.MustCompile(`^executing .* can't evaluate field (\w+) in type \*?render\.Shape$`),
		"a template of a stage has no value $1",
		"values stand in node/head.sh.tmpl only; a stage knows flags: " + fieldsOf[Shape](),
	},
	{
		regexp.MustCompile(`^executing .* can't evaluate field (\w+) in type \*?render\.Head$`),
		"the head of a script has no value $1",
		"the values there are: " + fieldsOf[Head](),
	},
	{
		regexp.MustCompile(`^executing .* can't evaluate field (\w+) in type .*$`),
		"there is no value $1 here",
		"compare with the template that requorum carries; requorum init --templates DIR writes it",
	},
	{
		regexp.MustCompile(`^executing .* wrong type for value; expected render\.Word; got .*$`),
		"word takes nothing but addresses and names",
		"end the action in sh, which takes any text",
	},
}

func fieldsOf[T any]() string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

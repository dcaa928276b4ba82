package inventory

import (
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestSyntaxPlaces holds down the words of yaml.v3 and the place that is made
// of them. If it fails after a change of the YAML reader, reportSyntax has to
// learn the new words.
func TestSyntaxPlaces(t *testing.T) {
	const head = "version: 1\nsites:\n  site1:\n    nodes:\n"
	comments := strings.Repeat("# comment\n\n", 60)
	tests := []struct {
		name, src string
		message   string // of yaml.v3, without its line
		want      string
	}{
		{"first line", "a: b: c", "mapping values are not allowed in this context", "1:5"},
		{"colon in value", head + "      a: x: y\n", "mapping values are not allowed in this context", "5:11"},
		{"deeper line", head + "      a: 1\n        b: 2\n      c: 3\n", "mapping values are not allowed in this context", "6:10"},
		{"less deep line", head + "      a: 1\n     b: 2\n", "did not find expected key", "6:6"},
		{"less deep line behind comments", head + "      a: 1\n" + comments + "     b: 2\n", "did not find expected key", "126:6"},
		{"comments behind", head + "      a: 1\n     b: 2\n" + comments + "      c: 1\n", "did not find expected key", "6:6"},
		{"behind a quote", head + "      a: \"x\" y\n      b: 1\n", "did not find expected key", "5:14"},
		{"behind a quote with escapes", head + "      a: \"x\\\"\" y\n", "did not find expected key", "5:16"},
		{"behind a single quote", head + "      ä: 'it''s' y\n", "did not find expected key", "5:18"},
		{"behind a quote in brackets", head + "      a: {b: \"x\", c: 'y' z}\n", "did not find expected ',' or '}'", "5:26"},
		{"behind a quoted key", head + "      \"a\" b: 1\n", "did not find expected key", "5:11"},
		{"bracket too many", head + "      a: {}}\n      b: 1\n", "did not find expected key", "5:7"},
		{"bracket not closed", head + "      a: {b: 1\n      c: 2\n      d: 3\n", "did not find expected ',' or '}'", "5:7"},
		{"list not closed", head + "      a: [1,\n      2\n", "did not find expected ',' or ']'", "5:7"},
		{"nothing in a bracket", "a: [", "did not find expected node content", "1:1"},
		{"comma missing in JSON", "{\n\"a\": {\n\"b\": 1\n\"c\": 2\n}}\n", "did not find expected ',' or '}'", "2:1"},
		{"quote not closed", head + "      a: \"x\n      b: 1\n", "found unexpected end of stream", "5:10"},
		{"second quote not closed", head + "      a: {b: \"x\", c: 'y}\n", "found unexpected end of stream", "5:22"},
		{"tab as indentation", head + "\ta: 1\n", "found character that cannot start any token", "5:1"},
		{"tab behind a value", head + "      a: 1\n\tb: 1\n", "found a tab character that violates indentation", "6:1"},
		{"tab behind spaces", head + "      a: 1\n   \tb: 1\n", "found a tab character that violates indentation", "6:4"},
		{"no-break space as indentation", head + "\u00a0     a: 1\n      b: 1\n", "mapping values are not allowed in this context", "5:1"},
		{"no-break space behind spaces", head + "      a:\n    \u00a0   b: 1\n        c: 1\n", "mapping values are not allowed in this context", "6:5"},
		{"at sign", head + "      ä: @x\n", "found character that cannot start any token", "5:10"},
		{"percent", head + "      a: 50\n      b: %5\n", "found character that cannot start any token", "6:10"},
		{"no colon", head + "      a: 1\n      b\n      c: 1\n", "could not find expected ':'", "6:7"},
		{"list and keys", "- a\nb: 1\n", "did not find expected '-' indicator", "2:1"},
		{"keys and list", "a: 1\n- b\n", "did not find expected key", "2:1"},
		{"list where none may be", head + "      a: - b\n", "block sequence entries are not allowed in this context", "5:10"},
		{"escape", head + "      a: \"\\q\"\n", "found unknown escape character", "5:11"},
		{"escape behind good ones", head + "      ä: \"C:\\\\\\n\\ims\\q\"\n", "found unknown escape character", "5:17"},
		{"escape behind single quotes", head + "      a: {b: 'C:\\ims', c: \"C:\\ims\"}\n", "found unknown escape character", "5:30"},
		{"escape in the second line", head + "      a: \"b\n        c\\d\"\n", "found unknown escape character", "6:10"},
		{"escape without its digits", head + "      a: \"x\\xZZ\"\n", "did not find expected hexdecimal number", "5:12"},
		{"undeclared tag", head + "      a: !x!y z\n", "found undefined tag handle", "5:7"},
		{"unknown alias", head + "      a: 1\n      ä: *x\n", "unknown anchor 'x' referenced", "6:10"},
		{"%YAML", "%YAML 3.0\n---\na: 1\n", "found incompatible YAML document", "1:1"},
		{"behind the end", "a: 1\n...\nb: 1\n", "did not find expected <document start>", "3:1"},
		{"second document", "a: 1\n---\nb: @\n", "found character that cannot start any token", "3:4"},
		{"Windows", strings.ReplaceAll(head+"      a: 1\n     b: 2\n", "\n", "\r\n"), "did not find expected key", "6:6"},
		{"too deep", strings.Repeat("[", 10001), "exceeded max depth of 10000", "1:1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := yamlError(test.src); got != test.message {
				t.Errorf("yaml.v3 says %q, not %q", got, test.message)
			}
			f := refuse(t, test.src, nil)[0]
			if got := fmt.Sprintf("%d:%d", f.Line, f.Column); got != test.want {
				t.Errorf("got %s, want %s:\n%s", got, test.want, f)
			}
			if f.Code != codeNotYAML && f.Code != codeAlias {
				t.Errorf("got code %s", f.Code)
			}
		})
	}
}

// yamlError is what yaml.v3 says about the first document that it cannot read.
func yamlError(src string) string {
	parser := yaml.NewDecoder(strings.NewReader(src))
	for {
		if err := parser.Decode(new(yaml.Node)); err != nil {
			return yamlMessage.FindStringSubmatch(err.Error())[2]
		}
	}
}

// TestSyntaxMessages makes sure that each plain sentence is still in use.
func TestSyntaxMessages(t *testing.T) {
	for _, known := range syntaxMessages {
		if notYAML(known.message).text != "not YAML: "+known.text {
			t.Errorf("%q is hidden by another entry", known.message)
		}
	}
	if got := notYAML("something new"); got.text != "not YAML: something new" || got.remedy == "" {
		t.Errorf("got %v", got)
	}
}

// TestSyntaxPanic stands in for a panic inside the YAML reader.
func TestSyntaxPanic(t *testing.T) {
	err := next(yaml.NewDecoder(panicking{}), new(yaml.Node))
	if err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("got %v", err)
	}
	r := &report{file: "f"}
	reportSyntax(r, []byte("a: 1\n"), err)
	if len(r.found) != 1 || r.found[0].Code != codeNotYAML || r.found[0].Line != 1 {
		t.Errorf("got %v", r.found)
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("out of order") }

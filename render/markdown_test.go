package render

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"requorum/model"
)

// github reads Markdown as GitHub does: tables, task boxes, bare links.
var github = goldmark.New(goldmark.WithExtensions(extension.GFM))

func parsed(src string) ast.Node { return github.Parser().Parse(text.NewReader([]byte(src))) }

// hostileTexts are values that would be markup if they could.
var hostileTexts = []string{
	"| a | b |",
	"rack | 4 \\| 5",
	"` ``` `` code `",
	"\\` backslash \\",
	"\\",
	"*em* **strong** _em_ __strong__ ___ a_b_c _",
	"[link](http://example.com) ![image](x.png) [ref][ref] [ref]: x",
	"- [ ] a box", "- [x] ticked", "[ ] box", "[x]",
	"# heading", "## heading ##", "=== ---", "---", "***", "1. one", "12) twelve", "+ plus", "- minus", "> quote",
	"<b>bold</b> <script>alert(1)</script> <!-- comment --> <http://example.com> <a@example.com>",
	"&amp; &lt; &#35; &copy &",
	"http://example.com https://example.com www.example.com WWW.example.com ftp://example.com a@example.com mailto:a@example.com",
	"~~gone~~ ~one~ $math$ $$math$$",
	"``` fence", "~~~ fence", "    indented",
	"[^1] footnote [^1]: text", "{{ .Template }} {%raw%} ${x} $(id)",
	"a :smile: @name #12 GH-12",
	"it's \"quoted\" (and) {braces}; semi, comma: colon! bang? ^caret",
	"Köln, Gebäude 3, 機房 — Étage ½",
	strings.Repeat("long words - 1. # > + = | ", 8),
}

// TestMarkdown holds that an escaped text reads as itself wherever a template
// may put it, and that ordinary text stays as it is in the source.
func TestMarkdown(t *testing.T) {
	for _, s := range hostileTexts {
		for _, form := range []string{"%s", "x %s", "- %s", "- Deployment: %s", "- [ ] %s", "- [ ] `code` on 10.0.0.1, %s", "x (%s)", "## %s", "| a |\n| --- |\n| %s |"} {
			doc := parsed(fmt.Sprintf(form, Markdown(s)))
			if got := plainText(doc, []byte(fmt.Sprintf(form, Markdown(s)))); !strings.Contains(got, squeeze(s)) {
				t.Errorf("in %q, %q reads as %q", form, s, got)
			}
			same(t, fmt.Sprintf("%q in %q", s, form), skeleton(doc), skeleton(parsed(fmt.Sprintf(form, "word"))))
		}
	}
	for _, s := range []string{"rack 4, unit 12", "DC1-R04-U12", "room_4_b", "Amsterdam (AMS-1): row 3, #4", "s-cscf.json", "v1.2+3"} {
		if got := Markdown(s); got != s {
			t.Errorf("%q is escaped to %q", s, got)
		}
	}
}

// TestHostileText holds that free text of the inventory changes nothing of the
// runbook's structure and stands in it as itself.
func TestHostileText(t *testing.T) {
	r := runbookRenderer(t)
	for _, site := range []string{"three-live-vellums", "no-live-vellum"} {
		want := skeleton(parsed(renderedRunbook(t, r, hostilePlan(t, site, "word"))))
		for _, s := range hostileTexts {
			src := renderedRunbook(t, r, hostilePlan(t, site, s))
			doc := parsed(src)
			same(t, fmt.Sprintf("%s with %q", site, s), skeleton(doc), want)
			// Title, then each failed node thrice and each live node once a
			// stage and once in a table.
			if got := strings.Count(plainText(doc, []byte(src)), squeeze(s)); got < 10 {
				t.Errorf("%s: %q stands there %d times only", site, s, got)
			}
		}
	}
}

func hostilePlan(t *testing.T, name, s string) *model.Plan {
	i := slices.IndexFunc(sites, func(x siteCase) bool { return x.name == name })
	d := sites[i].make()
	d.Name = s
	for i := range d.Sites[0].Nodes {
		d.Sites[0].Nodes[i].Location = s
	}
	return planOf(t, d)
}

// TestRunbookParses holds that boxes, tables and commands of the runbook are
// what they look like.
func TestRunbookParses(t *testing.T) {
	r := runbookRenderer(t)
	eachPlan(t, func(t *testing.T, p *model.Plan) {
		src := renderedRunbook(t, r, p)
		content := []byte(src)
		count := map[string]int{}
		ast.Walk(parsed(src), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering {
				count[n.Kind().String()]++
			}
			checkNode(t, n, content, entering)
			return ast.WalkContinue, nil
		})
		for kind, pattern := range map[string]string{
			"TaskCheckBox":    `(?m)^ *- \[ \] `,
			"Table":           `(?m)^\|( --- \|)+$`,
			"FencedCodeBlock": "(?m)^ *```\n(.*\n)+? *```$",
			"Heading":         `(?m)^#+ `,
		} {
			if want := len(regexp.MustCompile(pattern).FindAllString(src, -1)); count[kind] != want || want == 0 {
				t.Errorf("%d of %s, want %d", count[kind], kind, want)
			}
		}
	})
}

// checkNode refuses what a runbook has no use for, and rows that do not fit
// their table.
func checkNode(t *testing.T, n ast.Node, src []byte, entering bool) {
	t.Helper()
	if !entering {
		return
	}
	switch n := n.(type) {
	case *ast.Link, *ast.AutoLink, *ast.Image, *ast.RawHTML, *ast.HTMLBlock, *ast.CodeBlock, *ast.Blockquote, *east.Strikethrough:
		t.Errorf("the runbook has a %s: %q", n.Kind(), plainText(n, src))
	case *ast.Emphasis:
		if n.Level != 2 {
			t.Errorf("emphasis: %q", plainText(n, src))
		}
	case *ast.List:
		if !n.IsTight && n.Parent().Kind() == ast.KindListItem {
			t.Errorf("an inner list is loose: %q", plainText(n, src))
		}
	case *east.TableRow:
		line := lineOf(n, src)
		if got, want := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), len(n.Alignments)+1; got != want {
			t.Errorf("a row of %d cells in a table of %d: %s", got-1, want-1, line)
		}
	}
}

// lineOf is the source line of a table row.
func lineOf(n ast.Node, src []byte) string {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.Lines().Len() > 0 {
			at := c.Lines().At(0).Start
			from := bytes.LastIndexByte(src[:at], '\n') + 1
			line, _, _ := bytes.Cut(src[from:], []byte("\n"))
			return string(line)
		}
	}
	return ""
}

// skeleton lists the kinds of a document's nodes, texts and line ends left out.
func skeleton(doc ast.Node) []string {
	var kinds []string
	depth := 0
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			depth--
			return ast.WalkContinue, nil
		}
		if n.Kind() != ast.KindText && n.Kind() != ast.KindString {
			kinds = append(kinds, fmt.Sprintf("%d %s", depth, n.Kind()))
		}
		depth++
		return ast.WalkContinue, nil
	})
	return kinds
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Errorf("%s: node %d of %d (want %d) differs: %q, want %q", what, i, len(got), len(want), at(got, i), at(want, i))
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "the end"
}

// plainText is what a reader sees of a node, on one line.
func plainText(doc ast.Node, src []byte) string {
	var b strings.Builder
	ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				b.WriteByte(' ')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(unescaped(n.Segment.Value(src)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				s := n.Lines().At(i)
				b.Write(s.Value(src))
			}
		}
		return ast.WalkContinue, nil
	})
	return squeeze(b.String())
}

var escape = regexp.MustCompile("\\\\([!-/:-@[-`{-~])")

// unescaped resolves the backslashes of a text.
func unescaped(b []byte) []byte { return escape.ReplaceAll(b, []byte("$1")) }

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

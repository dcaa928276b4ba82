package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteText prints findings for people, each as a compiler would:
//
//	inventory.yaml:12:19: error: "10.0.0" is not an IP address [bad-address]
//	  12 |         local_ip: 10.0.0
//	     |                   ^
//	  remedy: write one IPv4 or IPv6 address, for example 10.1.0.11
//
// sources holds the bytes of the files that findings speak of, by
// Diagnostic.File; without an entry, or where the place is outside the file,
// the two middle lines are left out. Keep files that hold secrets out of it:
// their lines are printed. Columns do not count a byte order mark.
//
// Nothing from the user's files reaches a terminal raw: control and invisible
// characters are replaced in source lines and escaped everywhere else.
func WriteText(w io.Writer, l List, sources map[string][]byte, color bool) error {
	p := printer{out: bufio.NewWriter(w), color: color, files: map[string]*source{}}
	for name, content := range sources {
		p.files[name] = newSource(content)
	}
	for _, d := range l {
		p.finding(d)
	}
	return p.out.Flush()
}

// printer keeps the first write error in out, which Flush returns.
type printer struct {
	out   *bufio.Writer
	color bool
	files map[string]*source
}

func (p *printer) finding(d Diagnostic) {
	line, known := p.files[d.File].line(d.Line)
	d.File, d.Text, d.Code, d.Remedy = Visible(d.File), Visible(d.Text), Visible(d.Code), Visible(d.Remedy)
	fmt.Fprintln(p.out, p.heading(d))
	if known {
		p.excerpt(d, line)
	}
	if d.Remedy != "" {
		fmt.Fprintf(p.out, "  %s %s\n", p.paint(cyan, "remedy:"), d.Remedy)
	}
}

// heading is String, with its severity coloured.
func (p *printer) heading(d Diagnostic) string {
	placeless := Diagnostic{Severity: d.Severity, Text: d.Text, Code: d.Code}.String()
	place := strings.TrimSuffix(d.String(), placeless)
	text := strings.TrimPrefix(placeless, string(d.Severity))
	return p.paint(bold, place) + p.paint(severityColor(d.Severity), string(d.Severity)) + text
}

// excerpt prints the source line behind a gutter, and a caret below it where
// the column is known.
func (p *printer) excerpt(d Diagnostic, line []byte) {
	number := fmt.Sprintf("%4d", d.Line)
	shown, caret := excerpt(line, d.Column)
	p.gutter(number, shown)
	if d.Column > 0 {
		p.gutter(strings.Repeat(" ", len(number)), caret)
	}
}

func (p *printer) gutter(left, right string) {
	fmt.Fprintln(p.out, strings.TrimRight(left+" | "+right, " \t"))
}

// The few colours of findings, as the numbers that a terminal knows.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "36"
)

func severityColor(s Severity) string {
	if s == Error {
		return red
	}
	return yellow
}

func (p *printer) paint(color, s string) string {
	if !p.color || s == "" {
		return s
	}
	return "\x1b[" + color + "m" + s + "\x1b[0m"
}

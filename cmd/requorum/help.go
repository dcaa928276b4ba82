package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"requorum/model/diag"
	"requorum/model/inventory"
	"requorum/model/planner"
	"requorum/render"
	"requorum/render/check"
	"requorum/render/rehearse"
)

const helpHelp = `
Without an argument: the verbs and the topics. Otherwise the help of a verb, a topic, or the code that stands in brackets behind a finding. "requorum help codes" lists the codes.

All of it is in the program; nothing is looked up elsewhere.
`

// width is that of help on a terminal.
const width = 80

func runHelp(s *session, _ *options, args []string) error {
	if len(args) == 0 {
		return s.print(overview())
	}
	text, ok := explain(args[0])
	if !ok {
		return misused(fmt.Errorf("there is no help on %q%s", args[0], didYouMean("", args[0], helpNames())))
	}
	return s.print(text)
}

// explain gives the help on a verb, a topic or a code.
func explain(name string) (string, bool) {
	if c, ok := commandNamed(name); ok {
		return c.page(), true
	}
	for _, t := range topics() {
		if t.name == name {
			return wrapped(t.text), true
		}
	}
	var pages []string
	for _, c := range allCodes() { // one code may stand for like things in two kinds of file
		if c.ID == name {
			pages = append(pages, wrapped(fmt.Sprintf("%s: %s\n\n%s", c.ID, c.Summary, c.Detail)))
		}
	}
	return strings.Join(pages, "\n"), len(pages) > 0
}

// overview is what the program says of itself.
func overview() string {
	var b strings.Builder
	b.WriteString(`Requorum compiles an inventory of a Clearwater deployment that has lost etcd
quorum into a checked bundle: one bash script for each live node, and the runbook.

Usage: requorum VERB [flags] [arguments]

`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-12s%s\n", c.name, c.summary)
	}
	b.WriteString("\nTopics, for \"requorum help TOPIC\":\n\n")
	for _, t := range topics() {
		fmt.Fprintf(&b, "  %-12s%s\n", t.name, t.summary)
	}
	b.WriteString(`
Each verb takes --help. "requorum --version" prints the version. To start:

  requorum init > inventory.yaml
  requorum plan inventory.yaml
  requorum render inventory.yaml -o bundle
`)
	return b.String()
}

func (c *command) synopsisLine() string {
	return strings.TrimRight("requorum "+c.name+" "+c.synopsis, " ")
}

// page is the help of a verb.
func (c *command) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s\n\n%s\nFlags:\n", c.synopsisLine(), wrapped(c.about))
	for _, f := range c.listFlags() {
		fmt.Fprintf(&b, "  %-21s%s\n", f.heading(), f.usage)
	}
	return b.String()
}

// allCodes gives every code that a finding can have, in their order.
func allCodes() []diag.Code {
	list := slices.Concat(inventory.Codes(), planner.Codes(), render.Codes(), check.Codes(), rehearse.Codes())
	slices.SortStableFunc(list, func(a, b diag.Code) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// helpNames lists all that help can explain.
func helpNames() []string {
	names := verbs()
	for _, t := range topics() {
		names = append(names, t.name)
	}
	for _, c := range allCodes() {
		names = append(names, c.ID)
	}
	return slices.Compact(names)
}

// codeList is the topic of the codes themselves.
func codeList() string {
	var ids []string
	summaries := map[string]string{}
	column := 0
	for _, c := range allCodes() {
		column = max(column, len(c.ID))
		if other := summaries[c.ID]; other != "" {
			summaries[c.ID] = strings.TrimSuffix(other, ".") + "; or: " + c.Summary
			continue
		}
		ids = append(ids, c.ID)
		summaries[c.ID] = c.Summary
	}
	var b strings.Builder
	b.WriteString("The codes of findings, for \"requorum help CODE\":\n\n")
	for _, id := range ids {
		b.WriteString(folded(fmt.Sprintf("  %-*s  ", column, id), summaries[id]))
	}
	return b.String()
}

// wrapped breaks paragraphs into lines. A line that begins with a space stands
// as it is.
func wrapped(text string) string {
	var b, paragraph strings.Builder
	for line := range strings.Lines(strings.Trim(text, "\n") + "\n") {
		if line != "\n" && line[0] != ' ' {
			paragraph.WriteString(line)
			continue
		}
		b.WriteString(folded("", paragraph.String()) + line)
		paragraph.Reset()
	}
	return b.String() + folded("", paragraph.String())
}

// folded breaks words into lines that begin below the end of head.
func folded(head, words string) string {
	var b strings.Builder
	line := head
	for i, word := range strings.Fields(words) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > width:
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", len(head)) + word
		default:
			line += " " + word
		}
	}
	if line == "" {
		return ""
	}
	return b.String() + line + "\n"
}

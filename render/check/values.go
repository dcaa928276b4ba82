package check

import (
	"bytes"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"requorum/render"
)

var valueRules = []rule{
	{id: "value-place", forbids: "a value stands where it could become part of a command", instead: "assign it to a variable, NAME={{sh .Field}}, or to an element of an array, and use \"$NAME\"",
		why: "A value of the inventory may be any text. It may stand in a script only as one whole quoted word that is assigned to a variable, or bare in a comment if it is a plain word. Anywhere else (a command, an argument, a redirection, a here-document, the commands of a trap, a program for another shell or for sed, arithmetic, a longer word) bash or another program could read it as something else than text."},
	{id: "value-variable", forbids: "a value is assigned to a variable that decides what shells or programs do", instead: "choose another name",
		why: "PATH, IFS, LD_PRELOAD and the like make a value decide what is run."},
	{id: "value-structure", forbids: "what a script does depends on what a value says", instead: "let a template choose by flags alone; Shape has them",
		why: "The head is rendered once with the real values and once with hostile stand-ins, and for every other node of the same kind with its own. All of them must be the same but for the quoted values."},
	{id: "value-changed", forbids: "a value is not the one that the plan has here", instead: "write the field as it is: {{sh .Field}}",
		why: "Every quoted word of a head is compared with the values that the plan has for the node. A template must not cut or change them."},
}

// proof is what the heads of one shape must all be, shown on one of them: its
// text, with the values in their places. No value can leave its place, so a head
// that is made of the same text and its own values does the same.
type proof struct {
	stretches []stretch
	standIns  []string // as many as such a head has values
}

// stretch is a run of a head: text of the template, or one place of a value.
type stretch struct {
	text   []byte
	value  bool
	quoted bool   // the value stands in quotes, as it must outside of comments
	says   string // what the place says in the stand-in head
	index  int    // the value that it is; -1 for several, or one with text around it
}

// proveHead shows that no value of a head can change what the script does. It
// gives the findings in the real head, and the proof to hold the heads of the
// same shape against. The trace is of the real head, standIn of the same with
// hostile values.
func proveHead(real, standIn *render.Trace, standIns []string) (*proof, []traced) {
	f, findings := parse(real.Body)
	if f == nil {
		return nil, tracedAll(real, findings)
	}
	if list := misplaced(real, f, wordInComment); len(list) > 0 {
		return nil, list
	}
	g, findings := parse(standIn.Body)
	if g == nil {
		return nil, []traced{structure(standIn, findings[0].offset, findings[0].text)}
	}
	if list := misplaced(standIn, g, render.IsStandIn); len(list) > 0 {
		return nil, list
	}
	if !bytes.Equal(newSkeleton(f), newSkeleton(g)) {
		return nil, []traced{structure(real, firstDifference(f, g), "with other values this head is another script")}
	}
	return newProof(standIn, standIns), nil
}

func wordInComment(text string) bool { return render.WordPattern.MatchString(text) }

// structure is a finding at an offset of a trace.
func structure(t *render.Trace, offset int, text string) traced {
	return traced{finding{offset: offset, rule: "value-structure", text: text}, originOf(t, offset)}
}

// traced is a finding with the place in a template that it came from.
type traced struct {
	finding
	origin origin
}

// origin is a place in a template; line and column count from 1, the column in
// bytes. Line 0 stands for none.
type origin struct {
	template     string
	line, column int
}

func originOf(t *render.Trace, offset int) origin {
	template, line, column := t.Place(offset)
	return origin{template, line, column}
}

func tracedAll(t *render.Trace, list []finding) []traced {
	var out []traced
	for _, f := range list {
		out = append(out, traced{f, originOf(t, f.offset)})
	}
	return out
}

// misplaced finds the values of a trace that do not stand where values may.
// bare says of the text of a value in a comment whether it may stand there.
func misplaced(t *render.Trace, f *syntax.File, bare func(string) bool) []traced {
	places, comments := valuePlaces(f), commentSpans(f)
	var list []traced
	for _, s := range t.Values() {
		own := span{s.Start, s.End}
		text, rule := "", ""
		switch p, ok := placeOf(places, own); {
		case ok && meaningful(p.variable):
			rule, text = "value-variable", "the value is assigned to "+p.variable+", which decides what shells or programs do"
		case ok:
			continue
		case within(comments, own.start) && bare(string(t.Body[s.Start:s.End])):
			continue
		case within(comments, own.start):
			rule, text = "value-place", "the value stands in a comment, and is no plain word there"
		default:
			rule, text = "value-place", "the value stands "+whereIs(f, own.start)
		}
		list = append(list, traced{finding{offset: own.start, rule: rule, text: text}, origin{s.Template, s.Line, s.Column}})
	}
	return list
}

func placeOf(places []valuePlace, own span) (valuePlace, bool) {
	for _, p := range places {
		if p.span == own {
			return p, true
		}
	}
	return valuePlace{}, false
}

// firstDifference gives the offset in a at which two trees part ways: the start
// of the first statement that is not the same.
func firstDifference(a, b *syntax.File) int {
	for i, s := range a.Stmts {
		if i >= len(b.Stmts) || !bytes.Equal(newSkeleton(s), newSkeleton(b.Stmts[i])) {
			return int(s.Pos().Offset())
		}
	}
	return int(a.End().Offset())
}

func newProof(t *render.Trace, standIns []string) *proof {
	index := map[string]int{}
	for i, text := range standIns {
		index[text] = i
	}
	p := &proof{standIns: standIns}
	for _, sp := range t.Spans {
		text := t.Body[sp.Start:sp.End]
		if !sp.Value {
			p.addText(text)
			continue
		}
		st := stretch{value: true, says: string(text), index: -1}
		if says, ok := unquote(text); ok {
			st.quoted, st.says = true, says
		}
		if i, ok := index[st.says]; ok {
			st.index = i
		}
		p.stretches = append(p.stretches, st)
	}
	return p
}

// addText puts text behind the last stretch, in one with other text.
func (p *proof) addText(text []byte) {
	if n := len(p.stretches); n > 0 && !p.stretches[n-1].value {
		p.stretches[n-1].text = append(p.stretches[n-1].text, text...)
		return
	}
	p.stretches = append(p.stretches, stretch{text: bytes.Clone(text)})
}

// unquote takes the quotes of render.Quote off a text.
func unquote(text []byte) (string, bool) {
	if len(text) < 2 || text[0] != '\'' || text[len(text)-1] != '\'' {
		return "", false
	}
	return strings.ReplaceAll(string(text[1:len(text)-1]), `'"'"'`, "'"), true
}

// hold compares the head of a node of the same shape with the proof, byte for
// byte. values are the node's, in the order of the stand-ins.
func (p *proof) hold(body []byte, values []string) []finding {
	if len(values) != len(p.standIns) {
		return []finding{{rule: "value-structure", text: fmt.Sprintf("this head has %d values, those of the nodes of the same kind have %d", len(values), len(p.standIns))}}
	}
	at := 0
	for _, s := range p.stretches {
		if n, plain := s.plain(body[at:], values); plain {
			at += n
			continue
		}
		want := s.text
		if s.value {
			want = s.fill(p.standIns, values)
		}
		if !bytes.HasPrefix(body[at:], want) {
			return []finding{s.differs(at + commonPrefix(body[at:], want))}
		}
		at += len(want)
	}
	if at < len(body) {
		return []finding{stretch{}.differs(at)}
	}
	return nil
}

// plain is the short way for most values: one in quotes, without a quote of its
// own. It gives the length of the place if it is that and is right.
func (s stretch) plain(body []byte, values []string) (int, bool) {
	if !s.quoted || s.index < 0 {
		return 0, false
	}
	v := values[s.index]
	n := len(v) + 2
	if len(body) < n || body[0] != '\'' || body[n-1] != '\'' || string(body[1:n-1]) != v {
		return 0, false
	}
	return n, strings.IndexByte(v, '\'') < 0
}

// fill writes what a place of a value says for the values of a node.
func (s stretch) fill(standIns, values []string) []byte {
	text := ""
	if s.index >= 0 {
		text = values[s.index]
	} else {
		var pairs []string
		for i := range values {
			pairs = append(pairs, standIns[i], values[i])
		}
		text = strings.NewReplacer(pairs...).Replace(s.says)
	}
	if !s.quoted {
		return []byte(text)
	}
	quoted, err := render.Quote(text)
	if err != nil {
		return nil // the head could not have been rendered
	}
	return []byte(quoted)
}

func (s stretch) differs(offset int) finding {
	if s.value {
		return finding{offset: offset, rule: "value-changed"} // the value may be secret
	}
	return finding{offset: offset, rule: "value-structure", text: "from here this head is another script than those of the nodes of the same kind"}
}

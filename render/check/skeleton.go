package check

import (
	"reflect"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// skeleton is what a tree is without its positions, its comments and the text
// of its quoted words. Two scripts with the same skeleton do the same, but for
// what the quoted words say.
type skeleton []byte

func newSkeleton(n syntax.Node) skeleton {
	var s skeleton
	s.add(reflect.ValueOf(n).Elem())
	return s
}

var (
	posType     = reflect.TypeFor[syntax.Pos]()
	commentType = reflect.TypeFor[syntax.Comment]()
	wordType    = reflect.TypeFor[syntax.Word]()
)

// add writes a value and everything below it. It knows the tree by reflection,
// so that no field of any node can be forgotten.
func (s *skeleton) add(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			*s = append(*s, '0')
			return
		}
		s.add(v.Elem())
	case reflect.Struct:
		s.node(v)
	case reflect.Slice:
		if v.Type().Elem() == commentType {
			return
		}
		s.number(uint64(v.Len()))
		for i := range v.Len() {
			s.add(v.Index(i))
		}
	case reflect.String:
		s.number(uint64(v.Len()))
		*s = append(*s, v.String()...)
	case reflect.Bool:
		s.number(uint64(1))
		if v.Bool() {
			s.number(2)
		}
	default:
		s.number(v.Uint())
	}
}

// node writes a node of the tree: its kind, then its fields.
func (s *skeleton) node(v reflect.Value) {
	switch v.Type() {
	case posType, commentType:
		return
	case wordType:
		if _, ok := quotedText(v.Addr().Interface().(*syntax.Word)); ok {
			*s = append(*s, 'Q')
			return
		}
	}
	*s = append(*s, v.Type().Name()...)
	for i := range v.NumField() {
		s.add(v.Field(i))
	}
}

func (s *skeleton) number(n uint64) {
	*s = append(*s, '#', byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

// quotedText gives what a word means if it is one quoted value in the form of
// render.Quote: pieces in single quotes with "'" between them.
func quotedText(w *syntax.Word) (string, bool) {
	if len(w.Parts)%2 == 0 {
		return "", false
	}
	var b strings.Builder
	for i, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.SglQuoted:
			if i%2 == 1 || p.Dollar {
				return "", false
			}
			if len(w.Parts) == 1 {
				return p.Value, true
			}
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			if i%2 == 0 || !isSingleQuote(p) {
				return "", false
			}
			b.WriteByte('\'')
		default:
			return "", false
		}
	}
	return b.String(), true
}

// isSingleQuote reports whether a part is "'".
func isSingleQuote(q *syntax.DblQuoted) bool {
	if q.Dollar || len(q.Parts) != 1 {
		return false
	}
	lit, ok := q.Parts[0].(*syntax.Lit)
	return ok && lit.Value == "'"
}

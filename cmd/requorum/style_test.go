package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	longestFile     = 500
	longestFunction = 80
)

// TestStyle holds what a reader of the code may rely on.
func TestStyle(t *testing.T) {
	for _, f := range sources(t, "cmd", "model", "render", "templates") {
		s := styled{t: t, file: f, path: strings.TrimPrefix(filepath.ToSlash(fileSet.Position(f.Pos()).Filename), "../../")}
		s.check()
	}
}

// styled is a file under scrutiny.
type styled struct {
	t    *testing.T
	file *ast.File
	path string // in the module
}

func (s styled) complain(n ast.Node, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("%s:%d: %s", s.path, fileSet.Position(n.Pos()).Line, fmt.Sprintf(format, args...))
}

func (s styled) check() {
	if lines := fileSet.File(s.file.Pos()).LineCount(); lines > longestFile {
		s.complain(s.file, "the file has %d lines", lines)
	}
	if slices.Contains([]string{"util", "common", "helpers", "misc"}, s.file.Name.Name) {
		s.complain(s.file, "a package is named for what it is about, not %s", s.file.Name.Name)
	}
	for _, d := range s.file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			s.function(d)
		case *ast.GenDecl:
			s.declaration(d)
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			s.call(c)
		}
		return true
	})
}

func (s styled) function(d *ast.FuncDecl) {
	if d.Name.Name == "init" && d.Recv == nil {
		s.complain(d, "func init: a literal table is searchable, and its order is seen")
	}
	if lines := fileSet.Position(d.End()).Line - fileSet.Position(d.Pos()).Line + 1; lines > longestFunction {
		s.complain(d, "%s has %d lines", d.Name.Name, lines)
	}
	if d.Name.IsExported() && d.Doc == nil && !s.in("cmd") && (d.Recv == nil || exportedReceiver(d)) {
		s.complain(d, "%s has no doc comment", d.Name.Name)
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

// declaration wants a comment on each exported name, or on the group in which
// it stands.
func (s styled) declaration(d *ast.GenDecl) {
	if s.in("cmd") || d.Tok == token.IMPORT || d.Doc != nil {
		return
	}
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil {
				s.complain(spec, "%s has no doc comment", spec.Name.Name)
			}
		case *ast.ValueSpec:
			if spec.Names[0].IsExported() && spec.Doc == nil && spec.Comment == nil {
				s.complain(spec, "%s has no doc comment", spec.Names[0].Name)
			}
		}
	}
}

// forbidden are calls that belong to the command alone, or to main.go alone.
var forbidden = map[string]string{
	"os.Exit":      "cmd/requorum/main.go",
	"log.Fatal":    "nowhere",
	"time.Now":     "cmd/",
	"time.Since":   "cmd/",
	"os.Getenv":    "cmd/",
	"os.LookupEnv": "cmd/",
	"os.Hostname":  "cmd/",
	"user.Current": "nowhere",
}

func (s styled) call(c *ast.CallExpr) {
	selector, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	pkg, ok := selector.X.(*ast.Ident)
	if !ok {
		return
	}
	name := pkg.Name + "." + selector.Sel.Name
	if home, known := forbidden[name]; known && !strings.HasPrefix(s.path, home) {
		s.complain(c, "%s belongs to %s", name, home)
	}
}

func (s styled) in(folder string) bool { return strings.HasPrefix(s.path, folder+"/") }

// The order of a map is chance, and chance must not reach a bundle or a
// finding. A range over a map in render does nothing but fill another map, or
// says in its line or the one above why its order does not matter: "in any
// order".
func TestNoMapOrderInRender(t *testing.T) {
	excuse := regexp.MustCompile(`in any order`)
	for _, f := range sources(t, "render") {
		path := fileSet.Position(f.Pos()).Filename
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(src), "\n")
		for _, r := range mapRanges(f) {
			n := fileSet.Position(r.Pos()).Line
			if !excuse.MatchString(lines[n-1]) && !excuse.MatchString(lines[max(n-2, 0)]) {
				t.Errorf("%s:%d: a range over a map", strings.TrimPrefix(path, "../../"), n)
			}
		}
	}
}

// mapRanges finds the ranges over what its own file declares as a map: a local
// variable, a parameter, a struct field. It is blind to other files; the golden
// cases, rendered twice, are the other half of this test.
func mapRanges(f *ast.File) []*ast.RangeStmt {
	maps := map[string]bool{}
	note := func(names []*ast.Ident, kind ast.Expr) {
		if _, ok := kind.(*ast.MapType); ok {
			for _, n := range names {
				maps[n.Name] = true
			}
		}
	}
	var ranges []*ast.RangeStmt
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			note(n.Names, n.Type)
		case *ast.ValueSpec:
			note(n.Names, n.Type)
			noteValues(maps, n.Names, n.Values)
		case *ast.AssignStmt:
			var names []*ast.Ident
			for _, l := range n.Lhs {
				name, _ := l.(*ast.Ident)
				names = append(names, name)
			}
			noteValues(maps, names, n.Rhs)
		case *ast.RangeStmt:
			ranges = append(ranges, n)
		}
		return true
	})
	return slices.DeleteFunc(ranges, func(r *ast.RangeStmt) bool { return !maps[lastName(r.X)] || fillsMap(r.Body) })
}

func fillsMap(body *ast.BlockStmt) bool {
	return !slices.ContainsFunc(body.List, func(s ast.Stmt) bool {
		a, ok := s.(*ast.AssignStmt)
		if !ok {
			return true
		}
		_, ok = a.Lhs[0].(*ast.IndexExpr)
		return !ok
	})
}

func noteValues(maps map[string]bool, names []*ast.Ident, values []ast.Expr) {
	for i, v := range values {
		if i >= len(names) || names[i] == nil {
			return
		}
		if call, ok := v.(*ast.CallExpr); ok && len(call.Args) > 0 {
			v = call.Args[0] // make(map[...]...)
		} else if lit, ok := v.(*ast.CompositeLit); ok {
			v = lit.Type
		}
		if _, ok := v.(*ast.MapType); ok {
			maps[names[i].Name] = true
		}
	}
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

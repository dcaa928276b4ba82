package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors gives each package its floor. A package imports packages of lower
// floors only. Do not change the table to make a build pass: an import that it
// forbids is a question about the design.
var floors = map[string]int{
	"templates":            0,
	"model/diag":           0,
	"model":                1,
	"model/procedure":      1,
	"model/inventory":      2,
	"model/planner":        2,
	"render":               3,
	"render/check":         4,
	"cmd/requorum":         7,
	"render/rehearse/site": 5,
	"render/rehearse":      6,
	"golden":               8, // tests only
	"golden/lab":           8, // likewise

	"render/rehearse/site/facts": 0, // data for tests
	"golden/lab/standin":         0, // runs on the lab's nodes alone, and shares nothing with the program
}

// fences says which packages alone may import a module or package; everything
// else outside the standard library is forbidden to the program.
var fences = map[string][]string{
	"gopkg.in/yaml.v3":                     {"model/inventory", "render/rehearse/site/facts"},
	"github.com/Masterminds/sprig/v3":      {"render"},
	"github.com/rogpeppe/go-internal/diff": {"render", "render/rehearse/site"},
	"golang.org/x/tools/txtar":             {"render/rehearse"},
	"golang.org/x/sync/errgroup":           {"render", "render/check", "render/rehearse"},
	"golang.org/x/sys/unix":                {"render"},
	"mvdan.cc/sh/v3/syntax":                {"render", "render/check", "render/rehearse/site"},
	"mvdan.cc/sh/v3/interp":                {"render/rehearse/site"},
	"mvdan.cc/sh/v3/expand":                {"render/rehearse/site"},
	"github.com/spf13/pflag":               {"cmd/requorum"},
}

// forTests lists what tests may use besides.
var forTests = []string{
	"github.com/google/go-cmp/cmp",
	"github.com/rogpeppe/go-internal/diff",
	"github.com/rogpeppe/go-internal/testscript",
	"github.com/santhosh-tekuri/jsonschema/v6",
	"github.com/yuin/goldmark",
	"golang.org/x/tools/txtar",
	"golang.org/x/sys/unix",
	"mvdan.cc/sh/v3/syntax",
	"mvdan.cc/sh/v3/expand",
	"mvdan.cc/sh/v3/interp",
	"gopkg.in/yaml.v3",
}

type listed struct {
	ImportPath                         string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

func TestFloors(t *testing.T) {
	for _, p := range goList(t) {
		name := strings.TrimPrefix(p.ImportPath, "requorum/")
		floor, known := floors[name]
		if !known {
			t.Errorf("package %s has no floor", name)
		}
		for _, path := range p.Imports {
			below, own := strings.CutPrefix(path, "requorum/")
			switch {
			case own && floors[below] >= floor:
				t.Errorf("%s, on floor %d, imports %s, on floor %d", name, floor, below, floors[below])
			case !own && strings.Contains(path, ".") && !slices.Contains(fences[path], name):
				t.Errorf("%s imports %s, which is fenced off", name, path)
			}
		}
		for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
			allowed := slices.ContainsFunc(forTests, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") })
			if strings.Contains(path, ".") && !allowed && !slices.Contains(fences[path], name) {
				t.Errorf("the tests of %s import %s, which is fenced off", name, path)
			}
			if path == "requorum/cmd/requorum" {
				t.Errorf("the tests of %s import the command", name)
			}
		}
		if name == "golden" && len(p.GoFiles) > 0 {
			t.Errorf("golden is for tests only, and has %v", p.GoFiles)
		}
	}
}

func goList(t *testing.T) (list []listed) {
	t.Helper()
	c := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,TestImports,XTestImports", "./...")
	c.Dir = "../.."
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// With a replace in go.mod, "go install requorum/cmd/requorum@VERSION" is
// refused.
func TestNothingIsReplaced(t *testing.T) {
	c := exec.Command("go", "mod", "edit", "-json")
	c.Dir = "../.."
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct{ Replace []any }
	if err := json.Unmarshal(out, &mod); err != nil || len(mod.Replace) > 0 {
		t.Errorf("%v %v", mod.Replace, err)
	}
}

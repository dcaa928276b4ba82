package check_test

import (
	"testing"

	"requorum/render/check"
)

// FuzzScript holds that any text can be checked, and that every finding has a
// place in it and a code that help can explain.
func FuzzScript(f *testing.F) {
	known := map[string]bool{}
	for _, c := range check.Codes() {
		known[c.ID] = true
	}
	for _, c := range subsetCases {
		f.Add(begin + c.bad + "\n")
		f.Add(begin + c.good + "\n")
	}
	for _, c := range callCases {
		f.Add(begin + library + c.snippet + "\n")
	}
	for _, c := range destructionCases {
		f.Add(begin + c.snippet + "\n")
	}
	for _, c := range arithmeticCases {
		f.Add(begin + c.snippet + "\n")
	}
	for _, c := range policyCases {
		f.Add(begin + c.snippet + "\n")
	}
	for _, c := range scriptCases {
		f.Add(c.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, d := range check.Script("x.sh", []byte(src)) {
			if !known[d.Code] || d.Line < 1 || d.Column < 1 || d.Text == "" || d.Remedy == "" {
				t.Errorf("%#v", d)
			}
		}
	})
}

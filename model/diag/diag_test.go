package diag

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHasErrors(t *testing.T) {
	tests := []struct {
		list List
		want bool
	}{
		{nil, false},
		{List{{Severity: Warning}}, false},
		{List{{Severity: Warning}, {Severity: Error}}, true},
	}
	for _, test := range tests {
		if got := test.list.HasErrors(); got != test.want {
			t.Errorf("%v: got %v", test.list, got)
		}
	}
}

// TestSort starts from the order that every rule of Sort has to change.
func TestSort(t *testing.T) {
	list := List{
		{File: "b", Line: 1, Column: 1},
		{File: "a", Line: 2, Column: 1},
		{File: "a", Line: 1, Column: 2},
		{File: "a", Line: 1, Column: 1, Code: "d"},
		{File: "a", Line: 1, Column: 1, Code: "c", Text: "2"},
		{File: "a", Line: 1, Column: 1, Code: "c", Text: "1"},
		{File: "a"},
		{},
	}
	var want List
	for i := range list {
		want = append(want, list[len(list)-1-i])
	}
	list.Sort()
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestVisible(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"plain text, ä 東京 '\"`\\", "plain text, ä 東京 '\"`\\"},
		{"a\nb\tc\r", `a\nb\tc\r`},
		{"\x00\x1b\x7f", `\x00\x1b\x7f`},
		{"\u0085\u200b\u202e\u2028\ufeff", `\u0085\u200b\u202e\u2028\ufeff`},
		{"\U000e0001", `\U000e0001`},
		{"\xc3\x28\xff", `\xc3(\xff`},
		{"\ufffd", "\ufffd"},
	}
	for _, test := range tests {
		if got := Visible(test.in); got != test.want {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
	}
}

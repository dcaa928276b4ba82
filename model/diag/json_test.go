package diag

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteJSON(t *testing.T) {
	tests := []struct {
		name string
		list List
		want string
	}{
		{"nil", nil, "{\n  \"schema_version\": 1,\n  \"findings\": []\n}\n"},
		{"empty", List{}, "{\n  \"schema_version\": 1,\n  \"findings\": []\n}\n"},
		{"full", List{{
			Severity: Error, Code: "bad-address", File: "i.yaml", Line: 3, Column: 5,
			Path: "sites.a", Text: "<10.0.0> & more", Remedy: "write it",
		}}, `{
  "schema_version": 1,
  "findings": [
    {
      "severity": "error",
      "code": "bad-address",
      "file": "i.yaml",
      "line": 3,
      "column": 5,
      "path": "sites.a",
      "text": "<10.0.0> & more",
      "remedy": "write it"
    }
  ]
}
`},
		{"hidden characters", List{{
			Severity: Warning, Code: "c", Text: "\x1b\x7f\u009b\u202e\U000e0001 東京\xff",
		}}, `{
  "schema_version": 1,
  "findings": [
    {
      "severity": "warning",
      "code": "c",
      "text": "\u001b\u007f\u009b\u202e\udb40\udc01 東京\ufffd"
    }
  ]
}
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := WriteJSON(&b, test.list); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// FuzzWriteJSON proves that what is escaped reads back as what was said.
func FuzzWriteJSON(f *testing.F) {
	f.Add("text")
	f.Add("\x1b\u202e\U000e0001\"\\")
	f.Fuzz(func(t *testing.T, message string) {
		var b strings.Builder
		if err := WriteJSON(&b, List{{Severity: Error, Code: "c", Text: message}}); err != nil {
			t.Fatal(err)
		}
		var got report
		if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(message)); got.Findings[0].Text != want {
			t.Errorf("%q came back as %q", message, got.Findings[0].Text)
		}
	})
}

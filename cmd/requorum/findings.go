package main

import (
	"bytes"
	"encoding/json"

	"requorum/model/diag"
)

// head is how every JSON document begins.
type head struct {
	SchemaVersion int             `json:"schema_version"`
	Findings      json.RawMessage `json:"findings"`
}

// fill takes over what diag.WriteJSON has written.
func (h *head) fill(findings []byte) error { return json.Unmarshal(findings, h) }

// document is a verb's result in JSON: a struct with a head in it.
type document interface{ fill(findings []byte) error }

// report prints findings, and ends the run where one of them is an error. With
// --output json they go into the document; in text, the verb has printed its
// result itself.
func (s *session) report(o *options, list diag.List, sources map[string][]byte, result document) error {
	var err error
	if o.json() {
		err = s.printJSON(list, result)
	} else {
		err = diag.WriteText(s.stderr, list, sources, s.color)
	}
	if err == nil && list.HasErrors() {
		err = foundErrors()
	}
	return err
}

func (s *session) printJSON(list diag.List, result document) error {
	var findings bytes.Buffer
	if err := diag.WriteJSON(&findings, list); err != nil {
		return err
	}
	if err := result.fill(findings.Bytes()); err != nil {
		return err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(result); err != nil {
		return err
	}
	return s.print(string(diag.VisibleJSON(out.Bytes())))
}

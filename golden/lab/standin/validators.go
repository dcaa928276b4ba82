package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
)

// Exit statuses of the validators (facts 1.8).
const (
	statusInvalid   = 1 // not well-formed, or not JSON
	statusNoFile    = 2 // or too many arguments
	statusForeignly = 3 // well-formed, and something else than it should be
)

func validateSharedIFCs(n *node, args []string) int {
	return n.validateXML(args, "/etc/clearwater/shared_ifcs.xml", "SharedIFCsSets",
		"The shared iFC sets configuration is valid.", "The shared iFC sets file is invalid.")
}

func validateFallbackIFCs(n *node, args []string) int {
	return n.validateXML(args, "/etc/clearwater/fallback_ifcs.xml", "FallbackIFCsSet",
		"The fallback iFCs configuration is valid.", "The fallback iFC sets file is invalid.")
}

// validateXML looks at form and root alone; there is no schema here (facts 1.8).
func (n *node) validateXML(args []string, file, root, valid, invalid string) int {
	if len(args) > 1 {
		n.complain("usage: give one file, or none\n")
		return statusNoFile
	}
	if len(args) == 1 {
		file = args[0]
	}
	f, err := os.Open(n.at(file))
	if err != nil {
		n.say("No configuration file at %s, unable to validate.\n", file)
		return statusNoFile
	}
	defer f.Close()
	status := 0
	switch found, err := rootOf(f); {
	case err != nil:
		status = statusInvalid
	case found != root:
		status = statusForeignly
	}
	if status != 0 {
		n.complain("%s\n", invalid)
		return status
	}
	n.say("%s\n", valid)
	return 0
}

// rootOf gives the name of the root of a text that is well-formed XML.
func rootOf(r io.Reader) (string, error) {
	d := xml.NewDecoder(r)
	root, depth := "", 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root != "" {
			return root, nil
		}
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 && root != "" {
				return "", errors.New("two roots")
			}
			if depth == 0 {
				root = t.Name.Local
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(t)) != "" {
				return "", errors.New("text outside the root")
			}
		}
	}
}

// validateJSON is validate_json.py SCHEMA FILE; a file is valid here that is JSON.
func validateJSON(n *node, args []string) int {
	if len(args) != 2 {
		n.complain("usage: validate_json.py SCHEMA FILE\n")
		return statusInvalid
	}
	text, err := n.read(args[1])
	if err != nil || !json.Valid([]byte(text)) {
		n.complain("%s is not valid\n", args[1])
		return statusInvalid
	}
	return 0
}

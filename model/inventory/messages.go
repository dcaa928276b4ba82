package inventory

// Every sentence that Parse can say about an inventory stands in this file,
// by topic. The voice: short plain sentences for tired people. The text says
// what was found, the remedy what to write instead. No pronoun without its
// noun, and nothing from a file that may hold secrets.

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"
)

// Remedies that several problems share.
const (
	leaveOut         = "write one line of text, or leave the key out"
	writeAddress     = "write one address in numbers, for example 10.1.0.11; a host name does not work here"
	writeWithoutZone = "write the address without the interface"
	writeLine        = "write one line of text"
	writeOperators   = "write how many engineers work at the same time, in plain digits; leave the key out for one"
	writePath        = "write the path of a file next to the inventory or below, for example files/shared_config"
	writeSites       = "write one key for each site, for example site1:"
	writeNodes       = "write one key for each node, or nodes: {} for a site without nodes"
	writeUTF8        = "save the file as UTF-8"
	writeValueOut    = "write the value out in full at each place"

	ruleSiteName = "use lower-case letters, digits, - and _; at most 63 characters; a letter or digit first and last"
	ruleNodeName = "use lower-case letters, digits and -; at most 63 characters; a letter or digit first and last"
	ruleKey      = "use letters, digits, dots, - and _; at most 63 characters; a letter or digit first"
)

// The file as a whole.

func tooLarge(what string, limit int) problem {
	return problem{
		codeTooLarge,
		fmt.Sprintf("%s has more than %d bytes", what, limit),
		"check that the right file is named",
	}
}

func notUTF8(what string, b byte) problem {
	return problem{codeNotUTF8, fmt.Sprintf("%s is not UTF-8 text: found the byte 0x%02x", what, b), writeUTF8}
}

func controlCharacter(what string, c rune) problem {
	return problem{
		codeControlCharacter,
		fmt.Sprintf("%s has the control character U+%04X here", what, c),
		"remove the character; an editor that shows control characters helps",
	}
}

func emptyInventory() problem {
	return problem{
		codeEmptyInventory,
		"the inventory is empty",
		`start from the example that "requorum init" prints`,
	}
}

func severalDocuments() problem {
	return problem{
		codeSeveralDocuments,
		"a second YAML document begins here",
		"keep one document in the file; remove the line with --- or ... above",
	}
}

func tooMany(more int) problem {
	return problem{
		codeTooMany,
		fmt.Sprintf("%d more findings are not shown", more),
		"correct the findings above first",
	}
}

// YAML syntax. The words of yaml.v3 stand beside our own.

func notYAML(message string) problem {
	for _, known := range syntaxMessages {
		if strings.HasPrefix(message, known.message) {
			return problem{codeNotYAML, "not YAML: " + known.text, known.remedy}
		}
	}
	return problem{codeNotYAML, "not YAML: " + message, "check quotes, brackets and indentation here and on the line above"}
}

var syntaxMessages = []struct{ message, text, remedy string }{
	{
		"mapping values are not allowed in this context",
		"a key cannot stand here",
		`indent the line like its neighbours; put a value that holds ": " in quotes`,
	},
	{
		"found character that cannot start any token",
		"this character cannot begin a value",
		"use spaces instead of tabs; put a value that begins with @, %, | or a backquote in quotes",
	},
	{
		foundTab,
		"a tab stands where only spaces may",
		"indent with spaces",
	},
	{
		foundLookAlike,
		"a character in the indentation looks like a space and is none",
		"type the spaces anew",
	},
	{
		foundText,
		"text stands behind a closing quote",
		"put the whole value in quotes, or remove what stands behind them",
	},
	{
		"could not find expected ':'",
		"a key without a colon",
		`write "key: value", with a space behind the colon`,
	},
	{
		"did not find expected key",
		"this line does not continue what stands above",
		"indent the line like its neighbours; write nothing behind a closing quote or bracket",
	},
	{
		"did not find expected '-' indicator",
		"this line does not continue the list above",
		"indent the line like its neighbours",
	},
	{
		"did not find expected ',' or",
		"a bracket is not closed, or a comma is missing",
		"close the bracket, and put a comma between entries",
	},
	{
		"found unexpected end of stream",
		"a quote that opens here is not closed",
		"close the quote",
	},
	{
		"found unknown escape character",
		"unknown escape sequence in double quotes",
		"use single quotes for text with backslashes",
	},
	{
		"did not find expected hexdecimal number",
		"an escape sequence in double quotes lacks its digits",
		"use single quotes for text with backslashes",
	},
	{
		"did not find expected node content",
		"a value is missing, or a bracket is closed that never opened",
		"write the value, or remove the bracket",
	},
	{
		"did not find expected <document start>",
		"the document has ended above",
		"keep one document in the file; remove the line with ... above",
	},
	{
		"found undefined tag handle",
		"a tag that is not declared",
		"remove the tag; put a value that begins with ! in quotes",
	},
	{
		"found incompatible YAML document",
		"a version line that the reader does not know",
		"remove the line with %YAML",
	},
	{
		"exceeded max depth",
		"the file is nested too deeply",
		"check that the right file is named",
	},
}

// YAML that the inventory does not use.

func noAlias(name string) problem {
	return problem{codeAlias, "alias " + quote("*"+name) + " found; the inventory uses no aliases", writeValueOut}
}

func noAnchor(name string) problem {
	return problem{codeAlias, "anchor " + quote("&"+name) + " found; the inventory uses no anchors", writeValueOut}
}

func noMerge() problem {
	return problem{codeAlias, `merge key "<<" found; the inventory uses no merge keys`, writeValueOut}
}

func noTag(tag string) problem {
	return problem{codeTag, "tag " + quote(tag) + " found; the inventory uses no tags", "remove the tag"}
}

func tooDeep() problem {
	return problem{codeTooDeep, "nested more deeply than any part of an inventory", "check the indentation"}
}

func keyNotText() problem {
	return problem{codeWrongType, "a list or a block of keys stands as a key", "write a key of plain text"}
}

// Keys.

func duplicateKey(key string, line int) problem {
	return problem{
		codeDuplicateKey,
		fmt.Sprintf("key %s stands twice; the first is on line %d", quote(key), line),
		"keep one of the two",
	}
}

func unknownKey(key, owner, near string, known []string) problem {
	remedy := "remove the key; known keys here: " + strings.Join(known, ", ")
	if near != "" {
		remedy = "write " + near + ", the nearest known key"
	}
	return problem{codeUnknownKey, fmt.Sprintf("unknown key %s in %s", quote(key), owner), remedy}
}

func missingField(owner string, s *spec) problem {
	return problem{codeMissingField, fmt.Sprintf("%s has no %s", owner, s.key), "add " + s.example}
}

// Single values.

func wrongType(found, belongs, remedy string) problem {
	return problem{codeWrongType, fmt.Sprintf("found %s where %s belongs", found, belongs), remedy}
}

func putInQuotes(value string) string { return "put the value in quotes: " + quote(value) }

func notTrueOrFalse(value string) *problem {
	p := wrongType(quote(value), "true or false", writeTruth(value))
	return &p
}

func writeTruth(value string) string {
	switch strings.ToLower(value) {
	case "true", "yes", "on", "y":
		return "write true, in small letters and without quotes"
	case "false", "no", "off", "n":
		return "write false, in small letters and without quotes"
	}
	return "write true or false"
}

func wrongVersion(value string) *problem {
	return &problem{
		codeWrongVersion,
		fmt.Sprintf("version %s of the inventory format is unknown to this requorum", quote(value)),
		"write version: 1",
	}
}

func notUpTo(limit int, value, remedy string) *problem {
	return &problem{codeBadNumber, fmt.Sprintf("%s is not a number from 1 to %d", quote(value), limit), remedy}
}

func unknownWord(code, value, noun string, legal []string) *problem {
	remedy := "write " + oneOf(legal)
	if near, ok := nearest(value, legal); ok {
		remedy = "write " + near + ", the nearest of: " + strings.Join(legal, ", ")
	}
	return &problem{code, quote(value) + " is not " + noun, remedy}
}

func notOfPattern(code, value, noun, rule string) *problem {
	return &problem{code, quote(value) + " is not " + noun, rule}
}

func emptyLine(remedy string) *problem {
	return &problem{codeBadText, "the text is empty", remedy}
}

func longLine(length int) *problem {
	return &problem{
		codeBadText,
		fmt.Sprintf("the text has %d characters; the limit is %d", length, maxLine),
		"shorten the text",
	}
}

func invisibleCharacter(c rune, position int) *problem {
	what, remedy := "an invisible character", "write one line of printable text"
	switch {
	case c == 0x2800 || unicode.Is(unicode.Zs, c):
		what, remedy = "a look-alike of a space", "type a plain space there"
	case c == '\n' || c == '\r':
		what = "a line end"
	case unicode.IsControl(c):
		what = "a control character"
	}
	return &problem{
		codeBadText,
		fmt.Sprintf("character %d of the text is %s, U+%04X", position, what, c),
		remedy,
	}
}

func spaceAtEnd() *problem {
	return &problem{codeBadText, "the text begins or ends with a space", "remove the space"}
}

func pathOutside(path string) *problem {
	return &problem{codeBadPath, quote(path) + " leaves the folder of the inventory", writePath}
}

func pathOfFolder(path string) *problem {
	return &problem{codeBadPath, quote(path) + " ends with a slash, so it is the path of a folder", writePath}
}

// Addresses.

func notAddress(value string) *problem {
	remedy := writeAddress
	if a, ok := addressWithin(value); ok {
		remedy = "write the address alone: " + a.String()
	}
	return &problem{codeBadAddress, quote(value) + " is not an IP address", remedy}
}

func badAddress(value, reason, remedy string) *problem {
	return &problem{codeBadAddress, quote(value) + " " + reason, remedy}
}

func ipv6Management(value string) *problem {
	return &problem{
		codeIPv6Management,
		value + " is an IPv6 management address, which Clearwater's etcd start-up cannot use",
		"give the node an IPv4 address as management_local_ip",
	}
}

func duplicateAddress(value, role string, first user) problem {
	return problem{
		codeDuplicateAddress,
		fmt.Sprintf("%s is already the %s of node %s (line %d)", value, role, quote(first.node.name.text), first.at.line),
		"give each node an address of its own; without management_local_ip, local_ip is the management address too",
	}
}

// The deployment.

func duplicateName(name, site string, first place) problem {
	return problem{
		codeDuplicateName,
		fmt.Sprintf("node name %s is already used in site %s (line %d)", quote(name), quote(site), first.line),
		"give each node of the deployment a name of its own",
	}
}

func unknownSite(name string, sites []string) problem {
	remedy := "add the site below sites"
	if near, ok := nearest(name, sites); ok {
		remedy = "write " + near + ", the nearest site"
	} else if 0 < len(sites) && len(sites) <= 9 {
		remedy = "write " + oneOf(sites)
	}
	return problem{codeUnknownSite, "site " + quote(name) + " is not among sites", remedy}
}

func noLiveNode(site string, nodes int) problem {
	text := fmt.Sprintf("every node of site %s is failed", quote(site))
	if nodes == 0 {
		text = fmt.Sprintf("site %s has no nodes", quote(site))
	}
	return problem{
		codeNoLiveNode,
		text + "; a recovery needs a live one",
		"list the nodes that still work, with state: live; with none left, deploy the site anew",
	}
}

func noMaster(site string) problem {
	return problem{
		codeNoMaster,
		fmt.Sprintf("no node of site %s was an etcd master", quote(site)),
		"write etcd: master for each node whose local_config sets etcd_cluster, failed nodes too",
	}
}

// shared_config.

var errNoFiles = errors.New("no files can be read here")

func unreadableFile(path string, err error) problem {
	if inner := new(fs.PathError); errors.As(err, &inner) {
		err = inner.Err // without the path a second time
	}
	return problem{
		codeUnreadableFile,
		fmt.Sprintf("file %s cannot be read: %v", quote(path), err),
		"put the file there, or remove the key files",
	}
}

func noSetting() problem {
	return problem{
		codeEmptyFile,
		"shared_config sets nothing",
		"take a copy with the site's settings; an empty one would wipe the configuration of every node",
	}
}

func carriageReturn(count int) problem {
	return problem{
		codeCarriageReturn,
		fmt.Sprintf("shared_config has carriage returns (%d); the first is here", count),
		"convert the file to Unix line ends, for example with: sed -i 's/\\r$//' FILE",
	}
}

func noFinalNewline() problem {
	return problem{
		codeNoFinalNewline,
		"the last line of shared_config has no line end",
		"end the last line with a line end; a line appended later would be glued to it",
	}
}

// oneOf joins words as a choice: a, b or c.
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

package inventory

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"requorum/model"
)

// The kinds of single values in the inventory.
var (
	versionKind = kind{
		noun:   "the format version",
		remedy: "write version: 1",
		tag:    intTag,
		check:  checkVersion,
		schema: members{{"const", 1}},
	}

	operatorsKind = kind{
		noun:   "a number",
		remedy: writeOperators,
		tag:    intTag,
		check:  checkOperators,
		schema: members{{"minimum", 1}, {"maximum", model.MaxOperators}},
	}

	boolKind = kind{
		noun:   "true or false",
		remedy: writeTruth(""),
		tag:    boolTag,
		check:  checkBool,
	}

	typeKind  = words("a node type", codeUnknownType, typeWords()...)
	roleKind  = words("an etcd role", codeUnknownRole, string(model.Master), string(model.Proxy))
	stateKind = words("a node state", codeUnknownState, string(model.Live), string(model.Failed))

	siteNameKind = pattern("a site name", codeBadName, ruleSiteName, `^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$`)
	nodeNameKind = pattern("a node name", codeBadName, ruleNodeName, `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	keyKind      = pattern("a part of an etcd key", codeBadKey, ruleKey, `^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

	addressKind = kind{
		noun:   "an IP address",
		remedy: writeAddress,
		tag:    strTag,
		check:  checkAddress,
		schema: members{{"anyOf", []members{{{"format", "ipv4"}}, {{"format", "ipv6"}}}}},
	}

	managementKind = kind{
		noun:   "an IPv4 address",
		remedy: writeAddress,
		tag:    strTag,
		check:  checkManagement,
		schema: members{{"format", "ipv4"}},
	}

	pathKind = kind{
		noun:   "a relative path",
		remedy: writePath,
		tag:    strTag,
		check:  checkPath,
		schema: lineSchema(),
	}
)

// words is the kind of a value that is one of few words.
func words(noun, code string, legal ...string) kind {
	return kind{
		noun:   noun,
		remedy: "write " + oneOf(legal),
		tag:    strTag,
		check: func(value string) *problem {
			if slices.Contains(legal, value) {
				return nil
			}
			return unknownWord(code, value, noun, legal)
		},
		schema: members{{"enum", legal}},
	}
}

// pattern is the kind of a value that a regular expression describes. The
// expression goes into the schema too, so it must mean the same in ECMAScript.
func pattern(noun, code, rule, expression string) kind {
	legal := regexp.MustCompile(expression)
	return kind{
		noun:   noun,
		remedy: rule,
		tag:    strTag,
		check: func(value string) *problem {
			if legal.MatchString(value) {
				return nil
			}
			return notOfPattern(code, value, noun, rule)
		},
		schema: members{{"pattern", expression}},
	}
}

// lineKind is one printable line; whenEmpty is what to do about an empty one.
func lineKind(whenEmpty string) kind {
	return kind{
		noun:   "text",
		remedy: writeLine,
		tag:    strTag,
		check:  func(value string) *problem { return checkLine(value, whenEmpty) },
		schema: lineSchema(),
	}
}

func checkVersion(value string) *problem {
	if value == "1" {
		return nil
	}
	return wrongVersion(value)
}

// plainNumber leaves out the spellings that one reader of YAML takes for a
// number in another base and the next for text, such as 0x2 and 02.
var plainNumber = regexp.MustCompile(`^[1-9][0-9]*$`)

func checkOperators(value string) *problem {
	n, err := strconv.Atoi(value)
	if err != nil || n > model.MaxOperators || !plainNumber.MatchString(value) {
		return notUpTo(model.MaxOperators, value, writeOperators)
	}
	return nil
}

// checkBool takes no other spelling than YAML 1.2's own: one program reads
// True and yes as a truth value and the next as text.
func checkBool(value string) *problem {
	if value == "true" || value == "false" {
		return nil
	}
	return notTrueOrFalse(value)
}

// checkPath refuses what could leave the folder of the inventory, and what no
// file can be called.
func checkPath(value string) *problem {
	if p := checkLine(value, writePath); p != nil {
		return p
	}
	if strings.HasSuffix(value, "/") {
		return pathOfFolder(value)
	}
	if path.IsAbs(value) || slices.Contains(strings.Split(value, "/"), "..") {
		return pathOutside(value)
	}
	return nil
}

func typeWords() []string {
	types := make([]string, len(model.Types))
	for i, t := range model.Types {
		types[i] = string(t)
	}
	return types
}

package inventory

import (
	"strings"
	"testing"
	"unicode"
)

// TestCheckLine tries one character at a time.
func TestCheckLine(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue // not a character
		}
		legal := checkLine("a"+string(r)+"b", "") == nil
		switch {
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Bidi_Control) && legal,
			unicode.Is(unicode.Cf, r) && !isVisibleFormat(r) && legal,
			unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) && legal,
			isLookAlike(r) && legal:
			t.Errorf("%U is accepted", r)
		case unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs) &&
			!unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) && !isLookAlike(r) && !legal:
			t.Errorf("%U is refused", r)
		}
	}
}

// isLookAlike knows what looks like a space and is none, but for the spaces
// that have a shape or the width of a letter: ogham, ideographic.
func isLookAlike(r rune) bool {
	return r == 0x2800 || unicode.Is(unicode.Zs, r) && r != ' ' && r != 0x1680 && r != 0x3000
}

// isVisibleFormat knows the format characters that have a shape: signs of
// Arabic, Syriac, Kaithi and hieroglyphs that span the characters behind.
func isVisibleFormat(r rune) bool {
	return unicode.Is(unicode.Prepended_Concatenation_Mark, r) || r >= 0x13430 && r <= 0x1343f
}

func TestCheckLineLength(t *testing.T) {
	tests := []struct {
		value string
		legal bool
	}{
		{"", false},
		{"x", true},
		{strings.Repeat("ä", maxLine), true},
		{strings.Repeat("a", maxLine+1), false},
		{" ", false},
		{" a", false},
		{"a ", false},
		{"a\u3000", false},
		{"a  b", true},
		{"a\tb", false},
		{"a\u00a0b", false},
		{"a\u2007b", false},
		{"a\u202fb", false},
		{"a\u205fb", false},
		{"a\u2800b", false},
		{"東京\u3000棚", true},
	}
	for _, test := range tests {
		if got := checkLine(test.value, "") == nil; got != test.legal {
			t.Errorf("%q: %v", test.value, got)
		}
	}
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		kind  *kind
		value string
		legal bool
	}{
		{&nodeNameKind, "a", true},
		{&nodeNameKind, "1", true},
		{&nodeNameKind, "vellum-1", true},
		{&nodeNameKind, "a--b", true},
		{&nodeNameKind, strings.Repeat("a", 63), true},
		{&nodeNameKind, strings.Repeat("a", 64), false},
		{&nodeNameKind, "", false},
		{&nodeNameKind, "-a", false},
		{&nodeNameKind, "a-", false},
		{&nodeNameKind, "a_b", false},
		{&nodeNameKind, "A", false},
		{&nodeNameKind, "a.b", false},
		{&nodeNameKind, "a b", false},
		{&nodeNameKind, "a\n", false},
		{&nodeNameKind, "ä", false},
		{&siteNameKind, "site_1", true},
		{&siteNameKind, "a__b", true},
		{&siteNameKind, "_", false},
		{&siteNameKind, "_s", false},
		{&siteNameKind, "s_", false},
		{&siteNameKind, "a/b", false},
		{&siteNameKind, "a-", false},
		{&keyKind, "clearwater", true},
		{&keyKind, "DO_NOT_CLUSTER", true},
		{&keyKind, "a.b-c_d", true},
		{&keyKind, strings.Repeat("a", 63), true},
		{&keyKind, strings.Repeat("a", 64), false},
		{&keyKind, ".a", false},
		{&keyKind, "-a", false},
		{&keyKind, "a/b", false},
		{&keyKind, "", false},
		{&keyKind, "a\n", false},
	}
	for _, test := range tests {
		if got := test.kind.check(test.value) == nil; got != test.legal {
			t.Errorf("%q as %s: %v", test.value, test.kind.noun, got)
		}
	}
}

func TestAddressWithin(t *testing.T) {
	tests := []struct{ in, want string }{
		{"10.1.0.11/24", "10.1.0.11"},
		{"10.1.0.11:4000", "10.1.0.11"},
		{"[fd00::1]:4000", "fd00::1"},
		{"[fd00::1]", "fd00::1"},
		{" 10.1.0.11 ", "10.1.0.11"},
		{"fd00::1/64", "fd00::1"},
		{"vellum-1", ""},
		{"10.1.0.11,10.1.0.12", ""},
	}
	for _, test := range tests {
		a, ok := addressWithin(test.in)
		if ok != (test.want != "") || ok && a.String() != test.want {
			t.Errorf("%q: got %v, %v", test.in, a, ok)
		}
	}
}

func TestNearest(t *testing.T) {
	node, top := keysOf(nodeRows), keysOf(rootRows)
	tests := []struct {
		word  string
		known []string
		want  string
	}{
		{"local_pi", node, "local_ip"},
		{"local-ip", node, "local_ip"},
		{"LOCAL_IP", node, "local_ip"},
		{"localip", node, "local_ip"},
		{"management_ip", node, "management_local_ip"},
		{"mgmt_local_ip", node, "management_local_ip"},
		{"stat", node, "state"},
		{"status", node, "state"},
		{"etc", node, "etcd"},
		{"typ", node, "type"},
		{"role", node, ""},
		{"ip", node, ""},
		{"", node, ""},
		{strings.Repeat("local_ip", 100), node, ""},
		{"site", top, "sites"},
		{"name", top, ""},
		{"Vellum", typeWords(), "vellum"},
		{"homestead-prov", typeWords(), ""},
	}
	for _, test := range tests {
		if got, _ := nearest(test.word, test.known); got != test.want {
			t.Errorf("%q: got %q, want %q", test.word, got, test.want)
		}
	}
}

func TestJoinPath(t *testing.T) {
	tests := []struct {
		keys []string
		want string
	}{
		{nil, ""},
		{[]string{"a", "b-1", "c_2"}, "a.b-1.c_2"},
		{[]string{"a.b", "", "c d", "\x1b"}, `"a.b"."".` + `"c d"."\x1b"`},
		{[]string{strings.Repeat("x", 61)}, `"` + strings.Repeat("x", 60) + `..."`},
	}
	for _, test := range tests {
		if got := joinPath(test.keys...); got != test.want {
			t.Errorf("%q: got %s, want %s", test.keys, got, test.want)
		}
	}
}

func TestCheckAddress(t *testing.T) {
	tests := []struct {
		value  string
		says   string // part of the text; empty for a legal address
		remedy string
	}{
		{"10.1.0.11", "", ""},
		{"192.0.2.255", "", ""},
		{"fd00::11", "", ""},
		{"2001:DB8:0::11", "", ""},
		{"", "not an IP address", "in numbers"},
		{"vellum-1", "not an IP address", "host name"},
		{"10.1.0", "not an IP address", "in numbers"},
		{"10.1.0.011", "not an IP address", "in numbers"},
		{"10.1.0.11 ", "not an IP address", "alone: 10.1.0.11"},
		{"10.1.0.11/24", "not an IP address", "alone: 10.1.0.11"},
		{"[fd00::11]:4000", "not an IP address", "alone: fd00::11"},
		{"169.254.1.1", "link-local", "in numbers"},
		{"0.0.0.0", "stands for no address", "in numbers"},
		{"0.1.2.3", "begins with 0", "in numbers"},
		{"240.0.0.1", "reserved", "in numbers"},
		{"255.255.255.254", "reserved", "in numbers"},
		{"::", "stands for no address", "in numbers"},
		{"127.0.0.1", "loopback", "in numbers"},
		{"127.9.9.9", "loopback", "in numbers"},
		{"::1", "loopback", "in numbers"},
		{"224.0.0.1", "multicast", "in numbers"},
		{"ff02::1", "multicast", "in numbers"},
		{"255.255.255.255", "broadcast", "in numbers"},
		{"::ffff:10.1.0.11", "IPv6 form", "write 10.1.0.11"},
		{"::ffff:127.0.0.1", "IPv6 form", "write 127.0.0.1"},
		{"fe80::11", "link-local", "in numbers"},
		{"fe80::11%eth0", "interface", "without the interface"},
		{"fd00::11%eth0", "interface", "without the interface"},
	}
	for _, test := range tests {
		p := checkAddress(test.value)
		switch {
		case test.says == "":
			if p != nil {
				t.Errorf("%q: %v", test.value, *p)
			}
		case p == nil:
			t.Errorf("%q is accepted", test.value)
		case p.code != codeBadAddress || !strings.Contains(p.text, test.says) || !strings.Contains(p.remedy, test.remedy):
			t.Errorf("%q: got %v, want %q and %q", test.value, *p, test.says, test.remedy)
		}
	}
}

func TestWriteTruth(t *testing.T) {
	for value, want := range map[string]string{
		"yes": "write true,", "On": "write true,", "TRUE": "write true,", "y": "write true,",
		"no": "write false,", "off": "write false,", "False": "write false,", "n": "write false,",
		"1": "write true or false", "": "write true or false",
	} {
		if got := writeTruth(value); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q", value, got)
		}
	}
}

func TestOneOf(t *testing.T) {
	for want, words := range map[string][]string{
		"":          nil,
		"a":         {"a"},
		"a or b":    {"a", "b"},
		"a, b or c": {"a", "b", "c"},
	} {
		if got := oneOf(words); got != want {
			t.Errorf("%v: got %q, want %q", words, got, want)
		}
	}
}

package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Schema returns the JSON Schema (2020-12) of the inventory, for editors: the
// keys, what their values may be, and what they mean. It comes from the tables
// that Parse works by. What a schema cannot say (an address used twice, a site
// without a live node) only Parse finds.
func Schema() []byte {
	schema := members{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "requorum inventory, version 1"},
		{"description", "What a Clearwater deployment consists of, for the recovery of one site's etcd cluster."},
	}
	k := object(rootRows)
	var out bytes.Buffer
	if err := json.Indent(&out, encode(append(schema, k.describeType()...)), "", "  "); err != nil {
		panic("inventory: the schema is not JSON: " + err.Error()) // tables of this package only
	}
	out.WriteByte('\n')
	return escapeNonASCII(out.Bytes())
}

// members is a JSON object that keeps its order.
type members []member

type member struct {
	key   string
	value any
}

// MarshalJSON implements json.Marshaler.
func (m members) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, each := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, encode(each.key)...)
		b = append(b, ':')
		b = append(b, encode(each.value)...)
	}
	return append(b, '}'), nil
}

// encode marshals without the escapes for HTML, which nobody reads here.
func encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("inventory: the schema is not JSON: " + err.Error()) // tables of this package only
	}
	return bytes.TrimSpace(b.Bytes())
}

// schemaType gives the JSON name of each YAML tag.
func schemaType(tag string) string {
	switch tag {
	case intTag:
		return "integer"
	case boolTag:
		return "boolean"
	case mapTag:
		return "object"
	}
	return "string"
}

// describeType lists the schema keywords of a kind.
func (k *kind) describeType() members {
	m := append(members{{"type", schemaType(k.tag)}}, k.schema...)
	if k.names != nil {
		values := kind{tag: mapTag, rows: k.values}
		return append(m, member{"propertyNames", k.names.describeType()}, member{"additionalProperties", values.describeType()})
	}
	if k.tag != mapTag {
		return m
	}
	var properties members
	required := []string{}
	for i := range k.rows {
		properties = append(properties, member{k.rows[i].key, k.rows[i].describe()})
		if k.rows[i].required {
			required = append(required, k.rows[i].key)
		}
	}
	return append(m, member{"properties", properties}, member{"required", required}, member{"additionalProperties", false})
}

// describe lists the schema keywords of a table row.
func (s *spec) describe() members {
	m := members{{"description", s.about}}
	if s.preset != nil {
		m = append(m, member{"default", s.preset})
	}
	return append(m, s.kind.describeType()...)
}

// escapeNonASCII keeps the invisible characters of patterns visible.
func escapeNonASCII(b []byte) []byte {
	escaped := make([]byte, 0, len(b)+len(b)/4)
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		switch {
		case c < 0x7f:
			escaped = append(escaped, byte(c))
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, c)
		}
		b = b[size:]
	}
	return escaped
}

package main

import "requorum/model/inventory"

const schemaHelp = `
Prints a JSON Schema (2020-12) of the inventory, for editors. An editor with the YAML language server takes it from a first line like

  # yaml-language-server: $schema=inventory.schema.json

What a schema cannot say, an address used twice for instance, only "plan" and "render" find.
`

func runSchema(s *session, _ *options, _ []string) error {
	return s.print(string(inventory.Schema()))
}

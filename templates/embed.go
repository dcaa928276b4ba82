// Package templates embeds the template tree and exports it as one fs.FS.
//
//	lib/NOUN.sh          functions of the node scripts, plain bash
//	node/*.sh.tmpl       head, stages and dispatch of a node script
//	runbook/*.tmpl       the runbook and the plan's text
//	example/*.yaml       the starter inventory
package templates

import "embed"

// FS is the template tree that requorum carries.
//
//go:embed lib node runbook example
var FS embed.FS

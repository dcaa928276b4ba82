package check

import (
	"bytes"
	"fmt"

	"mvdan.cc/sh/v3/syntax"

	"requorum/model"
	"requorum/model/diag"
)

var sharedConfigRules = []rule{
	{id: "shared-config-syntax", forbids: "the shared_config that the inventory names is no shell", instead: "mend the file that the inventory names: sh -n FILE says more",
		why: "Clearwater's programs read shared_config as commands, some with bash and some with sh. If a shell cannot parse the file, none of the services start, at the whole site. What the file says is not printed, since it holds passwords."},
}

// checkSharedConfig holds that every shell can parse the shared_config that the
// scripts carry.
func checkSharedConfig(p *model.Plan) diag.List {
	if p.SharedConfig == nil {
		return nil
	}
	_, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(p.SharedConfig), "")
	if err == nil {
		return nil
	}
	f := syntaxFinding(err, 0)
	line, column := newLines(p.SharedConfig).place(f.offset)
	f.rule, f.text = "shared-config-syntax", fmt.Sprintf("the shared_config that the inventory names is no shell: line %d, column %d", line, column)
	d := f.diagnostic()
	d.Path = "sites." + p.Site + ".files.shared_config"
	return diag.List{d}
}

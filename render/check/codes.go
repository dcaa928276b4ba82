package check

import (
	"slices"

	"requorum/model/diag"
)

// allRules lists every rule of every check.
func allRules() []rule {
	return slices.Concat(textRules, subsetRules, callRules, arithmeticRules, policyRules, destructionRules, surveyRules,
		valueRules, agreementRules, runbookRules, sharedConfigRules, folderRules)
}

// ruleOf finds a rule by its id; a finding always has one of the list.
func ruleOf(id string) rule {
	for _, r := range allRules() {
		if r.id == id {
			return r
		}
	}
	return rule{id: id}
}

// Codes describes every finding that a check can give.
func Codes() []diag.Code {
	var list []diag.Code
	for _, r := range allRules() {
		list = append(list, diag.Code{
			ID:      r.id,
			Summary: r.forbids,
			Detail:  r.why + "\n\nThe remedy: " + r.instead + ".",
		})
	}
	return list
}

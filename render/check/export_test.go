package check

// SubsetRuleIDs lists the rules of the subset for the test that each is tested.
func SubsetRuleIDs() []string { return ids(subsetRules) }

func ids(rules []rule) []string {
	var list []string
	for _, r := range rules {
		list = append(list, r.id)
	}
	return list
}

// ShellVariableNames lists the variables that scripts may not use.
func ShellVariableNames() []string {
	var list []string
	for _, v := range shellVariables {
		list = append(list, v.name)
	}
	return list
}

// RefusedBuiltinNames lists the builtins that scripts may not use.
func RefusedBuiltinNames() []string {
	var list []string
	for _, b := range refusedBuiltins {
		list = append(list, b.name)
	}
	return list
}

// CommandArguments lists the commands with the arguments that they may not have.
func CommandArguments() map[string][]string {
	out := map[string][]string{}
	for _, c := range commands {
		out[c.name] = c.never
	}
	return out
}

// WrapperNames lists the wrappers by their words.
func WrapperNames() [][]string {
	var list [][]string
	for _, w := range wrappers {
		list = append(list, w.words)
	}
	return list
}

// DestroyerNames lists the destructive commands.
func DestroyerNames() []string {
	var list []string
	for _, d := range destroyers {
		list = append(list, d.name)
	}
	return list
}

// Target is a path that may be destroyed, by which commands, and in which
// function; anywhere if empty.
type Target struct {
	Path string
	By   []string
	In   string
}

// Targets lists the paths that may be destroyed.
func Targets() []Target {
	var out []Target
	for _, t := range append(targets[:len(targets):len(targets)], variableTargets...) {
		out = append(out, Target{t.path, t.by, t.in})
	}
	return out
}

// RuleReasons gives every rule's id with its reason.
func RuleReasons() map[string]string {
	out := map[string]string{}
	for _, r := range allRules() {
		out[r.id] = r.why
	}
	return out
}

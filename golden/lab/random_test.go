//go:build lab

package lab

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render/rehearse"
)

// randomKills writes a story in which a script dies once in each stage, at a command that
// the seed chooses. The rehearsal plays it as well.
func randomKills(t *testing.T, golden string, seed uint64) story {
	t.Helper()
	p, b := build(t, golden)
	r, err := rehearse.New(p, b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Clean(t.Context()); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	text := fmt.Sprintf("case: %s\nScripts die at places chosen by the seed %d.\n-- story --\nshort\n", golden, seed)
	for _, stage := range p.Stages {
		if len(stage.Nodes) > 0 {
			text += killIn(random, r, stage)
		}
	}
	return story{name: fmt.Sprintf("kills-of-seed-%d", seed), file: "seed.txtar", plan: p, bundle: b, source: []byte(text + "goal\n")}
}

// killIn is the lines of one stage: the nodes before the one that is chosen, its run that
// dies, and all that is left.
func killIn(random *rand.Rand, r *rehearse.Rehearsal, stage model.Stage) string {
	at := random.IntN(len(stage.Nodes))
	var text string
	if at > 0 {
		text += fmt.Sprintf("run %s %s\n", stage.Name, strings.Join(stage.Nodes[:at], " "))
	}
	node := stage.Nodes[at]
	var list []string
	for _, command := range r.Commands(rehearse.Turn{Stage: stage.Name, Node: node}) {
		if line := playable(command); line != "" {
			list = append(list, line)
		}
	}
	when := []string{"before", "after"}[random.IntN(2)]
	text += fmt.Sprintf("kill %s %s %s %s\nexpect killed\n", stage.Name, node, when, list[random.IntN(len(list))])
	return text + fmt.Sprintf("run %s %s\n", stage.Name, strings.Join(stage.Nodes[at:], " "))
}

// playable is how a command begins, up to what differs from one site to another: times
// process numbers and those of records. It is empty if the command may not come at all,
// since it depends on how long something takes, or is one of the many that only keep the
// script's own records.
func playable(command []string) string {
	if slices.Contains([]string{"sleep", "service", "flock", "bash", "date", "sha256sum"}, command[0]) {
		return ""
	}
	var words []string
	for _, word := range command {
		if word == "" || strings.ContainsAny(word, " \n\t") || digits(word) > 7 || strings.Contains(word, ".outputs/") {
			break
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// digits is the longest run of digits in a word: times have eight and more.
func digits(word string) int {
	most, here := 0, 0
	for _, c := range word {
		if c < '0' || c > '9' {
			here = 0
			continue
		}
		here++
		most = max(most, here)
	}
	return most
}

package check

import (
	"fmt"
	"slices"
	"strings"
)

var surveyRules = []rule{
	{id: "survey-writes", forbids: "the stage survey could change the node", instead: "let the survey call only what looks, and put the change into another stage",
		why: "The survey is run before anybody has decided anything, on nodes that still serve. Whatever stage_survey calls, straight or through any number of functions, may use only the commands that are listed as looking, and may write only the records of its own runs under /var/log/requorum."},
}

// surveyStage is the function that everything the survey does hangs on.
const surveyStage = "stage_survey"

// changing are functions that the survey must not reach, whatever they are given.
var changing = []struct{ function, why string }{
	{"note_changed", "it notes that the node is changed"},
	{"put", "it writes a file"},
	{"keep_text", "it makes a copy"},
	{"change", "it runs a command that changes the node"},
	{"request", "it asks a daemon for a change"},
	{"keep", "it copies what is about to be changed"},
	{"make_copies_folder", "it makes the folder of the copies"},
	{"unwritten", "it says that a change was begun"},
}

// looking lists the commands that the survey may use: of those in commands the
// ones that only look, in these forms alone where there are some.
var looking = []struct {
	name  string
	forms []string
	why   string
}{
	{":", nil, "does nothing"},
	{".", nil, "reads Clearwater's configuration in a shell of its own, as all of Clearwater's programs do"},
	{"[", nil, "tests"},
	{"break", nil, "leaves a loop"},
	{"command", nil, "command -v runs nothing"},
	{"continue", nil, "goes on in a loop"},
	{"exit", nil, "ends the script"},
	{"false", nil, "fails"},
	{"printf", nil, "prints; where it writes is judged by itself"},
	{"read", nil, "reads a line"},
	{"return", nil, "ends a function"},
	{"set", nil, "strict mode of a shell that only reads"},
	{"shift", nil, "takes arguments one by one"},
	{"true", nil, "succeeds"},
	{"wait", nil, "waits for what runs side by side"},

	{"bash", nil, "its version"},
	{"cat", nil, "prints a file"},
	{"cmp", nil, "compares"},
	{"date", nil, "tells the time; setting it is refused everywhere"},
	{"df", nil, "room"},
	{"diff", nil, "compares"},
	{"du", nil, "size"},
	{"env", nil, "a clean environment"},
	{"hostname", nil, "tells the name; setting it is refused everywhere"},
	{"id", nil, "who runs the script"},
	{"ls", nil, "what a directory holds"},
	{"ps", nil, "processes"},
	{"sh", nil, "its program is looked into"},
	{"sha256sum", nil, "digests"},
	{"sort", nil, "orders lines; writing a file is refused everywhere"},
	{"stat", nil, "owner and mode"},
	{"tail", nil, "the end of a file"},
	{"timeout", nil, "bounds what it is given, which is looked at"},

	{"curl", nil, "asks etcd; all its forms only read"},
	{"ip", nil, "addresses; changing them is refused everywhere"},
	{"pgrep", nil, "processes"},
	{"ss", nil, "who listens; ending a connection is refused everywhere"},
	{"monit", []string{"summary", "status", "-V", `-g "$group" summary`}, "shows"},
	{"clearwater-etcdctl", []string{"cluster-health", "member list", `get "$1"`}, "shows"},
	{"nodetool", []string{"status", "describecluster"}, "shows"},
	{"/usr/share/clearwater/bin/run-in-signaling-namespace", nil, "what it runs is looked at"},
	{"cw-validate_fallback_ifcs_xml", nil, "checks a file"},
	{"cw-validate_shared_ifcs_xml", nil, "checks a file"},
	{"/usr/share/clearwater/clearwater-config-manager/env/bin/python", nil, "runs Clearwater's own check of a file"},
}

// records are the paths that the survey may write: by themselves or, where they
// have no end, by their beginning as it stands in the script. Which command may
// write which of them is the matter of targets and variableTargets.
var records = []struct{ path, why string }{
	{"/var/log/requorum", "the folder of the records"},
	{`"/var/log/requorum/$NODE.`, "report and journal of this node"},
	{`"$JOURNAL`, "the journal of the runs"},
	{`"$OUTPUTS`, "what the commands of a run have printed"},
	{"/var/run/requorum.lock", "what the run under the lock is at"},
	{"/dev/null", "output that nobody needs"},
}

// reached is a function that the survey reaches, with the way to it.
type reached struct {
	function string
	way      []string
}

// surveyWrites finds what could change the node among all that the stage survey
// of a script reaches.
func surveyWrites(pieces []*piece) map[*piece][]finding {
	own := map[string]bool{}
	for _, p := range pieces {
		for _, f := range p.functions {
			own[f.Name.Value] = true
		}
	}
	out := map[*piece][]finding{}
	if !own[surveyStage] {
		return out
	}
	seen := map[string]bool{surveyStage: true}
	queue := []reached{{surveyStage, []string{surveyStage}}}
	for len(queue) > 0 {
		r := queue[0]
		queue = queue[1:]
		for _, p := range pieces {
			for _, made := range p.calls {
				if made.function != r.function {
					continue
				}
				if text := changes(made, own, p.src); text != "" {
					out[p] = append(out[p], r.finding(made.offset, text))
				}
				if own[made.name] && !made.foreign && !seen[made.name] && !isChanging(made.name) {
					seen[made.name] = true
					queue = append(queue, reached{made.name, append(slices.Clone(r.way), made.name)})
				}
			}
			for _, w := range p.writes {
				if w.function == r.function && !w.isRecord(p.src) {
					out[p] = append(out[p], r.finding(w.offset(), "a redirection writes to "+w.text(p.src)))
				}
			}
		}
	}
	return out
}

func (r reached) finding(offset int, text string) finding {
	return finding{offset: offset, rule: "survey-writes",
		text: fmt.Sprintf("the survey could change the node: %s (%s)", text, strings.Join(r.way, " calls "))}
}

func isChanging(function string) bool {
	return slices.ContainsFunc(changing, func(c struct{ function, why string }) bool { return c.function == function })
}

// changes says how a call could change the node; nothing if it only looks, or
// writes a record. A function of the script is judged by what it calls.
func changes(made call, own map[string]bool, src []byte) string {
	switch {
	case isChanging(made.name):
		return "it calls " + made.name
	case own[made.name] && !made.foreign:
		return ""
	}
	if i := slices.IndexFunc(destroyers, func(d destroyer) bool { return d.name == made.name }); i >= 0 {
		for _, w := range destroyers[i].targets(made.args) {
			if p := (place{word: w, base: made.base}); !p.isRecord(src) {
				return made.name + " writes to or removes " + p.text(src)
			}
		}
		return ""
	}
	for _, l := range looking {
		if l.name == made.name && (len(l.forms) == 0 || slices.Contains(l.forms, argumentText(made, src))) {
			return ""
		}
	}
	return strings.TrimSpace("it runs " + made.name + " " + argumentText(made, src))
}

// argumentText is what a call's arguments look like in the script.
func argumentText(made call, src []byte) string {
	var words []string
	for _, w := range made.args {
		words = append(words, place{word: w, base: made.base}.text(src))
	}
	return strings.Join(words, " ")
}

// isRecord reports whether a place is one that the survey may write.
func (p place) isRecord(src []byte) bool {
	text := p.text(src)
	return slices.ContainsFunc(records, func(r struct{ path, why string }) bool {
		open := strings.HasPrefix(r.path, `"`) && !strings.HasSuffix(r.path, `"`)
		return text == r.path || open && strings.HasPrefix(text, r.path) && !strings.Contains(text, "..")
	})
}

// text is a place as it stands in the script.
func (p place) text(src []byte) string {
	return string(src[p.offset() : p.base+int(p.word.End().Offset())])
}

func (p place) offset() int { return p.base + int(p.word.Pos().Offset()) }

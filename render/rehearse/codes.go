package rehearse

import "requorum/model/diag"

// Codes describes the findings of this package.
func Codes() []diag.Code {
	return []diag.Code{
		{
			ID: "story", Summary: "a line of a story cannot be read",
			Detail: "A story is a txtar archive whose part \"story\" has one happening a line: a word, then the stages and nodes that it is about. Stages and nodes must be those of the plan. \"requorum help stories\" lists the words.",
		},
		{
			ID: "story-broken", Summary: "something does not hold in a story",
			Detail: "A stage ended otherwise than the story expects, a command that the story waits for was never called, or the site is not recovered where the story says so. A run that is followed by no \"expect\" must be done.",
		},
	}
}

package main

import "requorum/render/rehearse"

// topic is something to read about that is no verb.
type topic struct {
	name    string
	summary string
	text    string
}

func topics() []topic {
	return []topic{
		{"inventory", "every field of the inventory", inventoryTopic},
		{"bundle", "what a render writes, and how the scripts are run", bundleTopic},
		{"templates", "how to change what is rendered", templatesTopic},
		{"stories", "how to write a story for rehearse", storiesTopic()},
		{"beginnings", "the sites that rehearse begins with", beginningsTopic()},
		{"output", "findings and results, as text and as JSON", outputTopic},
		{"exit-status", "what 0, 1, 2 and 3 mean", exitStatusTopic},
		{"codes", "every code of a finding", codeList()},
	}
}

// storiesTopic explains the language of the stories; the list of words is the one that
// reads them.
func storiesTopic() string {
	return `
A story is what happens at one site, played by "rehearse INVENTORY --story FILE" on an imaginary site. FILE is a txtar archive: a comment, then a line "-- story --", then a line for each happening. A line that begins with # is a comment.

` + rehearse.StoryHelp() + `
A stage that is run must be done, unless the next line says what to expect: refused is exit status 1, unfinished 3, waited 4. COMMAND is the beginning of a command of the script, such as "monit stop -g etcd". Between two runs a minute goes by.

An example:

  A script dies while it writes local_config.
  -- story --
  run survey all
  run stop all
  run config all
  kill create vellum-1 before mv -f /etc/clearwater/local_config
  expect killed
  run create vellum-1
  rest
  goal
`
}

func beginningsTopic() string {
	return `
Sites that are not as the inventory says, by the names that a story knows them by. A rehearsal tries each that fits the inventory. T and a number is a trap of the written procedure; RUNBOOK.md explains it.

` + rehearse.BeginningsHelp()
}

const exitStatusTopic = `
The exit status of every verb:

  0  fine; there may be warnings
  1  findings: the inventory, a template, a bundle or a script is wrong, no plan
     can be made of the inventory, or "render --check" found a difference
  2  usage: an unknown verb or flag, or an argument too many or too few
  3  a file could not be read or written, or requorum itself has failed

With 1, 2 and 3 nothing was written, and a bundle that stood in the place is as it was. The one exception is a failure to print the result of a render that is done; the message says so.

The scripts of a bundle have exit statuses of their own; see "requorum help bundle".
`

const outputTopic = `
Results go to standard output, and nothing else does. Findings go to standard error, all of them in one run, each as

  FILE:LINE:COLUMN: severity: text [code]

with the line of the file and a mark under the place, and what to do. "requorum help CODE" explains more. Findings are coloured on a terminal, unless NO_COLOR is set or TERM is dumb.

With --output json, both are one JSON object on standard output:

  schema_version  1; fields may be added without a change of it
  findings        a list of objects: severity (error or warning), code, file,
                  line, column, path (in the data), text, remedy
  plan            of "plan": what plan.json holds, or null
  bundle          of "render": dir, plan, outcome, files, scripts; or null
  comparison      of "render --check": dir, plan, differences, mend; or null
  rehearsal       of "rehearse": plan, site, turns, failed, families, durations
                  in seconds, proves, proves_not; or null
  checked         of "check": name, kind, errors and warnings of each argument

Mistakes in the use of the program and failures to read or write (exit status 2 and 3) are told on standard error in either form.

A file name of - is standard input; findings call it <stdin>.
`

const bundleTopic = `
A bundle is a folder that can be carried to a site as it is:

  RUNBOOK.md     the ordered runbook: who does what, where, and when to go on
  plan.json      the plan as data
  nodes/NAME.sh  one self-contained script for each live node
  SHA256SUMS     the checksums of all the others: sha256sum -c SHA256SUMS

The same inventory, templates and requorum give the same bytes. The plan's id, 12 hexadecimal digits over all that shapes a bundle, stands in every file: two files with different ids do not belong together.

On its node a script is run as

  sudo bash NAME.sh [--dry-run] [--yes NAME] [--case TEXT] [STAGE]
  sudo bash NAME.sh --archive

Without a stage it changes nothing: it prints its stages, what is done, and what is next. The stages are, in order:

  survey   every live node             look, change nothing, report
  stop     every live node             stop the etcd processes, wipe their data
  config   every live node             check the configuration files
  create   every new master            start the new etcd cluster
  confirm  every new master            see that it has formed and is in step
  join     the others, one at a time   add them to it
  load     one live Vellum             load the data store values into it
  manage   every node, one at a time   start the cluster manager
  finish   one live Vellum             mark the failed Vellum nodes failed

With --dry-run a stage changes nothing, and shows each action as WOULD RUN, ALREADY DONE or CANNOT TELL. What destroys asks for the node's name to be typed; --yes NAME answers beforehand. One run at a time: a second one refuses. Each run is recorded in /var/log/requorum/NAME.journal, with the text of --case; --archive packs journal, outputs and logs without Clearwater's passwords.

Where the inventory has operators: 2 or more, each stage that others wait for ends with a stop code, made of plan, node and stage. The first stage after it asks for the codes of the nodes before it, on the terminal or by --codes 'CODE CODE'; --override 'REASON' goes on without them, and is recorded.

The exit status of a script: 0 the stage is done and verified; 1 refused before any change; 2 usage; 3 a change was begun and did not reach its goal; 4 waited to the limit. Every stage may be run again.

A render replaces only what a render has made. What else lies in the folder is left and reported.
`

const templatesTopic = `
Requorum carries the templates of all that it renders. "requorum init --templates DIR" writes them out:

  lib/NOUN.sh          functions of the node scripts, plain bash
  node/*.sh.tmpl       head, stages and dispatch of a node script
  runbook/*.tmpl       the runbook and the text of the plan

To change one, keep it in a folder of your own under the same path, without the others, and add --templates DIR to "plan" and "render". A file or folder of another path is an error, since it would never be used; so is anything else than a file.

What they give passes the same checks as ever, and the plan's id changes with them. Mistakes are reported with the file, line and column of your own template.

They are written in Go's text/template. In a script template, each action that writes something ends in sh, which quotes any text as one word of bash, in word, which writes an address or a name bare and is meant for comments, or in step, which announces a step of the plan. The files in lib have no actions.

See what has changed with

  requorum render inventory.yaml -o bundle --templates DIR --check
`

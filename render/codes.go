package render

import "requorum/model/diag"

// Explain turns an error of PlanText into a finding at the template's own place.
func (r *Renderer) Explain(err error) diag.List { return r.templateError(err) }

// Codes describes every finding that this package can give.
func Codes() []diag.Code {
	return []diag.Code{
		{ID: "template", Summary: "A template is wrong",
			Detail: "The text of a template cannot be read, or it asks for something that is not there. The place is the one in the template's own file: a file of --templates DIR stands for the template of the same path that requorum carries.\n\nMend the file. \"requorum init --templates NEWDIR\" writes the templates that requorum carries, to compare."},
		{ID: "unknown-template", Summary: "A file in --templates DIR stands for no template",
			Detail: "Each file in DIR stands for the template of the same path that requorum carries. A file or folder with any other path would never be used, and its author would not notice, so it is an error. The starter inventory is no template.\n\nGive the file the path of the template that it stands for, or move it out of DIR. \"requorum init --templates NEWDIR\" shows all paths."},
		{ID: "unfit-template", Summary: "Something in --templates DIR is no file that could be read as a template",
			Detail: "A file in DIR stands for the template of the same path. A folder in the place of a template, a pipe, a socket or a device is no such file, nor is a symbolic link that leads nowhere or out of DIR. Links to files in DIR are followed, links to folders are not.\n\nPut a regular file there, or remove what is there."},
		{ID: "unquoted-action", Summary: "A script template writes a value without quoting it",
			Detail: "Text from an inventory that stands in a script unquoted can become a command. So each action of a script template ends in sh, which quotes any text as one word of bash, or in word, which writes what can only be an address or a name and is meant for comments.\n\nWrite {{.Field | sh}} for {{.Field}}."},

		{ID: "not-a-bundle", Summary: "The folder holds something else than a bundle",
			Detail: "A render replaces a whole folder, so it does that only to a folder that an earlier render has made: one with a SHA256SUMS that lists RUNBOOK.md and plan.json. The folder is left as it is.\n\nName another folder, or move what is in this one elsewhere."},
		{ID: "unfit-target", Summary: "The place cannot be replaced as a whole",
			Detail: "A bundle is put together beside its place and takes it in one step, so that a failure leaves the old one whole. That cannot be done to the root folder, to a file, to a symbolic link that leads nowhere, or to the folder in which requorum was started, which would vanish under the shell.\n\nName a folder that is none of these."},
		{ID: "in-the-way", Summary: "A file that no render made has the place of one that this render makes",
			Detail: "A render overwrites only what an earlier render has made, as its SHA256SUMS tells. Nothing is written.\n\nMove the file away, then render again."},
		{ID: "not-empty", Summary: "The folder for the templates is not empty",
			Detail: "\"requorum init --templates DIR\" writes into a new or an empty folder only, so that it cannot overwrite your own templates.\n\nName a new folder, and take from it what you need."},
		{ID: "foreign-file", Summary: "The bundle holds something that no render made",
			Detail: "Notes, photographs and other things may lie in a bundle. A render leaves them as they are, and says so, because an old script under a new name would be among them too.\n\nNothing needs to be done; remove what you do not want."},
		{ID: "edited-file", Summary: "A rendered file was changed by hand; the change is lost",
			Detail: "The file is no longer what its SHA256SUMS says. A render replaces it, or removes it where its node has left the inventory or has failed, since a bundle is the work of its inventory and templates alone and every check is on what they give.\n\nMake the change in the inventory, or in a template with --templates DIR. To see such changes before they are lost, run \"requorum render INVENTORY -o DIR --check\" first."},
		{ID: "left-over-run", Summary: "An earlier render was killed and left its working folder",
			Detail: "A bundle is put together in a folder named .NAME.requorum-XXXXXXXX beside its place. A render that is killed leaves that folder; the next render to the same place removes it, and where the old bundle was in it, puts that back first. A folder of such a name that holds anything without requorum's own note is left alone."},
		{ID: "not-removed", Summary: "The old bundle is replaced but could not be removed",
			Detail: "The new bundle is in its place and whole. What stood there before is in the folder that the finding names: a file came or was changed while the bundle was written, or the system refused to remove one.\n\nLook through that folder, keep what you need, and remove it."},

		{ID: "no-bundle", Summary: "There is no bundle to compare",
			Detail: "\"render --check\" compares a folder with a fresh render. The folder is not there, or it is empty.\n\nRun the same command without --check to write it."},
		{ID: "stale-file", Summary: "A file is not what a fresh render makes",
			Detail: "The inventory, a template or requorum itself has changed since the render, or the file was changed by hand, or it has lost its permission to be executed.\n\nRun the same command without --check; the difference then goes away."},
		{ID: "absent-file", Summary: "A file of the bundle is missing",
			Detail: "A fresh render would make this file, and it is not there.\n\nRun the same command without --check to write it."},
		{ID: "left-over-file", Summary: "A file is left over from an older render",
			Detail: "An older render made this file, and a fresh one would not: its node has gone from the inventory, or has failed. Nobody should run it.\n\nRun the same command without --check to remove it."},
	}
}

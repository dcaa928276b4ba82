package inventory

import (
	"slices"

	"requorum/model/diag"
)

// The codes of this package, in the order of their words.
const (
	codeAlias            = "alias"
	codeBadAddress       = "bad-address"
	codeBadKey           = "bad-key"
	codeBadName          = "bad-name"
	codeBadNumber        = "bad-number"
	codeBadPath          = "bad-path"
	codeBadText          = "bad-text"
	codeCarriageReturn   = "carriage-return"
	codeControlCharacter = "control-character"
	codeDuplicateAddress = "duplicate-address"
	codeDuplicateKey     = "duplicate-key"
	codeDuplicateName    = "duplicate-name"
	codeEmptyFile        = "empty-file"
	codeEmptyInventory   = "empty-inventory"
	codeIPv6Management   = "ipv6-management"
	codeMissingField     = "missing-field"
	codeNoFinalNewline   = "no-final-newline"
	codeNoLiveNode       = "no-live-node"
	codeNoMaster         = "no-master"
	codeNotUTF8          = "not-utf8"
	codeNotYAML          = "not-yaml"
	codeSeveralDocuments = "several-documents"
	codeTag              = "tag"
	codeTooDeep          = "too-deep"
	codeTooLarge         = "too-large"
	codeTooMany          = "too-many"
	codeUnknownKey       = "unknown-key"
	codeUnknownRole      = "unknown-role"
	codeUnknownSite      = "unknown-site"
	codeUnknownState     = "unknown-state"
	codeUnknownType      = "unknown-type"
	codeUnreadableFile   = "unreadable-file"
	codeWrongType        = "wrong-type"
	codeWrongVersion     = "wrong-version"
)

// Codes explains every code that Parse can report, in the order of their
// words.
func Codes() []diag.Code { return slices.Clone(codes) }

var codes = []diag.Code{
	{
		ID:      codeAlias,
		Summary: "anchors, aliases and merge keys are not used",
		Detail: `YAML can name a value with &name and repeat it elsewhere with *name or <<.
A reader then has to look in two places to know what a node is, and a change
in one place changes another. An inventory is read under pressure, so each
value stands where it belongs.

Write the value out in full at each place. Text that begins with & or * needs
quotes: location: "*spare* rack".`,
	},
	{
		ID:      codeBadAddress,
		Summary: "not an IP address that a node can have",
		Detail: `An address is written in numbers and stands alone, without port, network size,
brackets or interface: 10.1.0.11 or fd00::11. Host names do not work, because
Clearwater compares these settings letter by letter with the node's own
address. Loopback, multicast, broadcast and link-local addresses reach no node
from another, and neither do those from 0.0.0.0/8 and 240.0.0.0/4.

Write the value of local_ip or management_local_ip in the node's
/etc/clearwater/local_config.`,
	},
	{
		ID:      codeBadKey,
		Summary: "not a part of an etcd key",
		Detail: `etcd_key and etcd_cluster_key become parts of etcd keys, of paths and of
commands. Letters, digits, dots, hyphens and underscores are safe in all of
them; the first character is a letter or digit, and 63 characters are the most.

Write the value that the nodes' local_config has, for example clearwater. Leave
the key out where local_config does not set it.`,
	},
	{
		ID:      codeBadName,
		Summary: "not a name that a node or site can have",
		Detail: `The name of a node becomes the name of its script and is typed by hand to
confirm a stage. So it has only lower-case letters, digits and hyphens, begins
and ends with a letter or digit, and has at most 63 characters: vellum-1. A
site's name may have underscores as well, but not first or last: site_1.

A node's name is the deployment's own choice. A site's name is Clearwater's
local_site_name of the site's nodes; it stands in etcd keys.`,
	},
	{
		ID:      codeBadNumber,
		Summary: "not a number that can stand there",
		Detail: `operators is how many engineers work at the same time: a whole number from 1 to
99, in plain digits. Other spellings of numbers (0x2, 02, 1_0, +2) are refused,
because one program reads them as a number and the next as text.

Write for example operators: 2. Leave the key out where one engineer does all of
the work: no node then asks for the stop codes of others.`,
	},
	{
		ID:      codeBadPath,
		Summary: "not the path of a file beside the inventory or below",
		Detail: `Files that the inventory names lie beside it or in folders below, so that the
inventory and its files can be copied and kept together. Absolute paths and
paths with ".." are refused, and so is a path with a slash at its end, which
means a folder.

Copy the file next to the inventory and write its path from there, for example
shared_config: files/shared_config.`,
	},
	{
		ID:      codeBadText,
		Summary: "not one printable line",
		Detail: `deployment, location and paths are printed in the runbook and in scripts. What
a person reads there must be all there is: no line ends, no control characters,
no characters without a shape (zero-width characters, direction marks), no
other character that looks like a space (no-break space), no space first or
last, and 1 to 200 characters.

Type the text anew where a copied one brought such characters along. Text
below "|" or ">" ends with a line end; write it on the line of its key.`,
	},
	{
		ID:      codeCarriageReturn,
		Summary: "shared_config has Windows line ends",
		Detail: `The nodes read shared_config with a shell. The shell keeps the carriage return
of a Windows line end as the last character of the value, where nobody sees it:
home_domain becomes "example.com\r", and an address no longer equals itself.
etcd and Clearwater then fail in ways that do not point to the file.

Convert the copy, for example with: sed -i 's/\r$//' files/shared_config`,
	},
	{
		ID:      codeControlCharacter,
		Summary: "a control character in the file",
		Detail: `The inventory and shared_config are plain text with spaces, tabs and line ends.
Any other control character (NUL, escape, a stray carriage return, a byte order
mark inside the file) comes from a broken copy or a wrong encoding, changes
what the shell reads, or hides text from a person.

Remove the character. To find it: grep -nP '[^\x09\x0a\x20-\x7e]' FILE lists
every line with something else than plain ASCII.`,
	},
	{
		ID:      codeDuplicateAddress,
		Summary: "an address is used twice",
		Detail: `Two nodes with one address are a copy that was not changed: one of the two is
never reached, and etcd refuses a list that has an address twice. Signaling
addresses (local_ip) are unique in the whole deployment, and so are management
addresses (management_local_ip, or local_ip where it is left out).

One address may be a local_ip here and a management_local_ip there, but only if
both nodes have separate networks: the two networks do not see each other.`,
	},
	{
		ID:      codeDuplicateKey,
		Summary: "a key stands twice",
		Detail: `YAML programs disagree about which of two equal keys counts, and a person sees
only the first. Often a node was copied and kept its name.

Remove one of the two, or give the second its right name.`,
	},
	{
		ID:      codeDuplicateName,
		Summary: "two sites have a node of the same name",
		Detail: `Scripts are named after nodes, and people call each other about nodes by name.
A name that stands for two machines sends the right command to the wrong one.

Give the nodes different names, for example with the site in front:
site1-vellum-1 and site2-vellum-1.`,
	},
	{
		ID:      codeEmptyFile,
		Summary: "shared_config sets nothing",
		Detail: `The first configuration manager that starts decides the configuration of the
whole site and overwrites the copy on every other node. A shared_config that is
empty, or has comments only, would wipe the configuration of the site. Such a
file is what Clearwater creates on a node that never received the real one.

Take the copy from a node or backup that has the site's settings, such as
home_domain.`,
	},
	{
		ID:      codeEmptyInventory,
		Summary: "the inventory is empty",
		Detail: `The file has no content, or comments only. Perhaps a command that should have
written the file failed, or an editor has not saved it.

"requorum init" prints an example with every key explained:
requorum init > inventory.yaml`,
	},
	{
		ID:      codeIPv6Management,
		Summary: "the management address is IPv6",
		Detail: `Clearwater's etcd start-up writes the management address into URLs without
brackets and cuts names at the last colon, so an IPv6 management address cannot
form a cluster. The management address is management_local_ip, or local_ip
where management_local_ip is left out.

Give the node an IPv4 management_local_ip. local_ip may stay IPv6:

  local_ip: fd00::11
  management_local_ip: 10.0.0.11`,
	},
	{
		ID:      codeMissingField,
		Summary: "a key that must be there is missing",
		Detail: `The inventory needs version, deployment, recover and sites; a site needs nodes;
a node needs type, local_ip and etcd; files needs shared_config. None of them
has a default, because a wrong guess would end up on a live site.

Add the key. The place of the finding is the node, site or object that lacks
it. Perhaps the key is there, but indented as part of something else.`,
	},
	{
		ID:      codeNoFinalNewline,
		Summary: "shared_config ends in the middle of a line",
		Detail: `The last line of the file has no line end. A line that anyone appends later is
glued to that line, and both settings are lost. Clearwater also compares the
file byte by byte, so it has to be right from the start.

Open the file in an editor and save it with a line end, or run:
echo >> files/shared_config`,
	},
	{
		ID:      codeNoLiveNode,
		Summary: "the site to recover has no live node",
		Detail: `The procedure rebuilds the etcd cluster on the nodes that still work. A site of
which none is left is deployed anew, and the other site, if there is one, goes
on without it.

List all nodes of the site. Those that still work have state: live, which is
also what counts without the key.`,
	},
	{
		ID:      codeNoMaster,
		Summary: "the site to recover has no etcd master",
		Detail: `Every etcd cluster has masters; only masters count when quorum is lost. Without
them requorum cannot tell whether it is.

Write etcd: master for each node whose local_config sets etcd_cluster, and
etcd: proxy for each that sets etcd_proxy. Failed nodes count too: write what
they were before the failure.`,
	},
	{
		ID:      codeNotUTF8,
		Summary: "the file is not UTF-8 text",
		Detail: `The file has bytes that are no UTF-8. Probably an editor saved it as Latin-1 or
UTF-16, or the file is no text at all.

Save the file as UTF-8, or convert it:
iconv -f latin1 -t utf8 OLD > NEW`,
	},
	{
		ID:      codeNotYAML,
		Summary: "the file cannot be read as YAML",
		Detail: `The line in the finding cannot follow the lines above it. Only the first such
place is reported, because nothing behind it can be understood; other mistakes
show up after that one is corrected.

Most often the indentation is uneven, a tab stands in it, a quote or bracket is
not closed, a colon has no space behind it, or a value holds ": " or begins with
@, %, & or * and needs quotes.`,
	},
	{
		ID:      codeSeveralDocuments,
		Summary: "the file has more than one YAML document",
		Detail: `A line with three hyphens begins a new YAML document. Many programs read only
the first and drop the rest without a word, so requorum refuses such a file.

Remove that line, or put the second document into a file of its own. Three
hyphens above the first key are fine.`,
	},
	{
		ID:      codeTag,
		Summary: "YAML tags are not used",
		Detail: `A tag such as !!str or !vault says what type a value has, or asks for another
program to fill it in. The inventory states its types by itself and is filled
in by nobody.

Remove the tag. Write text that looks like a number in quotes: "1".`,
	},
	{
		ID:      codeTooDeep,
		Summary: "the file is nested too deeply",
		Detail: `No part of an inventory lies deeper than a key of a node. What lies as deep as
here belongs to something else, or is indented by mistake.

Compare with the example that "requorum init" prints.`,
	},
	{
		ID:      codeTooLarge,
		Summary: "the file is too large",
		Detail: `An inventory has at most 4 MiB, enough for tens of thousands of nodes, and a
shared_config at most 1 MiB. A larger file is most likely another file.

Check the name of the file. Remove what does not belong there.`,
	},
	{
		ID:      codeTooMany,
		Summary: "not all findings are shown",
		Detail: `The file has more findings than anyone reads; the first thousand are shown.
Often one mistake, such as wrong indentation, causes most of them.

Correct the first findings and run requorum again.`,
	},
	{
		ID:      codeUnknownKey,
		Summary: "a key that the inventory does not have",
		Detail: `A misspelt key would otherwise be dropped without a word and its default be
used: with "sate: failed" a dead node would count as live.

Write the key that the remedy names. "requorum schema" prints all keys with
their meaning, in a form that editors can use to complete them.`,
	},
	{
		ID:      codeUnknownRole,
		Summary: "not a role in the etcd cluster",
		Detail: `A node is a master or a proxy of its site's etcd cluster. In the node's
/etc/clearwater/local_config, a master sets etcd_cluster and a proxy sets
etcd_proxy. Masters hold the data and count towards quorum.

Write what the node was before the failure: etcd: master or etcd: proxy.`,
	},
	{
		ID:      codeUnknownSite,
		Summary: "recover names a site that is not there",
		Detail: `recover is the key of one of the sites below sites: the site whose etcd cluster
lost its quorum.

Write that key exactly, or add the site:

  recover: site1
  sites:
    site1:
      nodes: ...`,
	},
	{
		ID:      codeUnknownState,
		Summary: "not a state of a node",
		Detail: `A node is live or failed. A failed node is lost for good: no script is made for
it, and it has to be kept from coming back on its own. A node that can be
repaired or restarted within the recovery is live.

Write state: live or state: failed. Without the key a node is live.`,
	},
	{
		ID:      codeUnknownType,
		Summary: "not a Clearwater node type",
		Detail: `The type decides what is checked and done on a node. Types are bono, sprout,
dime, vellum, homer and ellis, and the older homestead, ralf and memento.

Write the type in small letters. A node that runs several functions has the
type whose data it holds: vellum wherever Chronos, Memcached or Cassandra run.
Its etcd_cluster_key, if it differs from the type, is a key of its own.`,
	},
	{
		ID:      codeUnreadableFile,
		Summary: "a file that the inventory names cannot be read",
		Detail: `The path is taken from the folder of the inventory. The finding ends with what
the system says: perhaps the file is not there, may not be read, or is a folder
or a link that leads elsewhere.

Put the file in its place, or remove the key files from the site: requorum then
uses the copy on the nodes.`,
	},
	{
		ID:      codeWrongType,
		Summary: "a value of the wrong sort",
		Detail: `The value is, for example, a number where text belongs, a list where keys and
values belong, or nothing at all. YAML takes 1, 1.0, 2024-01-01, true and null
for something else than text unless they stand in quotes. yes, no, on and off
are text; truth values are true and false, in small letters.

Write what the remedy says:

  deployment: "1"
  uses: {ralf: true}`,
	},
	{
		ID:      codeWrongVersion,
		Summary: "a version of the inventory format that is not known",
		Detail: `version says which keys the inventory may have. This requorum knows version 1,
the number, without quotes. A higher number needs a newer requorum.

Write version: 1. The version is that of the format; it does not change when
the deployment does.`,
	},
}

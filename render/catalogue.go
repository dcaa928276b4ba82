package render

import "io/fs"

// part is a line of the catalogue of a node script: which template makes it,
// and for which shapes.
type part struct {
	template string
	when     func(Shape) bool
}

func always(Shape) bool { return true }

// catalogue lists the parts of a node script in their order. A template that
// ends in .sh is plain bash and stands in the script as it is.
var catalogue = []part{
	{"node/head.sh.tmpl", always},

	{"lib/secret.sh", always},
	{"lib/report.sh", always},
	{"lib/journal.sh", always},
	{"lib/run.sh", always},
	{"lib/confirm.sh", always},
	{"lib/text.sh", always},
	{"lib/wait.sh", always},
	{"lib/node.sh", always},
	{"lib/backup.sh", always},
	{"lib/process.sh", always},
	{"lib/monit.sh", always},
	{"lib/localconfig.sh", always},
	{"lib/digest.sh", always},
	{"lib/etcd.sh", always},
	{"lib/peers.sh", always},
	{"lib/sync.sh", always},
	{"lib/archive.sh", always},
	{"lib/store.sh", func(s Shape) bool { return s.Stores }},
	{"lib/chronos.sh", func(s Shape) bool { return s.Vellum }},
	{"lib/memcached.sh", func(s Shape) bool { return s.Vellum }},
	{"lib/cassandra.sh", func(s Shape) bool { return s.Vellum && s.Cassandra }},
	{"lib/load.sh", func(s Shape) bool { return s.Loader }},
	{"lib/survey.sh", always},
	{"lib/survey_node.sh", always},
	{"lib/survey_peers.sh", always},
	{"lib/sprout.sh", func(s Shape) bool { return s.Sprout }},
	{"lib/codes.sh", func(s Shape) bool { return s.Codes }},

	{"node/survey.sh.tmpl", always},
	{"node/stop.sh.tmpl", always},
	{"node/config.sh.tmpl", always},
	{"node/create.sh.tmpl", func(s Shape) bool { return s.Master }},
	{"node/confirm.sh.tmpl", func(s Shape) bool { return s.Master }},
	{"node/join.sh.tmpl", func(s Shape) bool { return !s.Master }},
	{"node/load.sh.tmpl", func(s Shape) bool { return s.Loader }},
	{"node/manage.sh.tmpl", always},
	{"node/finish.sh.tmpl", Shape.Finishes},
	{"node/main.sh.tmpl", always},
}

// ExampleFolder is the one folder of the template tree without templates: the
// starter inventory in it shapes no bundle.
const ExampleFolder = "example"

const headTemplate = "node/head.sh.tmpl"

// Modes of the files of a bundle.
const (
	scriptMode fs.FileMode = 0o755
	textMode   fs.FileMode = 0o644
)

package golden_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"requorum/model"
	"requorum/render"
)

// surveyReport is what another program reads back from a node.
type surveyReport struct {
	SchemaVersion int    `json:"schema_version"`
	Plan          string `json:"plan"`
	Node          string `json:"node"`
	Time          string `json:"time"`
	Rows          []struct {
		Check    string `json:"check"`
		Verdict  string `json:"verdict"`
		Expected string `json:"expected"`
		Seen     string `json:"seen"`
	} `json:"rows"`
	Values  map[string]string `json:"values"`
	Digests map[string]string `json:"digests"`
}

// surveyed runs the survey, and gives what it says and reports. Whatever it finds,
// it may change nothing on the node but its own records.
func (w *world) surveyed() (out string, status int, r surveyReport) {
	w.t.Helper()
	before := w.besidesRecords()
	out, status = w.run("/bin/bash", w.script, "survey")
	if after := w.besidesRecords(); after != before {
		w.t.Errorf("the survey changed the node\nbefore:\n%s\nafter:\n%s\n%s", before, after, out)
	}
	if strings.Contains(out, "STOPPED") {
		w.t.Fatalf("no verdict\n%s", out)
	}
	w.shell("[ \"$(stat -c %a /var/log/requorum/" + w.node + ".survey.json)\" = 600 ]\n[ \"$(stat -c %a /var/log/requorum)\" = 700 ]")
	body := read(w.t, filepath.Join(w.root, "var/log/requorum", w.node+".survey.json"))
	if err := json.Unmarshal(body, &r); err != nil {
		w.t.Fatalf("%v\n%s", err, body)
	}
	for _, secret := range []string{"secret", "pass-word"} {
		if strings.Contains(string(body), secret) {
			w.t.Errorf("the report holds %q\n%s", secret, body)
		}
	}
	if r.SchemaVersion != 1 || r.Node != w.node || r.Plan == "" || len(r.Rows) < 20 {
		w.t.Errorf("report: %+v", r)
	}
	w.sameTable(out, r)
	return out, status, r
}

// sameTable holds that table and report say the same, in 80 columns of ASCII.
func (w *world) sameTable(out string, r surveyReport) {
	w.t.Helper()
	for _, row := range r.Rows {
		if !strings.Contains(out, fmt.Sprintf("\n%s| %-11s  %-20s  ", w.node, row.Verdict, row.Check)) {
			w.t.Errorf("the table lacks %s %s\n%s", row.Verdict, row.Check, out)
		}
	}
	for line := range strings.Lines(out) {
		odd := strings.IndexFunc(line, func(c rune) bool { return c != '\n' && (c < ' ' || c > '~') })
		if len(strings.TrimRight(line, "\n")) > 80 || odd >= 0 {
			w.t.Errorf("not 80 columns of ASCII: %q", line)
		}
	}
}

// besidesRecords is each file of the root that belongs to it, but for the records of
// the runs and the note of the lock.
func (w *world) besidesRecords() string {
	w.t.Helper()
	var b strings.Builder
	for _, top := range []string{"etc", "var", "root", "tmp", "usr", "world"} {
		err := filepath.WalkDir(filepath.Join(w.root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(path, w.root)
			if name == "/var/log/requorum" {
				return filepath.SkipDir
			}
			if name == "/var/run/requorum.lock" {
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s %v", name, info.Mode())
			if info.Mode().IsRegular() {
				fmt.Fprintf(&b, " %v %x", info.ModTime(), sha256.Sum256(read(w.t, path)))
			}
			b.WriteByte('\n')
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return b.String()
}

// verdict is that of a row.
func (r surveyReport) verdict(check string) string {
	for _, row := range r.Rows {
		if row.Check == check {
			return row.Verdict
		}
	}
	return "no such row"
}

// others lists the rows that are not PASS, but for one.
func (r surveyReport) others(check string) []string {
	var list []string
	for _, row := range r.Rows {
		if row.Verdict != "PASS" && row.Check != check {
			list = append(list, row.Check+": "+row.Verdict)
		}
	}
	return list
}

// TestSurvey runs the survey on every golden node, as it is when its site has
// just lost its quorum: nothing but what cannot be seen yet may be amiss.
func TestSurvey(t *testing.T) {
	needRoot(t)
	for _, name := range caseNames(t) {
		p, b := build(t, name)
		seen := map[render.Shape]bool{}
		for _, s := range b.Scripts {
			if seen[s.Shape] {
				continue
			}
			seen[s.Shape] = true
			t.Run(name+"/"+s.Node, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, p, s)
				for range 2 {
					out, status, r := w.surveyed()
					if status != 0 || !strings.Contains(out, "STAGE survey DONE on "+s.Node) {
						t.Fatalf("status %d\n%s", status, out)
					}
					w.asUsual(p, s, r)
				}
			})
		}
	}
}

// asUsual holds what a survey says where nothing is amiss.
func (w *world) asUsual(p *model.Plan, s render.Script, r surveyReport) {
	w.t.Helper()
	usual := map[string]string{
		"port 2380: CANNOT TELL": "masters for the first time do not listen yet",
		"shared_config: WARN":    "the script carries another one",
		"clocks: CANNOT TELL":    "the only master has nobody to compare with",
	}
	for _, row := range r.others("") {
		if usual[row] == "" {
			w.t.Errorf("%s: %+v", row, r.Rows)
		}
	}
	promoted := slices.ContainsFunc(p.Nodes, func(n model.PlanNode) bool { return n.Master && n.Etcd == model.Proxy && n.Name != s.Node })
	if blind := r.verdict("port 2380") != "PASS"; blind != promoted {
		w.t.Errorf("port 2380 is %s, and masters for the first time: %t", r.verdict("port 2380"), promoted)
	}
	if r.Digests["shared_config"] != fmt.Sprintf("%x", sha256.Sum256([]byte("home_domain=example.com\n"))) {
		w.t.Errorf("digests: %v", r.Digests)
	}
	if r.Values["local_site_name"] != p.Site || r.Values["bash"] == "" || r.Values["etcd_version"] != "3.1.7" {
		w.t.Errorf("values: %v", r.Values)
	}
}

// surveyLie is a node, or a site, with one thing that is not as it should be.
type surveyLie struct {
	name    string
	golden  string // three-live-vellums if empty
	node    string // vellum-1 if empty
	set     string // bash that sets the trap
	check   string // row
	verdict string
	says    string   // in the output, whatever its line breaks
	more    []string // other rows that are not PASS for the same reason
}

const (
	peer   = "10.0.0.12"
	dead   = "10.0.0.14"
	user   = "/etc/clearwater/user_settings"
	shared = "/etc/clearwater/shared_config"
)

var surveyLies = []surveyLie{
	{name: "another node's address", set: "sed -i s/local_ip=10.0.0.11/local_ip=10.0.0.12/ " + config,
		check: "addresses", verdict: "FAIL", says: "local_ip 10.0.0.12"},
	{name: "no interface has the address", set: "echo 10.0.0.110 >/world/addresses",
		check: "interfaces", verdict: "FAIL", says: "no interface has the management address 10.0.0.11"},
	{name: "another host name", set: "echo elsewhere >/world/hostname", check: "host name", verdict: "WARN", says: "elsewhere"},
	{name: "a program is missing", set: "rm /usr/local/sbin/clearwater-etcdctl", check: "programs", verdict: "FAIL", says: "clearwater-etcdctl"},
	{name: "an old bash", set: fake("bash", `[ "$1" = --version ] || exec /bin/bash "$@"; echo 'GNU bash, version 4.2.45(1)-release'`), check: "bash", verdict: "FAIL", says: "4.2"},
	{name: "monit is down", set: fake("monit", "echo 'Monit: the monit daemon is not running'; exit 1"),
		check: "monit", verdict: "FAIL", says: "daemon is not running"},
	{name: "a monit group is missing", set: "touch /world/unknown/clearwater_queue_manager",
		check: "monit groups", verdict: "FAIL", says: "clearwater_queue_manager"},
	{name: "T23 a version that is not installed", set: "echo etcd_version=9.9.9 >>" + config,
		check: "etcd version", verdict: "FAIL", says: "9.9.9 is installed"},
	{name: "T23 another etcd answers", set: "echo etcd_version=2.2.5 >>" + config + "; mkdir /usr/share/clearwater/clearwater-etcd/2.2.5",
		check: "etcd version", verdict: "WARN", says: "3.1.7 answers here"},
	{name: "no local_config", set: "rm " + config, check: "configuration", verdict: "FAIL", says: "it is missing", more: []string{"addresses: CANNOT TELL"}},
	{name: "a broken configuration file", set: "echo 'if true' >>" + shared,
		check: "configuration", verdict: "FAIL", says: "syntax error", more: []string{"addresses: CANNOT TELL", "shared_config: FAIL"}},
	{name: "a secret in a broken line", set: "echo smtp_password=pass-word pass-word >>" + config,
		check: "configuration", verdict: "FAIL", says: "(hidden): "},
	{name: "a secret in quotes, in a line that the shell shows", set: `printf 'smtp_password="pass-word" "pass-word"\r\n' >>` + config,
		check: "configuration", verdict: "FAIL", says: "(hidden)", more: []string{"etcd roles: WARN"}},
	{name: "a strict shell stops", set: "echo 'x=$unset_here' >>" + config, check: "configuration", verdict: "FAIL", says: "unset_here"},
	{name: "T51 another site name", set: "sed -i s/site1/site2/ " + config, check: "site and etcd_key", verdict: "FAIL", says: "local_site_name site2"},
	{name: "T51 another etcd_key", set: "echo etcd_key=other >>" + config, check: "site and etcd_key", verdict: "FAIL", says: "etcd_key other"},
	{name: "T51 another etcd_cluster_key", set: "echo etcd_cluster_key=other >>" + config, check: "etcd_cluster_key", verdict: "FAIL", says: "other"},
	{name: "T46 the old remote_site_name", set: "echo remote_site_name=site2 >>" + config, check: "remote sites", verdict: "FAIL", says: "site2"},
	{name: "T20 two etcd_cluster lines", set: "echo etcd_cluster=10.9.9.9 >>" + config, check: "etcd roles", verdict: "WARN", says: "set twice"},
	{name: "T20 user_settings wins", set: "echo etcd_cluster=10.9.9.9 >" + user, check: "etcd roles", verdict: "FAIL", says: "would win over local_config"},
	{name: "a role in shared_config", set: "echo etcd_proxy=10.9.9.9 >>" + shared, check: "etcd roles", verdict: "WARN", says: "belongs to local_config alone"},
	{name: "T16 both roles", set: "echo etcd_proxy=10.9.9.9 >>" + config, check: "etcd roles", verdict: "WARN", says: "both roles are set"},
	{name: "T19 carriage returns", set: `sed -i 's/$/\r/' ` + config, check: "etcd roles", verdict: "WARN", says: "carriage returns (T19)"},
	{name: "T18 no end of the last line", set: "printf end=1 >>" + config, check: "etcd roles", verdict: "WARN", says: "has no end (T18)"},
	{name: "a role line that holds more", set: "echo 'etcd_cluster=10.9.9.9; x=1' >>" + config, check: "etcd roles", verdict: "FAIL", says: "only a person can cut it"},
	{name: "local_config is a link", set: "mv " + config + " /etc/clearwater/real; ln -s real " + config, check: "etcd roles", verdict: "FAIL", says: "symbolic link"},
	{name: "T25 no shared_config", set: "rm " + shared, check: "shared_config", verdict: "FAIL", says: "it is missing"},
	{name: "T25 the empty default", set: "echo '# nothing' >" + shared, check: "shared_config", verdict: "FAIL", says: "it sets none"},
	{name: "T28 no shared_config on a proxy", node: "bono-1", set: "rm " + shared, check: "shared_config", verdict: "WARN", says: "T28"},
	{name: "carriage returns in shared_config", set: `printf 'a=1\r\n' >>` + shared, check: "shared_config", verdict: "FAIL", says: "some do"},
	{name: "T31 letters outside ASCII", set: `printf '{"x": "\303\251"}\n' >/etc/clearwater/dns.json`, check: "dns.json", verdict: "WARN", says: "T31"},
	{name: "a file of Sprout is invalid", node: "sprout-1", set: "echo broken >/etc/clearwater/bgcf.json", check: "bgcf.json", verdict: "FAIL", says: "T24"},
	{name: "the check of a file is missing", node: "sprout-1",
		set:   "rm /usr/share/clearwater/clearwater-config-manager/scripts/validate_json.py",
		check: "enum.json", verdict: "CANNOT TELL", says: "lacks Clearwater's check", more: []string{"bgcf.json: CANNOT TELL"}},
	{name: "an XML file is invalid", node: "sprout-1", set: fake("cw-validate_shared_ifcs_xml", "echo invalid; exit 3"),
		check: "shared_ifcs.xml", verdict: "FAIL", says: "status 3: invalid"},
	{name: "T43 a node joins", set: "echo 'joining = 10.0.0.16' >>" + chronos, check: "chronos_cluster.conf", verdict: "FAIL", says: "T43"},
	{name: "T40 a live node is missing", set: "sed -i /10.0.0.12/d " + chronos, check: "chronos_cluster.conf", verdict: "FAIL", says: "missing: 10.0.0.12 (vellum-2)"},
	{name: "an invalid file", set: "echo garbage >>" + servers, check: "cluster_settings", verdict: "WARN", says: "unknown line: garbage"},
	{name: "T44 a dead node in Cassandra", golden: "two-sites-cassandra", set: "echo DN 10.0.0.14 >>/world/cassandra",
		check: "Cassandra", verdict: "WARN", says: "nodetool removenode"},

	{name: "etcd does not run", set: "rm /world/running/clearwater-etcd", check: "etcd here", verdict: "WARN", says: "its data is there"},
	{name: "the processes cannot be read", set: fake("ps", "exit 1"), check: "etcd here", verdict: "CANNOT TELL"},
	{name: "the quorum is not lost", set: "touch /world/healthy/" + peer, check: "quorum", verdict: "FAIL", says: "healthy: 10.0.0.12 (vellum-2)"},
	{name: "the quorum is not lost, seen from a proxy", node: "bono-1", set: "touch /world/healthy/" + peer, check: "quorum", verdict: "FAIL", says: "this procedure would destroy a cluster that works"},
	{name: "the recovery is under way", set: "touch /world/formed", check: "quorum", verdict: "PASS", says: "the new cluster is there",
		more: []string{"port 4000: CANNOT TELL"}},
	{name: "no etcd answers", set: "cd /world/way; for ip in 11 12 13 31 32 41 51 71; do echo refused >10.0.0.$ip,4000; echo refused >10.0.0.$ip,2380; done",
		check: "quorum", verdict: "CANNOT TELL", says: "no etcd answers here",
		more: []string{"members: CANNOT TELL", "port 4000: CANNOT TELL", "port 2380: CANNOT TELL", "clocks: CANNOT TELL"}},
	{name: "a member that is not in the inventory", set: "for ip in 11 12; do echo 10.0.0.11 10.0.0.12 10.0.0.99 >/world/members/10.0.0.$ip; done",
		check: "members", verdict: "WARN", says: "unknown: 10.0.0.99"},
	{name: "the old cluster has lost too few", set: "echo 10.0.0.11 10.0.0.12 10.0.0.14 >/world/members/10.0.0.11",
		check: "members", verdict: "FAIL", says: "has not lost its quorum"},
	{name: "T38 a firewall before 4000", set: "echo silent >/world/way/" + peer + ",4000", check: "port 4000", verdict: "FAIL", says: "no answer: 10.0.0.12 (vellum-2)"},
	{name: "T38 no route", set: "echo unreachable >/world/way/" + peer + ",2380", check: "port 2380", verdict: "FAIL", says: "no answer: 10.0.0.12 (vellum-2)"},
	{name: "T38 only the process is missing", set: "echo refused >/world/way/" + peer + ",4000", check: "port 4000", verdict: "CANNOT TELL", says: "refused: 10.0.0.12 (vellum-2)"},
	{name: "a port that takes the connection is open", set: "echo mute >/world/way/" + peer + ",4000", check: "port 4000", verdict: "PASS", says: "answered: 7 of 7"},
	{name: "T15 a failed node answers", set: "echo open >/world/way/" + dead + ",4000", check: "failed nodes", verdict: "FAIL", says: "an answer from 10.0.0.14 (vellum-4)"},
	{name: "T15 a failed node takes the connection", set: "echo mute >/world/way/" + dead + ",2380", check: "failed nodes", verdict: "FAIL", says: "10.0.0.14 (vellum-4)"},
	{name: "T15 a failed node is up", set: "echo refused >/world/way/" + dead + ",4000", check: "failed nodes", verdict: "WARN", says: "the machine is up"},
	{name: "T15 a failed node is off", set: "echo unreachable >/world/way/" + dead + ",4000", check: "failed nodes", verdict: "PASS"},
	{name: "curl is broken", set: fake("curl", "echo 'curl: (2) failed initialization'; exit 2"), check: "failed nodes", verdict: "CANNOT TELL", says: "could not ask",
		more: []string{"quorum: CANNOT TELL", "members: CANNOT TELL", "port 4000: CANNOT TELL", "port 2380: CANNOT TELL", "clocks: CANNOT TELL"}},
	{name: "T52 a clock is ahead", set: "echo 90 >/world/ahead/" + peer, check: "clocks", verdict: "WARN", says: "10.0.0.12 (vellum-2) 90 seconds ahead"},
	{name: "T52 a clock is behind", set: "echo -7200 >/world/ahead/" + peer, check: "clocks", verdict: "WARN", says: "10.0.0.12 (vellum-2) 7200 seconds behind"},
	{name: "T52 a second is nothing", set: "echo 1 >/world/ahead/" + peer, check: "clocks", verdict: "PASS"},
	{name: "T52 a clock that tells no time", set: fake("date", `case "$*" in *-d*) exit 1 ;; esac; exec /usr/local/sbin/date "$@"`), check: "clocks", verdict: "CANNOT TELL", says: "date -u"},

	{name: "the disk is full", set: fake("df", "echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'; echo '/dev/sda1 100 99 1 99% /'"),
		check: "room for copies", verdict: "FAIL", says: "1 kB free under /var"},
	{name: "the data is elsewhere", set: "mv /var/lib/clearwater-etcd /var/lib/real; ln -s real /var/lib/clearwater-etcd",
		check: "room for copies", verdict: "FAIL", says: "symbolic link"},
	{name: "T22 chef-client runs", set: fake("ps", `/usr/local/sbin/ps "$@"; echo '  900 /usr/bin/ruby /usr/bin/chef-client -d'`), check: "managing tools", verdict: "WARN", says: "chef-client runs"},
	{name: "T22 Chef is set up", set: "mkdir /etc/chef", check: "managing tools", verdict: "WARN", says: "/etc/chef is there"},
	{name: "T22 cron calls Puppet", set: "mkdir /etc/cron.d; echo '0 * * * * root /usr/bin/puppet agent -t' >/etc/cron.d/manage", check: "managing tools", verdict: "WARN", says: "/etc/cron.d/manage calls one"},
	{name: "T22 a comment is no call", set: "mkdir /etc/cron.d; echo '# no puppet here' >/etc/cron.d/manage", check: "managing tools", verdict: "PASS"},
}

// TestSurveyLies holds that each lie gives its row its verdict, and that no other
// row is taken in by it.
func TestSurveyLies(t *testing.T) {
	needRoot(t)
	known := &snapshots{dir: t.TempDir()}
	builds := map[string]built{}
	for _, l := range surveyLies {
		if l.golden == "" {
			l.golden = three
		}
		if l.node == "" {
			l.node = "vellum-1"
		}
		b, ok := builds[l.golden]
		if !ok {
			b.plan, b.bundle = build(t, l.golden)
			builds[l.golden] = b
		}
		t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			l.holds(t, b, known)
		})
	}
}

func (l surveyLie) holds(t *testing.T, b built, known *snapshots) {
	s := b.bundle.Scripts[slices.IndexFunc(b.bundle.Scripts, func(s render.Script) bool { return s.Node == l.node })]
	w := known.world(t, lie{golden: l.golden, node: l.node, stage: model.Survey}, func() *world { return newWorld(t, b.plan, s) })
	w.shell(l.set)
	out, status, r := w.surveyed()
	if got := r.verdict(l.check); got != l.verdict {
		t.Errorf("%s is %s, want %s\n%s", l.check, got, l.verdict, out)
	}
	if got := r.others(l.check); !slices.Equal(got, l.more) {
		t.Errorf("not PASS besides %s: %q, want %q\n%s", l.check, got, l.more, out)
	}
	if !strings.Contains(strings.Join(strings.Fields(tableText(out, l.node)), " "), l.says) {
		t.Errorf("the output does not say %q\n%s", l.says, out)
	}
	fails := l.verdict == "FAIL" || slices.ContainsFunc(l.more, func(s string) bool { return strings.HasSuffix(s, "FAIL") })
	if want := map[bool]int{true: 1, false: 0}[fails]; status != want {
		t.Errorf("status %d, want %d\n%s", status, want, out)
	}
	if fails != strings.Contains(out, "Nothing was changed on "+l.node) || fails == strings.Contains(out, "STAGE survey DONE") {
		t.Errorf("the verdict does not fit\n%s", out)
	}
}

// tableText takes the node's name off the lines of the table.
func tableText(out, node string) string { return strings.ReplaceAll(out, "\n"+node+"| ", "\n") }

// TestSurveyNeedsRoot holds that the survey needs root and says so.
func TestSurveyNeedsRoot(t *testing.T) {
	needRoot(t)
	p, b := build(t, three)
	w := newWorld(t, p, b.Scripts[0])
	out, status := w.run("setpriv", "--reuid", "1", "--clear-groups", "/bin/bash", w.script, "survey")
	if status != 1 || !strings.Contains(out, "root runs this script") || !strings.Contains(out, "Nothing was changed") {
		t.Errorf("status %d\n%s", status, out)
	}
}

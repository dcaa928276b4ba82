package rehearse

import (
	"slices"
	"strings"
	"time"

	"requorum/model"
	"requorum/render/rehearse/site"
)

const (
	localConfig  = "/etc/clearwater/local_config"
	sharedConfig = "/etc/clearwater/shared_config"
	userSettings = "/etc/clearwater/user_settings"
	chronosFile  = "/etc/chronos/chronos_cluster.conf"
	memcached    = "/etc/clearwater/cluster_settings"
	etcdData     = "/var/lib/clearwater-etcd"
)

// Nodes that something may be wrong with. Each gives a name, or nothing.

func source(p *model.Plan) string { return p.Source }

// lastMaster is the last of the new masters, if there is more than one.
func lastMaster(p *model.Plan) string {
	list := p.Stage(model.Create).Nodes
	if len(list) < 2 {
		return ""
	}
	return list[len(list)-1]
}

// lastConfirmed is the master whose turn at confirm comes last, if there is more
// than one.
func lastConfirmed(p *model.Plan) string {
	list := p.Stage(model.Confirm).Nodes
	if len(list) < 2 {
		return ""
	}
	return list[len(list)-1]
}

func proxy(p *model.Plan) string { return first(p, func(n model.PlanNode) bool { return !n.Master }) }
func sprout(p *model.Plan) string {
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Sprout })
}
func vellum(p *model.Plan) string {
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Vellum })
}

func first(p *model.Plan, is func(model.PlanNode) bool) string {
	if i := slices.IndexFunc(p.Nodes, is); i >= 0 {
		return p.Nodes[i].Name
	}
	return ""
}

// secondVellum is a live one besides the first.
func secondVellum(p *model.Plan) string {
	own := vellum(p)
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Vellum && n.Name != own })
}

// secondSprout is a live one besides the first.
func secondSprout(p *model.Plan) string {
	own := sprout(p)
	return first(p, func(n model.PlanNode) bool { return n.Type == model.Sprout && n.Name != own })
}

// dead is a failed node that was a master.
func dead(p *model.Plan) string {
	for _, n := range p.Failed {
		if n.Etcd == model.Master {
			return n.Name
		}
	}
	return ""
}

// Narrower: the same node, where the plan has something.

func where(node func(*model.Plan) string, holds func(*model.Plan) bool) func(*model.Plan) string {
	return func(p *model.Plan) string {
		if !holds(p) {
			return ""
		}
		return node(p)
	}
}

func cassandra(p *model.Plan) bool  { return p.Stores.Cassandra && p.Loader != "" }
func loads(p *model.Plan) bool      { return p.Loader != "" }
func carries(p *model.Plan) bool    { return p.SharedConfig != nil }
func carriesNot(p *model.Plan) bool { return p.SharedConfig == nil }
func finishes(p *model.Plan) bool   { return len(p.Stage(model.Finish).Nodes) > 0 }

// What is done to a node, by people or by chance.

// all does several things.
func all(list ...mishap) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) {
		for _, do := range list {
			do(r, s, n)
		}
	}
}

// everywhere does a thing to every live node.
func everywhere(do mishap) mishap {
	return func(r *Rehearsal, s *site.Site, _ *site.Node) {
		for _, n := range r.plan.Nodes {
			do(r, s, s.Node(n.Name))
		}
	}
}

// edit gives a file another text. A file that is not there is empty.
func edit(path string, change func(string) string) mishap {
	return func(_ *Rehearsal, s *site.Site, n *site.Node) {
		text, _ := n.Read(path)
		n.Edit(s, path, change(text))
	}
}

// text gives a file a text whatever was in it.
func text(path, data string) mishap {
	return edit(path, func(string) string { return data })
}

// add puts a line at the end of a file.
func add(path, line string) mishap {
	return edit(path, func(old string) string { return old + line + "\n" })
}

// swap puts one piece of text in the place of another, everywhere in a file.
func swap(path, old, fresh string) mishap {
	return edit(path, func(text string) string { return strings.ReplaceAll(text, old, fresh) })
}

// lose takes files away.
func lose(paths ...string) mishap {
	return func(_ *Rehearsal, _ *site.Site, n *site.Node) {
		for _, p := range paths {
			n.Delete(p)
		}
	}
}

// restore puts a file back as it was, or as it never was.
func restore(path string) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) {
		old, err := r.begin.Node(n.Name).Read(path)
		if err != nil {
			n.Delete(path)
			return
		}
		n.Edit(s, path, old)
	}
}

// returns powers a failed node on as it was: monit starts its old etcd with the old
// data (T15).
func returns(_ *Rehearsal, s *site.Site, n *site.Node) {
	n.PowerOn(s)
	s.Advance(settling)
}

// fence cuts a node's network for good.
func fence(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Fenced = true }

// boots takes a node's power and gives it back (T8).
func boots(_ *Rehearsal, s *site.Site, n *site.Node) { reboot(s, n.Name, true) }

// after is the site as the clean run has left it at the end of a stage.
func after(stage model.StageName) mishap {
	return func(r *Rehearsal, s *site.Site, _ *site.Node) {
		for _, m := range slices.Backward(r.clean) {
			if m.turn.Stage == stage {
				*s = *m.after.Clone()
				return
			}
		}
	}
}

// stops makes services of a node slow to end (T2).
func stops(d time.Duration, list ...site.Service) mishap {
	return func(_ *Rehearsal, _ *site.Site, n *site.Node) {
		n.Stops = map[site.Service]time.Duration{}
		for _, v := range list {
			n.Stops[v] = d
		}
	}
}

// waits lets time go by.
func waits(d time.Duration) mishap {
	return func(_ *Rehearsal, s *site.Site, _ *site.Node) { s.Advance(d) }
}

// format is another version of monit.
func format(f site.Format) mishap {
	return func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Format = f }
}

// monitHalts ends monit's daemon on a node, or starts it.
func monitHalts(halt bool) mishap {
	return func(_ *Rehearsal, s *site.Site, n *site.Node) { n.HaltMonit(s, halt) }
}

// disk fills a node's disk, or makes room.
func disk(full bool) mishap {
	return func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Full = full }
}

// lock is a run in another terminal that does not end, or its end.
func lock(held bool) mishap {
	return func(_ *Rehearsal, _ *site.Site, n *site.Node) { n.Lock(held) }
}

// asAnother gives a node the name, the addresses and the configuration of another
// one: somebody has logged in to the wrong machine.
func asAnother(r *Rehearsal, s *site.Site, n *site.Node) {
	other := r.begin.Node(r.plan.Failed[0].Name)
	n.Host, n.Addresses = other.Host, other.Addresses
	own, _ := other.Read(localConfig)
	n.Edit(s, localConfig, own)
}

// asItself takes that back.
func asItself(r *Rehearsal, s *site.Site, n *site.Node) {
	own := r.begin.Node(n.Name)
	n.Host, n.Addresses = own.Host, own.Addresses
	restore(localConfig)(r, s, n)
}

// offline takes the addresses from a node's interfaces, or gives them back.
func offline(off bool) mishap {
	return func(r *Rehearsal, _ *site.Site, n *site.Node) {
		n.Addresses = r.begin.Node(n.Name).Addresses
		if off {
			n.Addresses = nil
		}
	}
}

// ring gives a failed Vellum's row in Cassandra a state; with none it has none.
func ring(state string) mishap {
	return func(r *Rehearsal, s *site.Site, _ *site.Node) {
		for _, n := range r.plan.Failed {
			if n.Type == model.Vellum {
				s.Ring(r.plan.Site, n.LocalIP.String(), state)
				return
			}
		}
	}
}

// ownRing does so with the row of the node itself.
func ownRing(state string) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) { s.Ring(r.plan.Site, n.LocalIP, state) }
}

// cutOff is a firewall between a node and the configuration source (T38), or none.
func cutOff(off bool) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) {
		s.Mend()
		if off {
			s.Cut(n.Name, r.plan.Source)
		}
	}
}

// oldEtcd starts etcd on a node from a copy of its old data that somebody has put back
// (T4, T10).
func oldEtcd(r *Rehearsal, s *site.Site, n *site.Node) {
	for _, path := range []string{"/member/snap/db"} {
		old, err := r.begin.Node(n.Name).Read(etcdData + "/" + n.ManagementIP + path)
		if err == nil {
			n.MakeFolder(s, etcdData+"/"+n.ManagementIP+"/member/snap")
			n.Edit(s, etcdData+"/"+n.ManagementIP+path, old)
		}
	}
	anyEtcd(r, s, n)
}

// anyEtcd is a colleague who lets monit start etcd.
func anyEtcd(_ *Rehearsal, s *site.Site, n *site.Node) {
	n.Monitor(site.Etcd)
	s.Advance(settling)
}

// byHand is a node on which somebody has begun the written procedure without a script:
// services stopped, the data directory wiped, the cluster manager held.
func byHand(_ *Rehearsal, s *site.Site, n *site.Node) {
	for _, v := range []site.Service{site.Etcd, site.ClusterManager, site.ConfigManager, site.QueueManager} {
		n.Unmonitor(v)
	}
	s.Advance(5 * time.Minute)
	n.Delete(etcdData)
	n.MakeFolder(s, etcdData)
	n.Edit(s, "/etc/clearwater/no_cluster_manager", "")
}

// chefReverts puts the old local_config back (T22).
func chefReverts(r *Rehearsal, s *site.Site, n *site.Node) { restore(localConfig)(r, s, n) }

// loader is the node that loads the data store values.
func loader(p *model.Plan) string { return p.Loader }

// failedVellum changes the line of the first failed Vellum in a file.
func failedVellum(path, old, fresh string) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) {
		for _, m := range r.plan.Failed {
			if m.Type == model.Vellum {
				swap(path, old+m.LocalIP.String()+"\n", fresh+m.LocalIP.String()+"\n")(r, s, n)
				return
			}
		}
	}
}

// ownLine takes a node's own line out of its Chronos file.
func ownLine(path string) mishap {
	return func(r *Rehearsal, s *site.Site, n *site.Node) {
		swap(path, "node = "+n.LocalIP+"\n", "")(r, s, n)
	}
}

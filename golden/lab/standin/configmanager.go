package main

import "context"

// shared is a file that the configuration managers keep the same (facts 2.7).
type shared struct {
	file, key, kind string // kind: the node type that has its plugin; empty: every one
	empty           string // what is published where the file is missing (T25)
}

func sharedFiles(kind string) []shared {
	var list []shared
	for _, f := range []shared{
		{"/etc/clearwater/shared_config", "shared_config", "", "# No Shared Config has been provided\n"},
		{"/etc/clearwater/dns.json", "dns_json", "", "{\"hostnames\": []}\n"},
		{"/etc/clearwater/sas.json", "sas_json", "", "{\"sas_servers\": []}\n"},
		{"/etc/chronos/chronos_shared.conf", "chronos_shared_config", vellum, ""},
		{"/etc/clearwater/enum.json", "enum_json", sprout, "{\"number_blocks\": []}\n"},
		{"/etc/clearwater/s-cscf.json", "scscf_json", sprout, "{\"s-cscfs\": []}\n"},
		{"/etc/clearwater/rph.json", "rph_json", sprout, "{\"priority_blocks\": []}\n"},
		{"/etc/clearwater/bgcf.json", "bgcf_json", sprout, "{\"routes\": []}\n"},
		{"/etc/clearwater/shared_ifcs.xml", "shared_ifcs", sprout, "<SharedIFCsSets/>\n"},
		{"/etc/clearwater/fallback_ifcs.xml", "fallback_ifcs", sprout, "<FallbackIFCsSet/>\n"},
	} {
		if f.kind == "" || f.kind == kind {
			list = append(list, f)
		}
	}
	return list
}

// configManager publishes the node's files where nobody has, and takes what is
// published in place of its own otherwise (facts 2.7, T25).
func configManager(n *node) int {
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	return n.manage(manager{"config_manager", func(ctx context.Context) error { return n.synchronise(ctx, c) }})
}

// synchronise does a turn over all files of the node.
func (n *node) synchronise(ctx context.Context, c config) error {
	k := n.keys(c)
	for _, f := range sharedFiles(n.kind()) {
		if err := n.share(ctx, k, f, c.configurationKey(f.key)); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) share(ctx context.Context, k *keys, f shared, key string) error {
	published, err := k.get(ctx, key)
	if refused(err, codeMissing) {
		own, missing := n.read(f.file)
		if missing != nil {
			own = f.empty
		}
		if err := k.create(ctx, key, own); err != nil && !refused(err, codeExisting) {
			return err
		}
		published, err = k.get(ctx, key) // another one may have been first
	}
	if err != nil {
		return err
	}
	if own, missing := n.read(f.file); missing == nil && own == published.Value {
		return nil
	}
	n.say("writing %s\n", f.file)
	return n.replace(f.file, published.Value)
}

// checkConfigSync compares the node's files with what is published, byte by byte
// (facts 1.4). JSON and XML with a character outside ASCII never compare equal (T31).
func checkConfigSync(n *node, _ []string) int {
	if !n.superuser {
		n.say("You must run this script with root permissions\n")
		return 2
	}
	c, err := n.configuration()
	if err != nil {
		n.complain("%v\n", err)
		return 1
	}
	k, status := n.keys(c), 0
	for _, f := range sharedFiles(n.kind()) {
		published, err := k.get(context.Background(), c.configurationKey(f.key))
		if err != nil && !refused(err, codeMissing) {
			return n.traceback("etcd.EtcdException: %v", err)
		}
		own, missing := n.read(f.file)
		switch {
		case missing != nil:
			n.say(" - %s is missing\n", f.file)
			status = 1
		case err != nil || own != published.Value || f.key != "shared_config" && !ascii(own):
			n.say(" - %s is present but is out of sync\n", f.file)
			status = 1
		default:
			n.say(" - %s is up to date\n", f.file)
		}
	}
	return status
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

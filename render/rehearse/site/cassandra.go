package site

import (
	"fmt"
	"slices"
	"strings"
)

// row is one line of nodetool status: UN is up and normal, DN is down.
type row struct {
	site, address, state string
}

// nodetoolCommand is run-in-signaling-namespace nodetool, as far as the scripts read
// it (facts 1.9).
func nodetoolCommand(c *call) int {
	if len(c.args) < 3 || c.args[1] != "nodetool" {
		return c.unknown("run-in-signaling-namespace runs something else")
	}
	if !c.node.Exists("/var/lib/cassandra") {
		c.complain("nodetool: Failed to connect to '127.0.0.1:7199' - ConnectException: 'Connection refused'.\n")
		return 1
	}
	switch c.args[2] {
	case "status":
		c.say("%s", c.site.ring())
	case "describecluster":
		c.say("Cluster Information:\n\tSchema versions:\n\t\t86afa796-d883-3932-aa73-6b017cef0d19: [%s]\n", c.site.rowsOf(true))
		if down := c.site.rowsOf(false); down != "" {
			c.say("\n\t\tUNREACHABLE: [%s]\n", down)
		}
	case "removenode":
		return removeRow(c)
	default:
		return c.unknown("nodetool takes other arguments")
	}
	return 0
}

func (s *Site) ring() string {
	var b strings.Builder
	last := ""
	for i, r := range s.cassandra {
		if r.site != last {
			fmt.Fprintf(&b, "Datacenter: %s\n================\nStatus=Up/Down\n|/ State=Normal/Leaving/Joining/Moving\n", r.site)
			b.WriteString("--  Address    Load       Tokens  Owns    Host ID                               Rack\n")
			last = r.site
		}
		fmt.Fprintf(&b, "%s  %s  1.2 MB     256     33.3%%   %s  RAC1\n", r.state, r.address, hostID(i))
	}
	return b.String()
}

func hostID(i int) string { return fmt.Sprintf("0d3a9f2e-7c1b-4e5f-8a6d-%012d", i+1) }

// rowsOf lists the addresses that are up, or the others.
func (s *Site) rowsOf(up bool) string {
	var list []string
	for _, r := range s.cassandra {
		if (r.state == "UN") == up {
			list = append(list, r.address)
		}
	}
	return strings.Join(list, ", ")
}

func removeRow(c *call) int {
	for i := range c.site.cassandra {
		if len(c.args) == 4 && hostID(i) == c.args[3] {
			c.site.cassandra = slices.Delete(c.site.cassandra, i, i+1)
			return 0
		}
	}
	c.complain("nodetool: no such host\n")
	return 1
}

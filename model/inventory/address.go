package inventory

import (
	"net/netip"
	"strings"
)

// checkAddress accepts an address that one machine can have on a network.
func checkAddress(value string) *problem {
	a, err := netip.ParseAddr(value)
	if err != nil {
		return notAddress(value)
	}
	if reason, remedy := unusable(a); reason != "" {
		return badAddress(value, reason, remedy)
	}
	return nil
}

// checkManagement takes IPv4 only; deployment-wide rules look after a
// local_ip that serves as management address.
func checkManagement(value string) *problem {
	if p := checkAddress(value); p != nil {
		return p
	}
	if netip.MustParseAddr(value).Is6() {
		return ipv6Management(value)
	}
	return nil
}

// unusable says why a well-formed address cannot be that of a node.
func unusable(a netip.Addr) (reason, remedy string) {
	switch {
	case a.Zone() != "":
		return "names a network interface", writeWithoutZone
	case a.Is4In6():
		return "is an IPv4 address in IPv6 form", "write " + a.Unmap().String()
	case a.IsUnspecified():
		return "stands for no address", writeAddress
	case a.IsLoopback():
		return "is a loopback address, which every machine has", writeAddress
	case a.IsMulticast():
		return "is a multicast address", writeAddress
	case a.IsLinkLocalUnicast():
		return "is a link-local address, which reaches no other network", writeAddress
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "is the broadcast address", writeAddress
	case thisNetwork.Contains(a):
		return "begins with 0, as no machine's address does", writeAddress
	case reserved.Contains(a):
		return "is of the reserved range from 240.0.0.0 on", writeAddress
	}
	return "", ""
}

// Ranges of IPv4 in which no machine has its address.
var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
	reserved    = netip.MustParsePrefix("240.0.0.0/4")
)

// addressWithin finds the address in text that has something around it, such
// as 10.1.0.11/24, 10.1.0.11:4000 or [fd00::11].
func addressWithin(value string) (netip.Addr, bool) {
	if prefix, err := netip.ParsePrefix(value); err == nil {
		return prefix.Addr(), true
	}
	if port, err := netip.ParseAddrPort(value); err == nil {
		return port.Addr(), true
	}
	a, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(value), "[]"))
	return a, err == nil
}

// Package lab builds Clearwater sites of real monit and real etcd on one machine,
// loses their masters for good, and lets the generated scripts recover them.
//
// Its tests have the build tag lab and need root: make lab runs them.
package lab

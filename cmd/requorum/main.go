// Command requorum compiles an inventory of a Clearwater deployment that has
// lost etcd quorum into a checked bundle: one bash script for each live node,
// and the runbook for the people who run them.
package main

import "os"

func main() { os.Exit(int(run(os.Args[1:], newSession()))) }

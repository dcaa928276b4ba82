package main

const inventoryTopic = `
The inventory is a YAML file, version 1, of at most 4 MiB. "requorum init" prints one to start from, "requorum schema" its schema for editors.

Optional keys show in brackets what counts where they are left out.

At the top:

  version      1
  deployment   the name that people give the deployment; stands in the runbook
  etcd_key     [clearwater] etcd_key of shared_config
  uses         [nothing] what the deployment runs, see below
  operators    [1] how many engineers work at the same time, up to 99. From 2
               on, each stage that others wait for ends with a short stop
               code, and a stage asks for the codes of the nodes before it.
  recover      the name of the site whose etcd cluster is to be recovered
  sites        by name, each with its nodes; the name is Clearwater's
               local_site_name

In uses, each true or false:

  homestead_prov  [false] with it, Cassandra is in use
  homer           [false] with it, Cassandra is in use
  memento         [false] with it, Cassandra is in use
  ralf            [false] Ralf reports billing events

In each site:

  files        [none] files.shared_config is the path of a copy of
               shared_config that is known to be good, relative to the folder
               of the inventory (of an inventory on standard input: to the
               current folder). The scripts of the masters carry it.
  nodes        by name; failed ones too. Sites that are not recovered may have
               none; their nodes are never touched, but what is expected of
               Cassandra depends on their Vellum nodes.

In each node:

  type                 bono, sprout, dime, vellum, homer, ellis, or of older
                       releases homestead, ralf, memento
  local_ip             the signaling address: local_ip in local_config
  management_local_ip  [local_ip] management_local_ip in local_config; always
                       IPv4
  etcd                 what the node was before the failure: master, if its
                       local_config sets etcd_cluster, or proxy
  state                [live] live, or failed, which means lost for good
  etcd_cluster_key     [the type] etcd_cluster_key in local_config
  location             [none] where the machine is; printed in the runbook

Names of nodes are [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?, those of sites may have _ inside too. No address is used twice. Text is one printable line. Anchors, aliases, tags and unknown or repeated keys are refused. The order of keys, quotes and comments change nothing in what is rendered.
`

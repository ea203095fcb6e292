// Package definition reads a folder of sync definitions: a nango.yaml and the scripts beside it. It
// reports everything that is wrong at once, each fault with its file, line and column, so that a
// folder that loads without faults can be deployed.
//
// Two layouts of nango.yaml are understood. The first names the syncs under their integration:
//
//	integrations:
//	  github:
//	    github-issues:
//	      runs: every 30min
//	      returns: [GithubIssue]
//	      webhook-subscriptions: issues
//	models:
//	  GithubIssue:
//	    id: string
//
// The second puts them under `syncs`, and calls `returns` `output`. A script is <sync>.ts beside
// nango.yaml, or <integration>/syncs/<sync>.ts.
package definition

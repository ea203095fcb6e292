// Package docs is the documentation as files: Markdown pages that are read in the repository, and that the binary
// serves at /docs.
package docs

import "embed"

// Files has the pages, and the files that they link to.
//
//go:embed *.md adr/*.md *.yaml *.yml *.d.ts
var Files embed.FS

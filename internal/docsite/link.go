package docsite

import (
	"path"
	"strings"
)

// Root is the path that the site is served at.
const Root = "/docs/"

// repository is where the files are that the site does not have.
const repository = "https://github.com/synchook/synchook/blob/main/"

// place returns where a link leads that stands in a page of the folder dir: to a page of the site, to a file beside
// it, or to the repository.
func place(dir, target string) string {
	if strings.HasPrefix(target, "#") || strings.Contains(target, ":") || strings.HasPrefix(target, "/") {
		return target
	}
	name, fragment, found := strings.Cut(target, "#")
	if found {
		fragment = "#" + fragment
	}
	inDocs := path.Join(dir, name)
	switch {
	case inDocs == ".." || strings.HasPrefix(inDocs, "../"):
		return repository + path.Join("docs", inDocs) + fragment
	case inDocs == first:
		return Root + fragment
	}
	return Root + strings.TrimSuffix(inDocs, ".md") + fragment
}

// Command sdkdoc is how `make generate` writes what scripts are called with, docs/nango.d.ts, into docs/scripts.md.
package main

import (
	"log"
	"os"

	"github.com/synchook/synchook/internal/apidoc"
)

func main() {
	if err := write("docs/scripts.md", "docs/nango.d.ts"); err != nil {
		log.Fatal(err)
	}
}

func write(pageName, typesName string) error {
	page, err := os.ReadFile(pageName) //nolint:gosec // as the caller names it
	if err != nil {
		return err
	}
	types, err := os.ReadFile(typesName) //nolint:gosec // likewise
	if err != nil {
		return err
	}
	text, err := apidoc.WithSDK(string(page), string(types))
	if err != nil {
		return err
	}
	return os.WriteFile(pageName, []byte(text), 0o644) //nolint:gosec // a page that everybody reads
}

// Package dashboard is the React app that people look at, as files. `make dashboard` builds them into dist, which is
// embedded; in a clone where that has not run yet, dist has no pages.
package dashboard

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built app: index.html, and all other files in their compressed forms (.br, .gz). Without
// an index.html the app has not been built.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // dist is a valid path, which is all that Sub asks
	}
	return files
}

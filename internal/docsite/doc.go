// Package docsite turns the Markdown pages of docs/ into pages for a browser. They need no script, follow the reader's
// choice of dark or light, and are read on a phone. What links to them in the repository leads to the same place here.
package docsite

// Package apidoc writes docs/api.md: the reference of the API, from the comments and rules in proto/. It is a
// plugin of buf, so that what it reads is what the code is generated from, and its output is the same each time.
package apidoc

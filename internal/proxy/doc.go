// Package proxy makes requests to external APIs with the credentials of one
// connection.
//
// The three concerns are separate values: a [Target] says whose API it is and
// how to prove it, a [Request] says what a script wants, and a [Client] joins
// them, retries, and bounds what comes back. Nothing that a script can write
// in a Request moves the credentials to another origin: they are added only
// when the scheme, host and port of the final URL are those of the target's
// base URL, and a redirect is followed only for GET and HEAD and only within
// that origin.
//
// Credentials never appear in an error, and print as their kind. Errors show
// a URL without its query, where APIs like to put secrets.
//
// The package does not decide which addresses may be dialled: the transport
// of the Client does, and in the program that is netguard's.
package proxy

// Package provider knows the external APIs that send webhooks in: how each signs, which part of a
// request says what happened and to whom, and what its handshake wants. All of it is pure. A caller
// goes in this order:
//
//	Verify -> Handshake -> Parse -> Extract
//
// A new provider is one file with a type that has Provider's methods, a test against the provider's own
// signatures, and one line in all.
package provider

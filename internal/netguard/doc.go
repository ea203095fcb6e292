// Package netguard dials for requests whose URL somebody else chose: the webhooks that we send, and
// what scripts fetch. It refuses addresses that are not on the public internet, so that such a URL
// cannot reach the machine itself, its private network or a cloud's metadata service.
//
// The judgement is made on the address that is about to be dialled, after the name was resolved.
// A check of the name, or of an earlier look-up, would be undone by a name that answers with a public
// address first and with a private one a moment later (DNS rebinding).
package netguard

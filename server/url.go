package server

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/synchook/synchook/internal/netguard"
	"github.com/synchook/synchook/internal/synchook"
	"github.com/synchook/synchook/internal/webhook"
)

// urls makes the URLs that this server shows and judges those that it is given.
type urls struct {
	public       string // of this server; empty: unknown
	allowPrivate bool
}

// webhookPath returns the path of an integration's URL for incoming webhooks.
func webhookPath(publicID, key string) string {
	return "/webhook/" + url.PathEscape(publicID) + "/" + url.PathEscape(key)
}

// full returns the whole URL of a path of this server, or "" when it does not know its own.
func (u urls) full(path string) string {
	if u.public == "" {
		return ""
	}
	return u.public + path
}

// check judges a URL that we shall call. What a name stands for is judged when it is dialled; an address
// that is written down is judged here already, where it can still be told to whoever wrote it.
func (u urls) check(field, raw string) error {
	const help = "Give a URL such as https://app.example.com/hook."
	if err := webhook.CheckURL(raw); err != nil {
		return synchook.Invalid(field, err.Error(), help)
	}
	parsed, err := url.Parse(raw)
	if err != nil || u.allowPrivate {
		return nil // CheckURL has parsed it
	}
	if host := strings.TrimSuffix(strings.ToLower(parsed.Hostname()), "."); host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return synchook.Invalid(field, "the URL's host is the server's own machine", help)
	}
	addr, err := netip.ParseAddr(parsed.Hostname())
	if err != nil {
		return nil // a name
	}
	if err := netguard.New(netguard.Options{}).Check(addr); err != nil {
		return synchook.Invalid(field, err.Error(), help)
	}
	return nil
}

// checkBase judges the base URL of an external API, to which paths and queries are added.
func (u urls) checkBase(field, raw string) error {
	if err := u.check(field, raw); err != nil {
		return err
	}
	parsed, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil
	case parsed.User != nil:
		return synchook.Invalid(field, "the base URL holds a user name or password", "Put them in the credentials of the connections.")
	case parsed.RawQuery != "":
		return synchook.Invalid(field, "the base URL has a query", "Leave out what follows the question mark.")
	}
	return nil
}

package server

import (
	"net/url"

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
	if err != nil {
		return synchook.Invalid(field, "the text is not a URL", help)
	}
	if parsed.User != nil {
		return synchook.Invalid(field, "the URL holds a user name or password, which everybody who reads the settings would see", "Leave them out, and put what the receiver asks for into custom headers or into the connections' credentials.")
	}
	if u.allowPrivate {
		return nil
	}
	if err := netguard.New(netguard.Options{}).CheckHost(parsed.Hostname()); err != nil {
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
		return synchook.Invalid(field, "the text is not a URL", "Give a URL such as https://api.example.com.")
	case parsed.RawQuery != "":
		return synchook.Invalid(field, "the base URL has a query", "Leave out what follows the question mark.")
	}
	return nil
}

// originOf returns the origin of a URL, as browsers name it.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

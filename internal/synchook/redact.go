package synchook

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// Redacted is what stands in a text where a secret stood.
const Redacted = "[redacted]"

// minSecret is the length from which a secret is looked for: a shorter one would turn up in ordinary words,
// and taking it out of them would tell what it is.
const minSecret = 6

// Redactor takes secrets out of texts that others write: an API that echoes its token in an error, a script
// that logs its credentials. The zero value takes nothing out. It may be used concurrently.
type Redactor struct {
	forms []string // longest first
}

// NewRedactor returns a redactor of the secrets in the forms in which they travel: as they are, escaped
// for JSON and URLs, and in base64. Those of fewer than 6 bytes are left alone.
func NewRedactor(secrets ...string) Redactor {
	var forms []string
	for _, s := range secrets {
		if len(s) < minSecret {
			continue
		}
		quoted, _ := json.Marshal(s) // a string always has a JSON form
		forms = append(forms, s, string(quoted[1:len(quoted)-1]), escapeJS.Replace(s), url.QueryEscape(s), url.PathEscape(s),
			base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)))
	}
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return Redactor{slices.Compact(forms)}
}

// escapeJS escapes as JSON.stringify does, which leaves & and < as they are.
var escapeJS = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Text returns a text without the secrets.
func (r Redactor) Text(text string) string {
	for _, form := range r.forms {
		if strings.Contains(text, form) {
			text = strings.ReplaceAll(text, form, Redacted)
		}
	}
	return text
}

// Cut returns the beginning of a longer text without the secrets, and without the beginning of one with
// which it ends.
func (r Redactor) Cut(text string) string {
	text = r.Text(text)
	for _, form := range r.forms {
		for n := min(len(form)-1, len(text)); n >= minSecret; n-- {
			if strings.HasSuffix(text, form[:n]) {
				return text[:len(text)-n] + Redacted
			}
		}
	}
	return text
}

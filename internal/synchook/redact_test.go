package synchook_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/synchook/synchook/internal/synchook"
)

func TestSecretsAreTakenOutInEveryFormInWhichTheyTravel(t *testing.T) {
	t.Parallel()
	const secret = `t0p/s"ecret+&`
	r := synchook.NewRedactor(secret, "user:"+secret)
	basic := base64.StdEncoding.EncodeToString([]byte("user:" + secret))
	for text, want := range map[string]string{
		"":                                "",
		"nothing to hide":                 "nothing to hide",
		"token " + secret + ".":           "token [redacted].",
		secret + secret:                   "[redacted][redacted]",
		`{"token":"t0p/s\"ecret+\u0026"}`: `{"token":"[redacted]"}`,
		`{"token":"t0p/s\"ecret+&"}`:      `{"token":"[redacted]"}`,
		"?token=t0p%2Fs%22ecret%2B%26":    "?token=[redacted]",
		"Authorization: Basic " + basic:   "Authorization: Basic [redacted]",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", text, got, want)
		}
	}
}

func TestTheBeginningOfASecretAtACutIsTakenOutToo(t *testing.T) {
	t.Parallel()
	r := synchook.NewRedactor("0123456789")
	for text, want := range map[string]string{
		"ends with 0123456789": "ends with [redacted]",
		"ends with 012345678":  "ends with [redacted]",
		"ends with 012345":     "ends with [redacted]",
		"ends with 01234":      "ends with 01234", // too short to be of use to anybody
		"012345":               "[redacted]",
		"":                     "",
	} {
		if got := r.Cut(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsTooShortToBeASecretStays(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a test ", 3)
	if got := synchook.NewRedactor("", "a", "test").Text(text); got != text {
		t.Errorf("%q becomes %q", text, got)
	}
	if got := (synchook.Redactor{}).Cut(text); got != text {
		t.Errorf("without secrets %q becomes %q", text, got)
	}
}

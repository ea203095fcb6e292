package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var issues = SyncBody{
	ConnectionID:      "user-1",
	ProviderConfigKey: "github",
	SyncName:          "github-issues",
	Model:             "GithubIssue",
	Counts:            Counts{Added: 1},
	QueryTimeStamp:    time.Date(2023, 5, 31, 11, 46, 13, 390_999_999, time.UTC),
}

const issuesBytes = `{"connectionId":"user-1","providerConfigKey":"github","syncName":"github-issues","model":"GithubIssue","responseResults":{"GithubIssue":{"added":1,"updated":0,"deleted":0}},"syncType":"INCREMENTAL","queryTimeStamp":"2023-05-31T11:46:13.390Z"}`

func TestBytesAreTheContractByteForByte(t *testing.T) {
	t.Parallel()
	initial := issues
	initial.Initial = true
	elsewhere := issues
	elsewhere.QueryTimeStamp = issues.QueryTimeStamp.In(time.FixedZone("IST", 19800))
	whole := issues
	whole.QueryTimeStamp = time.Date(2023, 1, 2, 3, 4, 5, 0, time.UTC)
	large := issues
	large.Counts = Counts{Added: 9007199254740993, Updated: 2, Deleted: 3}
	tests := map[string]struct {
		body SyncBody
		want string
	}{
		"incremental":       {issues, issuesBytes},
		"another time zone": {elsewhere, issuesBytes},
		"initial has no time": {initial, strings.Replace(issuesBytes,
			`"INCREMENTAL","queryTimeStamp":"2023-05-31T11:46:13.390Z"`, `"INITIAL","queryTimeStamp":null`, 1)},
		"whole seconds keep their milliseconds": {whole, strings.Replace(issuesBytes,
			`2023-05-31T11:46:13.390Z`, `2023-01-02T03:04:05.000Z`, 1)},
		"large counts": {large, strings.Replace(issuesBytes,
			`"added":1,"updated":0,"deleted":0`, `"added":9007199254740993,"updated":2,"deleted":3`, 1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(test.body.Bytes()); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// The wanted texts are what JSON.stringify gives.
func TestHostileNamesAreEscapedAsJavaScriptDoes(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		``:                          `""`,
		`"},"model":"x`:             `"\"},\"model\":\"x"`,
		`\`:                         `"\\"`,
		`</script><b>&`:             `"</script><b>&"`,
		"a\u2028b\u2029c":           "\"a\u2028b\u2029c\"",
		"\x00\x01\x1f\x7f":          "\"\\u0000\\u0001\\u001f\x7f\"",
		"\b\f\n\r\t\v":              `"\b\f\n\r\t\u000b"`,
		"héllo 日本 \U0001F600\uFEFF": "\"héllo 日本 \U0001F600\uFEFF\"",
		"cut \xe6\x97":              "\"cut \uFFFD\uFFFD\"",
		"/":                         `"/"`,
	}
	for name, want := range tests {
		if got := string(appendString(nil, name)); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func FuzzBytesReadBackAsTheNamesGiven(f *testing.F) {
	f.Add("user-1", "github", "GithubIssue")
	f.Add("\"\\\x00</script>", "\u2028", "\xff{}")
	f.Fuzz(func(t *testing.T, connection, sync, model string) {
		body := SyncBody{ConnectionID: connection, SyncName: sync, Model: model, Initial: true}
		var read struct {
			ConnectionID    string `json:"connectionId"`
			SyncName        string `json:"syncName"`
			Model           string `json:"model"`
			ResponseResults map[string]any
		}
		if err := json.Unmarshal(body.Bytes(), &read); err != nil {
			t.Fatalf("%s: %v", body.Bytes(), err)
		}
		valid := func(s string) string { return string([]rune(s)) }
		if read.ConnectionID != valid(connection) || read.SyncName != valid(sync) || read.Model != valid(model) {
			t.Errorf("%q %q %q became %+v", connection, sync, model, read)
		}
		if _, ok := read.ResponseResults[valid(model)]; !ok || !utf8.Valid(body.Bytes()) {
			t.Errorf("the results of %q became %+v", model, read.ResponseResults)
		}
	})
}

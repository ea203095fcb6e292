package synchookclient_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	oracle "github.com/standard-webhooks/standard-webhooks/libraries/go"

	synchookclient "github.com/synchook/synchook/clients/go"
)

const (
	webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret   = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

	incremental = `{"connectionId":"user-1","providerConfigKey":"github","syncName":"github-issues","model":"GithubIssue","responseResults":{"GithubIssue":{"added":1,"updated":2,"deleted":3}},"syncType":"INCREMENTAL","queryTimeStamp":"2023-05-31T11:46:13.390Z"}`
	initial     = `{"connectionId":"user-1","providerConfigKey":"github","syncName":"github-issues","model":"GithubIssue","responseResults":{"GithubIssue":{"added":1,"updated":0,"deleted":0}},"syncType":"INITIAL","queryTimeStamp":null}`
)

// signedAt returns the headers of a webhook that the Standard Webhooks library signed.
func signedAt(t *testing.T, at time.Time, body string, secrets ...string) http.Header {
	t.Helper()
	var signatures []string
	for _, secret := range secrets {
		library, err := oracle.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := library.Sign("dlv_1", at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, signature)
	}
	header := http.Header{}
	header.Set("webhook-id", "dlv_1")
	header.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
	header.Set("webhook-signature", strings.Join(signatures, " "))
	return header
}

func TestVerifiedWebhookIsReadInFull(t *testing.T) {
	t.Parallel()
	body, err := synchookclient.VerifyWebhook(signedAt(t, time.Now(), incremental, webhookSecret), []byte(incremental), webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	if body.ConnectionID != "user-1" || body.ProviderConfigKey != "github" || body.SyncName != "github-issues" || body.Model != "GithubIssue" {
		t.Errorf("the names are %+v", body)
	}
	if got := body.ResponseResults["GithubIssue"]; got != (synchookclient.Counts{Added: 1, Updated: 2, Deleted: 3}) {
		t.Errorf("the counts are %+v", got)
	}
	want := time.Date(2023, 5, 31, 11, 46, 13, 390_000_000, time.UTC)
	if body.SyncType != synchookclient.SyncTypeIncremental || body.QueryTimeStamp == nil || !body.QueryTimeStamp.Equal(want) {
		t.Errorf("the run is %v %v", body.SyncType, body.QueryTimeStamp)
	}
}

func TestInitialWebhookHasNoQueryTimeStamp(t *testing.T) {
	t.Parallel()
	body, err := synchookclient.VerifyWebhook(signedAt(t, time.Now(), initial, webhookSecret), []byte(initial), webhookSecret)
	if err != nil || body.SyncType != synchookclient.SyncTypeInitial || body.QueryTimeStamp != nil {
		t.Errorf("the body is %+v, %v", body, err)
	}
}

// The clock stands still in the bubble, so that the borders are exact.
func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		signed := signedAt(t, now, incremental, webhookSecret)
		with := func(name, value string) http.Header {
			header := signed.Clone()
			header.Set(name, value)
			return header
		}
		without := func(name string) http.Header {
			header := signed.Clone()
			header.Del(name)
			return header
		}
		at := func(shift time.Duration) http.Header {
			return signedAt(t, now.Add(shift), incremental, webhookSecret)
		}
		one := []string{webhookSecret}
		tests := map[string]struct {
			header  http.Header
			body    string
			secrets []string
			want    error
		}{
			"signed":                      {signed, incremental, one, nil},
			"the old secret":              {signed, incremental, []string{otherSecret, webhookSecret}, nil},
			"the new secret":              {signed, incremental, []string{webhookSecret, otherSecret}, nil},
			"an empty secret beside":      {signed, incremental, []string{"", webhookSecret}, nil},
			"two signatures":              {signedAt(t, now, incremental, otherSecret, webhookSecret), incremental, one, nil},
			"an unknown version beside":   {with("webhook-signature", "v1a,AA "+signed.Get("webhook-signature")), incremental, one, nil},
			"five minutes old":            {at(-5 * time.Minute), incremental, one, nil},
			"five minutes early":          {at(5 * time.Minute), incremental, one, nil},
			"older":                       {at(-5*time.Minute - time.Second), incremental, one, synchookclient.ErrWebhookStale},
			"earlier":                     {at(5*time.Minute + time.Second), incremental, one, synchookclient.ErrWebhookStale},
			"another secret":              {signed, incremental, []string{otherSecret}, synchookclient.ErrWebhookSignature},
			"another body":                {signed, initial, one, synchookclient.ErrWebhookSignature},
			"a space more":                {signed, incremental + " ", one, synchookclient.ErrWebhookSignature},
			"another ID":                  {with("webhook-id", "dlv_2"), incremental, one, synchookclient.ErrWebhookSignature},
			"another time":                {with("webhook-timestamp", fmt.Sprint(now.Unix()+1)), incremental, one, synchookclient.ErrWebhookSignature},
			"a time that is none":         {with("webhook-timestamp", "now"), incremental, one, synchookclient.ErrWebhookSignature},
			"no version":                  {with("webhook-signature", signed.Get("webhook-signature")[3:]), incremental, one, synchookclient.ErrWebhookSignature},
			"an empty signature":          {with("webhook-signature", "v1,"), incremental, one, synchookclient.ErrWebhookSignature},
			"no ID":                       {without("webhook-id"), incremental, one, synchookclient.ErrWebhookSignature},
			"no time":                     {without("webhook-timestamp"), incremental, one, synchookclient.ErrWebhookSignature},
			"no signature":                {without("webhook-signature"), incremental, one, synchookclient.ErrWebhookSignature},
			"no headers":                  {nil, incremental, one, synchookclient.ErrWebhookSignature},
			"no secret":                   {signed, incremental, nil, synchookclient.ErrWebhookSecret},
			"only an empty secret":        {signed, incremental, []string{""}, synchookclient.ErrWebhookSecret},
			"a secret without its prefix": {signed, incremental, []string{webhookSecret[6:]}, synchookclient.ErrWebhookSecret},
			"a secret that is cut":        {signed, incremental, []string{webhookSecret[:20]}, synchookclient.ErrWebhookSecret},
			"a secret without a key":      {signed, incremental, []string{"whsec_"}, synchookclient.ErrWebhookSecret},
			"signed, but not JSON":        {signedAt(t, now, "{", webhookSecret), "{", one, synchookclient.ErrWebhookBody},
		}
		for name, test := range tests {
			body, err := synchookclient.VerifyWebhook(test.header, []byte(test.body), test.secrets...)
			if !errors.Is(err, test.want) {
				t.Errorf("%s: got %v, want %v", name, err, test.want)
			}
			if err != nil && body.ConnectionID != "" {
				t.Errorf("%s: a body came with the error: %+v", name, body)
			}
		}
	})
}

package worker_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/synchook/synchook/internal/provider"
	"github.com/synchook/synchook/internal/script"
)

// signed is a request as GitHub makes it.
func signed(secret, id, body string) provider.Request {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	h := http.Header{}
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	h.Set("X-GitHub-Event", "issues")
	h.Set("X-GitHub-Delivery", id)
	h.Set("Content-Type", "application/json")
	return provider.Request{Method: http.MethodPost, Header: h, Body: []byte(body), Received: time.Now()}
}

// bundle bundles a script as `synchook deploy` does.
func bundle(t *testing.T, code string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "issues.ts")
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	bundled, faults := script.Bundle(path)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return bundled.Code
}

package main

import (
	"context"
	"crypto/rand"

	"github.com/synchook/synchook/internal/app"
	"github.com/synchook/synchook/internal/netguard"
)

// program starts the whole program in this process, on a house's Redis; with no worker, it only accepts.
func (h *house) program(ctx context.Context, worker bool) (url string, stop func(), err error) {
	a := app.New(app.Options{
		Server: true, Worker: worker, Listen: "127.0.0.1:0", RedisURL: h.server.url(), AdminKey: rand.Text(),
		EncryptionKeys: []string{h.key}, AllowAddresses: netguard.Loopback(), Log: h.log,
	})
	if err := a.Start(ctx); err != nil {
		return "", nil, err
	}
	return a.URL(), a.Stop, nil
}

// hook is where GitHub sends the account's events.
func (a account) hook(url string) string { return url + "/webhook/" + a.project.PublicID + "/github" }
